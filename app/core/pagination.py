"""Keyset pagination: a page is what comes after a cursor, in an order that the request names."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.core.schemas import EARLIEST, LATEST
from app.errors import CursorInvalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MOST_COUNTED = 1000
MAX_CURSOR_LENGTH = 4000  # a name or an address as base64, whatever letters it is written in

_LAST_NUMBER = 2**63 - 1

Item = TypeVar("Item")
Other = TypeVar("Other")


def _split(values: object) -> object:
    return [part for value in values for part in str(value).split(",")] if isinstance(values, list) else values


Separated = BeforeValidator(_split)
"""A list in a query: its parameter is repeated, or its values are separated by commas."""
_MANY = Field(max_length=MAX_LIMIT, description="Only these, all in one page. Repeat it, or separate them by commas.")
Ids = Annotated[tuple[UUID, ...], _MANY, Separated]
Numbers = Annotated[tuple[Annotated[int, Field(ge=0, le=_LAST_NUMBER)], ...], _MANY, Separated]
ORDER = Field(description="In which order; a `-` turns it round.")


class PageRequest(BaseModel):
    """Which part of a list is wanted, in which order. Each list names its sorts, and adds what it is narrowed by."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    """How many items at most."""
    cursor: str | None = Field(None, max_length=MAX_CURSOR_LENGTH)
    """`next_cursor` of the page before, with the same `sort`."""
    sort: Annotated[str, ORDER] = "-created_at"
    count: bool = False
    """Whether to say in `total` how many there are."""

    @property
    def order(self) -> str:
        """What is sorted by, in whichever direction."""
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The sort values, of these types, to continue after; None for the first page.

        Raises CursorInvalid, also for the cursor of another sort.
        """
        if self.cursor is None:
            return None
        try:
            sort, *values = orjson.loads(base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4)))
            if sort != self.sort:
                raise CursorInvalid("The cursor belongs to another sort than {sort}.", params={"sort": self.sort})
            return tuple(_READ[kind](str(value)) for kind, value in zip(kinds, values, strict=True))
        except (ValueError, TypeError) as error:
            raise CursorInvalid from error

    def cursor_at(self, *position: object) -> str:
        """An opaque cursor for the sort values of a page's last row."""
        values = [value if isinstance(value, str) else str(value) for value in position]
        return base64.urlsafe_b64encode(orjson.dumps([self.sort, *values])).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next_cursor` is None on the last one.

    `total` counts the whole list where that was asked for, up to MOST_COUNTED; there are more if it is capped.
    """

    items: Sequence[Item]
    next_cursor: str | None
    total: int | None = None
    total_is_capped: bool = False

    def holding(self, items: Sequence[Other]) -> "Page[Other]":
        """The same page with these in the place of its items."""
        return Page(items, self.next_cursor, self.total, self.total_is_capped)


def capped(count: int) -> tuple[int, bool]:
    """A count that went one beyond the cap at most, as it is told."""
    return min(count, MOST_COUNTED), count > MOST_COUNTED


def _text(value: str) -> str:
    if "\0" in value:  # which PostgreSQL cannot compare
        raise ValueError("not a text that is stored")
    return value


def _number(value: str) -> int:
    number = int(value)
    if not 0 <= number <= _LAST_NUMBER:
        raise ValueError("not a number that is stored")
    return number


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if not EARLIEST <= instant < LATEST:
        raise ValueError("not an instant that is stored")
    return instant


_READ: dict[type, Callable[[str], Any]] = {str: _text, int: _number, datetime: _instant, UUID: UUID}
