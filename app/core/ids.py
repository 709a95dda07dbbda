"""Identifiers that sort by the time they were made."""

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_LAST_MILLISECOND = 253_402_300_799_000  # of the year 9999


def uuid7() -> UUID:
    """A version 7 UUID (RFC 9562, method 3: the 12 bits after the millisecond hold its fraction)."""
    milliseconds, rest = divmod(time.time_ns(), _NANOSECONDS_PER_MILLISECOND)
    fraction = rest * 4096 // _NANOSECONDS_PER_MILLISECOND
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def first_uuid7(instant: datetime) -> UUID:
    """The least UUID that `uuid7` can give from this instant's millisecond on: what is made later is greater."""
    milliseconds = int(instant.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def made_at(version7: UUID) -> datetime:
    """The millisecond in which `uuid7` gave this UUID; the latest that there can be, for one that is none of ours."""
    return datetime.fromtimestamp(min(version7.int >> 80, _LAST_MILLISECOND) / 1000, tz=UTC)
