"""Reading the events of a schema as they come, each once and none left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_uuid7
from app.events.matching import subscriptions_matching
from app.events.outbox import message_of
from app.models.tenant import EventRow

MOST = 100
"""Events that are read at once."""

PATIENCE = timedelta(minutes=1)
"""How long a number that is missing is looked for: no transaction takes longer."""

_MOST_MISSING = 1000
_COLUMNS = (
    EventRow.id,
    EventRow.type,
    EventRow.sequence,
    EventRow.payload,
    EventRow.subject_id,
    EventRow.actor_id,
    EventRow.op_id,
)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is told. `message` is the very text that webhooks are sent."""

    id: UUID
    type: str
    sequence: int
    message: str
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    op_id: str | None = None

    def is_wanted(self, subscriptions: Sequence[str]) -> bool:
        """Whether one of the subscriptions (types, families as `appointment.*`, `*`) means it."""
        return not set(subscriptions).isdisjoint(subscriptions_matching(self.type))


@dataclass(slots=True)
class Tail:
    """Where a reader has got to.

    Numbers are drawn before the commit, so an event can appear after one of a higher number. Numbers that were left
    out are therefore looked for again, until it is certain that their transactions were rolled back.
    """

    top: int
    """The highest number that was read."""
    missing: dict[int, datetime] = field(default_factory=dict)
    """The lower ones that were not, and since when they are missed."""

    @classmethod
    async def begin(cls, session: AsyncSession, *, now: datetime) -> Self:
        """A tail that reads what comes from now on, and what is being committed with lower numbers meanwhile."""
        row = EventRow
        top = await latest(session)
        recent = (row.sequence > top - _MOST_MISSING, row.id >= first_uuid7(now - PATIENCE))
        found = set(await session.scalars(select(row.sequence).where(*recent)))
        if not found:
            return cls(top)
        before = await session.scalar(select(func.max(row.sequence)).where(row.sequence < min(found))) or 0
        left_out = range(max(before, top - _MOST_MISSING) + 1, top)
        return cls(top, {number: now for number in left_out if number not in found})

    @property
    def resume_after(self) -> int:
        """The number after which a new reader has to begin to miss nothing. It may read some events once more."""
        return min(self.missing, default=self.top + 1) - 1

    async def read(self, session: AsyncSession, *, now: datetime) -> list[Told]:
        """What has appeared since, in the order of the numbers; at most `MOST` events."""
        self.missing = {number: since for number, since in self.missing.items() if now - since < PATIENCE}
        row = EventRow
        query = select(*_COLUMNS).where(or_(row.sequence > self.top, row.sequence.in_(sorted(self.missing))))
        found = [_told(each) for each in await session.execute(query.order_by(row.sequence).limit(MOST))]
        for event in found:
            self._pass(event.sequence, now)
        return found

    def _pass(self, number: int, now: datetime) -> None:
        self.missing.pop(number, None)
        if number > self.top:
            left_out = range(max(self.top + 1, number - _MOST_MISSING), number)
            self.missing |= dict.fromkeys(left_out, now)
            self.top = number


async def read_between(session: AsyncSession, after: int, tail: Tail, *, most: int) -> list[Told] | None:
    """What came after a number, as far as a tail has read it; what it still looks for, it gives by itself.

    None if it is not all there any more, or more than so many.
    """
    row = EventRow
    first = await session.scalar(select(func.min(row.sequence)))
    if first is None or any(number not in tail.missing for number in range(after + 1, first)):
        return None
    query = select(*_COLUMNS).where(row.sequence > after, row.sequence <= tail.top).order_by(row.sequence)
    found = [_told(each) for each in await session.execute(query.limit(most + 1))]
    return [each for each in found if each.sequence not in tail.missing] if len(found) <= most else None


async def latest(session: AsyncSession) -> int:
    """The highest number so far; 0 without any."""
    return await session.scalar(select(func.max(EventRow.sequence))) or 0


def _told(row: Any) -> Told:
    message = message_of(row.payload, row.sequence)
    return Told(row.id, row.type, row.sequence, message, row.subject_id, row.actor_id, row.op_id)
