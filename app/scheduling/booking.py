"""Booking: a customer gets a free slot, or nobody does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.errors import SlotTaken
from app.events.catalogue import EventType
from app.events.origin import origin_of
from app.events.outbox import record, writing, wrote
from app.models.tenant import AppointmentRow
from app.scheduling import claims, class_sessions
from app.scheduling.appointment_events import event_of
from app.scheduling.calendars import Calendars, Offer, Question, fetch
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import Status
from app.scheduling.placement import NEARBY, check_customer, check_named, offer_of, seat
from app.scheduling.schemas.appointments import AppointmentCreate
from app.tenancy.tenant import home_of

_BOOKED = {
    Status.HELD: EventType.APPOINTMENT_HELD,
    Status.PENDING: EventType.APPOINTMENT_PENDING,
    Status.CONFIRMED: EventType.APPOINTMENT_CREATED,
}


@claims.retried_on_deadlock
async def book(session: AsyncSession, context: SchedulingContext, data: AppointmentCreate) -> AppointmentRow:
    """Take a free slot for a customer. In three statements, or four if an expired hold is in the way.

    The appointment is confirmed, held if only that is asked for, or pending if the service wants approval.
    Raises ServiceNotFound, CustomerNotFound, ResourceNotFound, Archived, TierLimit, SlotUnavailable, ValidationFailed,
    and SlotTaken whoever else was faster.
    """
    asked = replace(
        question(data.service_id, data.start, data.resource_ids, context),
        customer_id=data.customer_id,
        quota=context.quota,
    )
    found = await fetch(session, asked)
    appointment = await _try_to_book(session, context, data, found)
    if appointment is None:
        # Somebody else got who was chosen, but another may be free. This time nobody gets in between.
        await session.rollback()
        await claims.lock_resources(session, found.calendars)
        appointment = await _try_to_book(session, context, data, await fetch(session, asked))
    if appointment is None:
        raise SlotTaken
    return appointment


async def _try_to_book(
    session: AsyncSession, context: SchedulingContext, data: AppointmentCreate, found: Calendars
) -> AppointmentRow | None:
    """The appointment, or None if somebody took the time after it was looked at; then roll back."""
    offer = offer_of(found, data.service_id)
    check_customer(found, data.customer_id)
    check_named(found, data.resource_ids)
    if context.quota is not None:
        context.quota.require_room(found.booked_this_month)
    chosen, class_session_id = seat(found, offer, data.start, data.seats, data.resource_ids, now=context.now)
    appointment = draft(offer, data, chosen, context)
    appointment.class_session_id = class_session_id
    is_taken = await reserve(session, context, appointment, _BOOKED[Status(appointment.status)], offer, found)
    return appointment if is_taken else None


def question(
    service_id: UUID,
    start_at: datetime,
    named: Sequence[UUID],
    context: SchedulingContext,
) -> Question:
    """What has to be fetched to place an appointment at this start, or to say which starts are near it."""
    return Question(service_id, start_at - NEARBY, start_at + NEARBY, context.now, list(named))


async def reserve(
    session: AsyncSession,
    context: SchedulingContext,
    appointment: AppointmentRow,
    kind: EventType,
    offer: Offer,
    found: Calendars,
) -> bool:
    """Write a new appointment with its claims, its event and the event's deliveries.

    All of it is one statement, behind the lock that makes racing bookings queue. One of a class takes seats in the
    session that it names, or begins one. False if somebody was faster: then roll back.
    """
    if offer.capacity > 1:
        return await _reserve_seats(session, context, appointment, kind, offer)
    if len(await claims.lock_resources(session, appointment.resource_ids)) < len(appointment.resource_ids):
        return False
    wanted = claims.claims_of(
        appointment,
        offer.buffer_before_minutes,
        offer.buffer_after_minutes,
        expires_at=appointment.expires_at,
    )
    if not found.with_expired.isdisjoint(appointment.resource_ids):
        await claims.free_expired(session, wanted, now=context.now)
    columns = AppointmentRow.__table__.columns.keys()
    written = (
        insert(AppointmentRow).values({name: getattr(appointment, name) for name in columns}).cte("written_appointment")
    )
    taken = claims.taking(wanted)
    recorded = writing([event_of(kind, appointment, context)], origin_of(session))
    taken_count = select(func.count()).select_from(taken).scalar_subquery()
    statement = select(taken_count, recorded.deliveries).add_cte(written, taken, *recorded.ctes)
    claimed, deliveries = (await session.execute(statement)).one()
    wrote(session, home_of(session), deliveries=deliveries)
    return bool(claimed == len(wanted))


async def _reserve_seats(
    session: AsyncSession, context: SchedulingContext, appointment: AppointmentRow, kind: EventType, offer: Offer
) -> bool:
    if appointment.class_session_id is not None:
        is_seated = await class_sessions.join(session, context, appointment.class_session_id, appointment.seats)
    else:
        is_seated = await class_sessions.begin(session, context, appointment, offer)
    if is_seated:
        session.add(appointment)
        record(session, event_of(kind, appointment, context))
        await session.flush()
    return is_seated


def draft(
    offer: Offer, data: AppointmentCreate, resource_ids: list[UUID], context: SchedulingContext
) -> AppointmentRow:
    """The appointment that these resources would serve: nothing of it is written yet."""
    status, expires_at = Status.CONFIRMED, None
    if data.hold:
        status, expires_at = Status.HELD, context.now + timedelta(minutes=offer.hold_ttl_minutes)
    elif offer.requires_approval:
        status, expires_at = Status.PENDING, context.now + timedelta(minutes=offer.approval_ttl_minutes)
    appointment_id = uuid7()
    return AppointmentRow(
        id=appointment_id,
        customer_id=data.customer_id,
        service_id=data.service_id,
        resource_ids=resource_ids,
        start_at=data.start,
        end_at=data.start + timedelta(minutes=offer.duration_minutes),
        timezone=data.timezone or context.tenant.timezone,
        status=status,
        price_minor=offer.price_minor * data.seats,
        currency=offer.currency,
        notes=data.notes,
        source=context.source,
        expires_at=expires_at,
        ics_uid=f"{appointment_id}@{context.tenant.id}",
        ics_sequence=0,
        revision=1,
        seats=data.seats,
        created_at=context.recorded_at,
        updated_at=context.recorded_at,
    )
