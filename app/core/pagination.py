"""Keyset pagination: a page is what comes after a cursor, in a stable order."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, TypeVarTuple
from uuid import UUID

import orjson

from app.errors import CursorInvalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 100

Item = TypeVar("Item")
Position = TypeVarTuple("Position")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How much of a list is wanted (1 to 100 items), and the cursor it continues from."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def after(self, parse: Callable[[list[str]], tuple[*Position]]) -> tuple[*Position] | None:
        """The sort values to continue after, or None for the first page. Raises CursorInvalid."""
        if self.cursor is None:
            return None
        try:
            values = orjson.loads(base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4)))
            return parse([str(value) for value in values])
        except (ValueError, TypeError) as error:
            raise CursorInvalid from error


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: Sequence[Item]
    next_cursor: str | None


def id_position(values: list[str]) -> tuple[UUID]:
    """The position in a list that is ordered by id alone."""
    (value,) = values
    return (UUID(value),)


def encode_cursor(*position: object) -> str:
    """An opaque cursor for the sort values of a page's last row."""
    values = [value if isinstance(value, str) else str(value) for value in position]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def paginate(rows: Sequence[Item], limit: int, position: Callable[[Item], tuple[object, ...]]) -> Page[Item]:
    """Make a page of `limit` rows out of a query that fetched one row more than that."""
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor(*position(items[-1])) if more else None)
