"""When a failed delivery is tried again."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait after the first failed attempt, the second, and so on; the tenth failure is the last."""

LAST_ATTEMPT = -len(DELAYS)
"""After how many attempts the schedule of a delivery began that is attempted once and not again."""

JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)


def next_attempt(attempts_made: int, now: datetime, jitter: float, retry_after: int | None = None) -> datetime | None:
    """Say when to try again after `attempts_made` (at least 1) failed attempts, None when that was the last.

    `jitter` in [-1, 1] moves a scheduled wait by up to 20 % either way. `retry_after` is what
    `parse_retry_after` gave, in seconds: the receiver may put the next attempt off, never bring it forward. A
    put-off one is only made later by the jitter, so that deliveries do not all return in the second it named.
    """
    if attempts_made < 1:
        raise ValueError("The first attempt is made at once; a retry follows at least one attempt.")
    if attempts_made > len(DELAYS):
        return None
    scheduled = DELAYS[attempts_made - 1] * (1 + JITTER * jitter)
    put_off = timedelta(seconds=retry_after or 0) * (1 + JITTER * abs(jitter))
    return now + max(scheduled, put_off)


def parse_retry_after(header: str | None, now: datetime) -> int | None:
    """Read a `Retry-After` header, seconds or an HTTP date, as whole seconds from `now`: 0 to 24 hours.

    None when the header is absent or is neither.
    """
    if header is None:
        return None
    value = header.strip()
    try:
        seconds = int(value) if value.isascii() and value.isdigit() else _seconds_until(value, now)
    except (ValueError, OverflowError):
        return None
    return max(0, min(seconds, int(LONGEST_RETRY_AFTER.total_seconds())))


def _seconds_until(http_date: str, now: datetime) -> int:
    at = parsedate_to_datetime(http_date)
    if at.tzinfo is None:  # "-0000" says UTC without a zone
        at = at.replace(tzinfo=UTC)
    return math.ceil((at - now).total_seconds())
