"""What a value looks like in the trail, and which values get there at all."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

CHANGED = "changed"
"""What stands in the place of values that may not be shown."""

_LONGEST = 500  # characters of one text
_LARGEST = 2**53 - 1  # a whole number that every JSON reader reads as it was written


def redacted(diff: Mapping[str, Any], shown: AbstractSet[str]) -> dict[str, Any]:
    """The diff with the values of the shown fields, and of any other field only that it changed."""
    return {name: _plain_change(change) if name in shown else CHANGED for name, change in diff.items()}


def _plain_change(change: Any) -> Any:
    if isinstance(change, Mapping):
        return {str(side): plain(value) for side, value in change.items()}
    return plain(change)


def plain(value: Any) -> Any:
    """The value as JSON that PostgreSQL gives back as it was: texts of bounded length, whole numbers, truths, lists."""
    made: Any
    match value:
        case None | bool():
            made = value
        case int() if abs(value) <= _LARGEST:
            made = value
        case str():
            made = text(value)
        case datetime():
            made = instant(value)
        case bytes():
            made = CHANGED
        case AbstractSet():
            made = sorted(plain(each) for each in value)
        case Iterable():
            made = [plain(each) for each in value]
        case _:
            made = text(str(value))
    return made


def text(value: str) -> str:
    """As much of it as there is room for, and as PostgreSQL can keep it."""
    return value[:_LONGEST].encode(errors="replace").decode().replace("\0", "\ufffd")


def as_json(value: object) -> str:
    """What orjson does not know how to write: instants our way, and the driver's own kind of UUID."""
    match value:
        case datetime():
            return instant(value)
        case UUID():
            return str(value)
        case _:
            raise TypeError(f"{type(value)} has no place in the audit trail")


def instant(value: datetime) -> str:
    """RFC 3339 in UTC, always with microseconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
