"""Offering what is free to who waits for it: a hold each, first come first served."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import SlotTaken, TierLimit, ValidationFailed
from app.events.catalogue import EventType
from app.models.tenant import AppointmentRow, ServiceRequirementRow, WaitlistEntryRow
from app.scheduling import booking
from app.scheduling.calendars import Calendars, Offer, Question, fetch
from app.scheduling.context import SchedulingContext
from app.scheduling.placement import seat, starts_on_offer
from app.scheduling.schemas.appointments import AppointmentCreate
from app.scheduling.schemas.services import MINUTES_A_DAY
from app.scheduling.schemas.waitlist import MAX_LENGTH, EntryStatus
from app.scheduling.waitlist import entries

_MOST_WAITING = 200  # for one service, of whom the first that fits is sought
_LONGEST_SERVICE = timedelta(minutes=MINUTES_A_DAY)


async def offer_freed(session: AsyncSession, context: SchedulingContext, rows: Sequence[AppointmentRow]) -> None:
    """Offer what these appointments have given back."""
    served = select(ServiceRequirementRow.service_id).where(
        ServiceRequirementRow.resource_id.in_({resource_id for row in rows for resource_id in row.resource_ids})
    )
    start_at = max(min(row.start_at for row in rows) - _LONGEST_SERVICE, context.now)
    end_at = min(max(row.end_at for row in rows), start_at + MAX_LENGTH)
    if start_at < end_at:
        await _offer(session, context, start_at, end_at, WaitlistEntryRow.service_id.in_(served))


async def offer_to(session: AsyncSession, context: SchedulingContext, row: WaitlistEntryRow) -> None:
    """Offer what is free to who waits for a service in that time, of whom this is one: who came first is first."""
    start_at = max(row.start_at, context.now)
    await _offer(session, context, start_at, row.end_at, WaitlistEntryRow.service_id == row.service_id)


async def offer_all(session: AsyncSession, context: SchedulingContext) -> None:
    """Offer whatever is free: hours, blocks and services may have changed."""
    await _offer(session, context, context.now, context.now + MAX_LENGTH)


async def _offer(
    session: AsyncSession, context: SchedulingContext, start_at: datetime, end_at: datetime, *which: ColumnElement[bool]
) -> None:
    """One statement if nobody waits. Each service has a line of its own, so that none keeps another's waiting."""
    row = WaitlistEntryRow
    within = (row.start_at < end_at, row.end_at > start_at)
    for service_id in await entries.find_awaited(session, context, *within, *which):
        found = await entries.find_waiting(session, context, *within, row.service_id == service_id, most=_MOST_WAITING)
        question = Question(service_id, start_at, end_at, context.now, quota=context.quota)
        line = list(found)
        while line and (served := await _offer_first(session, context, question, line)) is not None:
            line.remove(served)


async def _offer_first(
    session: AsyncSession, context: SchedulingContext, question: Question, line: Sequence[WaitlistEntryRow]
) -> WaitlistEntryRow | None:
    """Hold a place for the first in the line whom one suits; None if there is none for anybody."""
    found = await fetch(session, question)
    offer = found.offer
    if offer is None or offer.is_archived or not found.has_servers or not _is_covered(context, found):
        return None
    for entry in line:
        hold = _hold_for(entry, offer, found, question, context)
        if hold is not None:
            savepoint = await session.begin_nested()
            if not await booking.reserve(session, context, hold, EventType.APPOINTMENT_HELD, offer, found):
                await savepoint.rollback()  # somebody was faster: they are served when the sweep comes round
                return None
            await savepoint.commit()
            entry.appointment_id, entry.expires_at = hold.id, hold.expires_at
            entries.become(session, context, entry, EntryStatus.OFFERED)
            return entry
    return None


def _is_covered(context: SchedulingContext, found: Calendars) -> bool:
    try:
        if context.quota is not None:
            context.quota.require_room(found.booked_this_month)
    except TierLimit:
        return False
    return True


def _hold_for(
    entry: WaitlistEntryRow, offer: Offer, found: Calendars, question: Question, context: SchedulingContext
) -> AppointmentRow | None:
    if entry.resource_ids and found.calendars.keys().isdisjoint(entry.resource_ids):
        return None  # whoever was asked for serves no more
    start = int(max(entry.start_at, question.start_at).timestamp())
    end = int(min(entry.end_at, question.end_at).timestamp())
    for slot in starts_on_offer(found, offer, entry.resource_ids, start, end, now=context.now):
        start_at = datetime.fromtimestamp(slot.start, context.now.tzinfo)
        try:
            chosen, class_session_id = seat(found, offer, start_at, entry.seats, entry.resource_ids, now=context.now)
        except (SlotTaken, ValidationFailed):  # a class with seats left, but not as many, or not together
            continue
        data = AppointmentCreate(
            service_id=entry.service_id,
            customer_id=entry.customer_id,
            start=start_at,
            seats=entry.seats,
            notes=entry.notes,
            timezone=entry.timezone,
            hold=True,
        )
        hold = booking.draft(offer, data, chosen, context)
        hold.class_session_id = class_session_id
        hold.source = entries.SOURCE
        hold.expires_at = min(context.now + timedelta(minutes=offer.offer_ttl_minutes), start_at)
        return hold
    return None
