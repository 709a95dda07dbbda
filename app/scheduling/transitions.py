"""The steps of an appointment's life after it was booked."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import SlotTaken, SlotUnavailable
from app.events.catalogue import EventType
from app.models.tenant import AppointmentRow, ClaimRow, ServiceRow
from app.scheduling import appointments, claims, class_sessions, freeing, services, volume
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import Status, check_transition, status_at
from app.scheduling.waitlist import entries

_TOLD = {
    Status.PENDING: EventType.APPOINTMENT_PENDING,
    Status.CONFIRMED: EventType.APPOINTMENT_CONFIRMED,
    Status.DECLINED: EventType.APPOINTMENT_DECLINED,
    Status.CHECKED_IN: EventType.APPOINTMENT_CHECKED_IN,
    Status.COMPLETED: EventType.APPOINTMENT_COMPLETED,
    Status.NO_SHOW: EventType.APPOINTMENT_NO_SHOW,
    Status.CANCELLED: EventType.APPOINTMENT_CANCELLED,
    Status.EXPIRED: EventType.APPOINTMENT_HOLD_EXPIRED,
}


@claims.retried_on_deadlock
async def confirm(
    session: AsyncSession, context: SchedulingContext, appointment_id: UUID, expected: Collection[str] | None
) -> AppointmentRow:
    """Make a held appointment a booking (or a request, if the service wants approval), or approve a request.

    An expired one is revived if its slot is still free. Raises AppointmentNotFound, RevisionStale, InvalidTransition,
    SlotTaken, for an expired one also SlotUnavailable, if its start has passed, and TierLimit.
    """
    return await confirm_locked(session, context, await appointments.lock(session, appointment_id, expected))


async def confirm_locked(session: AsyncSession, context: SchedulingContext, row: AppointmentRow) -> AppointmentRow:
    """Likewise, of an appointment that is locked already."""
    status = status_at(row, context.now)
    service = await services.require(session, row.service_id)
    asks_for_approval = service.requires_approval and status is not Status.PENDING
    to = Status.PENDING if asks_for_approval else Status.CONFIRMED
    check_transition(status, to)
    if status is Status.EXPIRED and row.start_at <= context.now:
        raise SlotUnavailable("The appointment has expired, and its start lies in the past.")
    if status is Status.EXPIRED:
        await volume.require_room(session, context.quota, now=context.now)
    expires_at = context.now + timedelta(minutes=service.approval_ttl_minutes) if asks_for_approval else None
    await _keep(session, context, row, service, expires_at)
    row.expires_at = expires_at
    _become(session, context, row, to)
    await entries.follow(session, context, [row])
    return row


async def proceed(
    session: AsyncSession,
    context: SchedulingContext,
    appointment_id: UUID,
    to: Status,
    expected: Collection[str] | None,
) -> AppointmentRow:
    """Check in, complete, or mark as a no-show. Raises AppointmentNotFound, RevisionStale and InvalidTransition."""
    row = await appointments.lock(session, appointment_id, expected)
    check_transition(status_at(row, context.now), to)
    return _become(session, context, row, to)


@claims.retried_on_deadlock
async def decline(
    session: AsyncSession, context: SchedulingContext, appointment_id: UUID, expected: Collection[str] | None
) -> AppointmentRow:
    """Refuse a request; its slot is free again. Raises AppointmentNotFound, RevisionStale and InvalidTransition."""
    row = await appointments.lock(session, appointment_id, expected)
    check_transition(status_at(row, context.now), Status.DECLINED)
    await freeing.release(session, context, [row])
    return _become(session, context, row, Status.DECLINED)


@claims.retried_on_deadlock
async def cancel(
    session: AsyncSession,
    context: SchedulingContext,
    appointment_id: UUID,
    reason: str | None,
    expected: Collection[str] | None,
) -> AppointmentRow:
    """Cancel a booking for the business; its slot is free again.

    Raises AppointmentNotFound, RevisionStale and InvalidTransition.
    """
    row = await appointments.lock(session, appointment_id, expected)
    check_transition(status_at(row, context.now), Status.CANCELLED)
    await freeing.release(session, context, [row])
    row.cancelled_at = context.now
    row.cancelled_by = "staff"
    row.cancel_reason = reason
    return _become(session, context, row, Status.CANCELLED)


async def give_up(session: AsyncSession, context: SchedulingContext, row: AppointmentRow) -> AppointmentRow:
    """End a hold, which must be locked, before its time; its slot is free again. Raises InvalidTransition."""
    check_transition(status_at(row, context.now), Status.EXPIRED)
    await freeing.release(session, context, [row])
    return _become(session, context, row, Status.EXPIRED)


def _become(session: AsyncSession, context: SchedulingContext, row: AppointmentRow, to: Status) -> AppointmentRow:
    row.status = to
    appointments.record_change(session, context, row, _TOLD[to])
    return row


async def _keep(
    session: AsyncSession,
    context: SchedulingContext,
    row: AppointmentRow,
    service: ServiceRow,
    expires_at: datetime | None,
) -> None:
    """Keep the time or the seats, until another instant or for good; what is gone is taken anew. Raises SlotTaken."""
    if row.class_session_id is not None:
        # The sweep has given the seats of an expired one away; before it came they are still counted.
        if row.status == Status.EXPIRED and not await class_sessions.rejoin(session, context, row, service):
            raise SlotTaken
        return
    active = await claims.lock_resources(session, row.resource_ids)
    standing = update(ClaimRow).where(ClaimRow.appointment_id == row.id).values(expires_at=expires_at)
    kept = set(await session.scalars(standing.returning(ClaimRow.resource_id)))
    wanted = claims.claims_of(row, service.buffer_before_minutes, service.buffer_after_minutes, expires_at=expires_at)
    lost = [claim for claim in wanted if claim.resource_id not in kept]
    if lost and not (active.issuperset(row.resource_ids) and await claims.take(session, lost, now=context.now)):
        raise SlotTaken
