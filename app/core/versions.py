"""Dated versions of the API: which there are, and how the words of one are put in those of the next.

`docs/versioning.md` says what makes a version, and how a change is added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
"""A JSON object as it travels."""


def _as_it_is(body: Body) -> Body:
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a version has changed, and how callers of older ones go on seeing what they know.

    Both functions are pure. They are given what callers send, so fields may be missing and values anything.
    """

    version: str
    """The version that brought it."""
    operations: frozenset[str]
    """The operations whose bodies it touches, by their ids."""
    upgrade: Callable[[Body], Body] = _as_it_is
    """Puts the body of a request from the older shape into the new one."""
    downgrade: Callable[[Body], Body] = _as_it_is
    """Puts an answer, of a list each item, from the new shape into the older one."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Where in the new body of a request a problem may be (JSON pointers), and what the older shape calls that."""

    def older_pointer(self, pointer: str) -> str:
        """Where the older shape has what this JSON pointer leads to in the new one."""
        for new, old in self.renamed.items():
            if f"{pointer}/".startswith(f"{new}/"):
                return old + pointer.removeprefix(new)
        return pointer


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that are served, and the changes between them, both oldest first."""

    dates: tuple[str, ...]
    changes: tuple[Change, ...] = ()

    @property
    def latest(self) -> str:
        return self.dates[-1]

    def nearest(self, pinned: str) -> str:
        """The version that serves a caller of this one: itself, or the last before it, or the oldest there is."""
        return max((date for date in self.dates if date <= pinned), default=self.dates[0])

    def touching(self, operation: str) -> list[Change]:
        """What has ever changed about an operation, oldest first."""
        return [change for change in self.changes if operation in change.operations]


VERSIONS = Versions(dates=("2026-11-01",))
