"""Moving an appointment: the new slot is held and the old one freed, or nothing changes."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.errors import SlotTaken
from app.events.catalogue import EventType
from app.models.tenant import AppointmentRow
from app.scheduling import appointments, claims, freeing
from app.scheduling.booking import question, reserve
from app.scheduling.calendars import Offer, fetch
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import Status, check_transition, status_at
from app.scheduling.placement import check_named, offer_of, seat
from app.scheduling.schemas.appointments import AppointmentReschedule
from app.scheduling.waitlist import offers


@claims.retried_on_deadlock
async def reschedule(
    session: AsyncSession,
    context: SchedulingContext,
    appointment_id: UUID,
    data: AppointmentReschedule,
    expected: Collection[str] | None,
) -> AppointmentRow:
    """Book the appointment anew at another start and cancel it here, linked both ways. The new one is returned.

    Its own time is not in its way. It keeps its price, and whoever served unless others are named. Raises
    AppointmentNotFound, RevisionStale, InvalidTransition, ResourceNotFound, Archived, SlotUnavailable,
    ValidationFailed and SlotTaken.
    """
    old = await appointments.lock(session, appointment_id, expected)
    check_transition(status_at(old, context.now), Status.CANCELLED)
    await claims.lock_resources(session, [*old.resource_ids, *data.resource_ids])
    await freeing.give_back(session, context, [old])
    found = await fetch(session, question(old.service_id, data.start, data.resource_ids, context))
    offer = offer_of(found, old.service_id)
    check_named(found, data.resource_ids)
    named = data.resource_ids or old.resource_ids
    chosen, class_session_id = seat(found, offer, data.start, old.seats, named, now=context.now)
    new = _successor(old, data, chosen, offer, context)
    new.class_session_id = class_session_id
    if not await reserve(session, context, new, EventType.APPOINTMENT_RESCHEDULED, offer, found):
        raise SlotTaken
    old.status = Status.CANCELLED
    old.cancelled_at = context.now
    old.cancelled_by = "system"
    old.rescheduled_to_id = new.id
    old.revision += 1
    old.updated_at = context.recorded_at
    await offers.offer_freed(session, context, [old])
    return new


def _successor(
    old: AppointmentRow,
    data: AppointmentReschedule,
    resource_ids: list[UUID],
    offer: Offer,
    context: SchedulingContext,
) -> AppointmentRow:
    return AppointmentRow(
        id=uuid7(),
        customer_id=old.customer_id,
        service_id=old.service_id,
        resource_ids=resource_ids,
        start_at=data.start,
        end_at=data.start + timedelta(minutes=offer.duration_minutes),
        timezone=old.timezone,
        status=Status.CONFIRMED,
        price_minor=old.price_minor,
        currency=old.currency,
        notes=old.notes,
        source=context.source,
        rescheduled_from_id=old.id,
        ics_uid=old.ics_uid,
        ics_sequence=old.ics_sequence + 1,
        revision=1,
        seats=old.seats,
        created_at=context.recorded_at,
        updated_at=context.recorded_at,
    )
