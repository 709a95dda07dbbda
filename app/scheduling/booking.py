"""Booking: a customer gets a free slot, or nobody does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.errors import CustomerNotFound, SlotTaken
from app.events.catalogue import EventType
from app.events.outbox import writing, wrote
from app.models.tenant import AppointmentRow
from app.scheduling import claims
from app.scheduling.appointment_events import event_of
from app.scheduling.calendars import Calendars, Offer, Question, fetch
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import Status
from app.scheduling.placement import NEARBY, check_named, offer_of, place
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
    if not found.has_customer:
        raise CustomerNotFound(
            "`customer_id`: there is no customer {customer_id}.", params={"customer_id": data.customer_id}
        )
    check_named(found, data.resource_ids)
    if context.quota is not None:
        context.quota.require_room(found.booked_this_month)
    chosen = place(found, offer, data.start, data.resource_ids, now=context.now)
    appointment = _appointment(offer, data, chosen, context)
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

    All of it is one statement, behind the lock that makes racing bookings queue. False if somebody has any of the
    time: then roll back.
    """
    if len(await claims.lock_resources(session, appointment.resource_ids)) < len(appointment.resource_ids):
        return False
    wanted = claims_of(
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
    recorded = writing([event_of(kind, appointment, context)])
    taken_count = select(func.count()).select_from(taken).scalar_subquery()
    statement = select(taken_count, recorded.deliveries).add_cte(written, taken, *recorded.ctes)
    claimed, deliveries = (await session.execute(statement)).one()
    wrote(session, home_of(session), deliveries=deliveries)
    return bool(claimed == len(wanted))


def claims_of(
    appointment: AppointmentRow, minutes_before: int, minutes_after: int, *, expires_at: datetime | None
) -> list[claims.NewClaim]:
    """The time that an appointment takes of each of its resources, buffers inside."""
    start_at = appointment.start_at - timedelta(minutes=minutes_before)
    end_at = appointment.end_at + timedelta(minutes=minutes_after)
    return [
        claims.NewClaim(resource_id, start_at, end_at, appointment_id=appointment.id, expires_at=expires_at)
        for resource_id in appointment.resource_ids
    ]


def _appointment(
    offer: Offer, data: AppointmentCreate, resource_ids: list[UUID], context: SchedulingContext
) -> AppointmentRow:
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
        price_minor=offer.price_minor,
        currency=offer.currency,
        notes=data.notes,
        source=context.source,
        expires_at=expires_at,
        ics_uid=f"{appointment_id}@{context.tenant.id}",
        ics_sequence=0,
        revision=1,
        created_at=context.recorded_at,
        updated_at=context.recorded_at,
    )
