"""Numbered pages of a list that people leaf through: searched, sorted and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

PER_PAGE = 50
LAST_PAGE = 1000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Which page is wanted (from 1), of what contains the words, by which of the list's orders."""

    search: str | None = None
    sort: str | None = None
    descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """One page of a list: its number (the last, where a later one was asked for), and the count of all items."""

    items: Sequence[Item]
    total: int
    page: int

    @property
    def last_page(self) -> int:
        """The number of the last page."""
        return last_page_of(self.total)


def last_page_of(total: int) -> int:
    """The number of the last page of so many items."""
    return min(max(-(-total // PER_PAGE), 1), LAST_PAGE)
