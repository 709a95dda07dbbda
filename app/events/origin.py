"""Who brings an event about, and under which name of theirs: so that a client knows the echo of what it did itself.

It is kept with the event for those who watch. Webhooks are not sent it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

LONGEST = 64

_WHOSE = "whose"


@dataclass(frozen=True, slots=True)
class Origin:
    """A user, or nobody where time alone has brought something about; and what they call the operation."""

    actor_id: UUID | None = None
    op_id: str | None = None


NOBODY = Origin()


def is_operation_id(text: str) -> bool:
    """Whether an operation may be called that: one to 64 printable characters of ASCII."""
    return 0 < len(text) <= LONGEST and text.isascii() and text.isprintable()


def originate(session: AsyncSession, whose: Callable[[], Origin]) -> None:
    """Have the session's events say whose they are: who that is, is asked when they are written."""
    session.info[_WHOSE] = whose


def origin_of(session: AsyncSession) -> Origin:
    """Whose the session's events are."""
    whose: Callable[[], Origin] | None = session.info.get(_WHOSE)
    return whose() if whose else NOBODY
