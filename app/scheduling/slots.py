"""The starts that a service can be booked at, straight to the bytes of the response."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import RangeTooLong, ResourceNotFound, ServiceNotFound
from app.scheduling.availability import Slot
from app.scheduling.calendars import Calendars, Question, fetch
from app.scheduling.placement import starts_on_offer
from app.scheduling.ranges import check_order

# 62 days, and the hour more that they have where the clocks go back in between.
_LONGEST = timedelta(days=62, hours=1)
_MOST_NAMED = 500_000  # resources named in one answer, which then has some 20 MB


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """The starts wanted, half-open; perhaps of one resource alone. The zone only changes how instants are shown."""

    service_id: UUID
    start: datetime
    end: datetime
    resource_id: UUID | None = None
    timezone: str | None = None


async def find(session: AsyncSession, query: SlotQuery, *, now: datetime) -> bytes:
    """The free slots as the JSON of an `AvailabilityRead`. An archived service has none.

    Raises ServiceNotFound, ResourceNotFound, RangeTooLong (also for an answer beyond all measure), and
    ValidationFailed for an end before the start.
    """
    check_order(query.start, query.end)
    if query.end - query.start > _LONGEST:
        raise RangeTooLong
    named = [query.resource_id] if query.resource_id else []
    found = await fetch(session, Question(query.service_id, query.start, query.end, now, named_ids=named))
    if found.offer is None:
        raise ServiceNotFound(
            "`service_id`: there is no service {service_id}.", params={"service_id": query.service_id}
        )
    if not found.named_ids.issuperset(named):
        raise ResourceNotFound(
            "`resource_id`: there is no resource {resource_id}.", params={"resource_id": query.resource_id}
        )
    slots = _free(found, query, named, now)
    if sum(len(slot.resource_ids) for slot in slots) > _MOST_NAMED:
        raise RangeTooLong("There are too many free slots in this range for one answer. Ask for fewer days.")
    return _serialise(slots, ZoneInfo(query.timezone) if query.timezone else UTC)


def _free(found: Calendars, query: SlotQuery, named: Sequence[UUID], now: datetime) -> list[Slot]:
    offer = found.offer
    if offer is None or offer.is_archived or not found.has_servers or not found.calendars.keys() >= set(named):
        return []
    start, end = int(query.start.timestamp()), int(query.end.timestamp())
    slots = starts_on_offer(found, offer, named, start, end, now=now)
    return [slot for slot in slots if not named or query.resource_id in slot.resource_ids]


def _serialise(slots: Sequence[Slot], zone: tzinfo) -> bytes:
    instant = datetime.fromtimestamp
    documents = [
        {"start": instant(start, zone), "end": instant(end, zone), "resource_ids": resource_ids, "remaining": remaining}
        for start, end, resource_ids, remaining in slots
    ]
    return orjson.dumps({"slots": documents}, option=orjson.OPT_UTC_Z)
