"""What a customer does about the waitlist: joins it, takes what is offered, or leaves."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, ValidationFailed
from app.models.tenant import AppointmentRow, WaitlistEntryRow
from app.scheduling import appointments, claims, transitions
from app.scheduling.calendars import Question, fetch
from app.scheduling.context import SchedulingContext
from app.scheduling.placement import check_customer, check_named, check_seats, offer_of
from app.scheduling.schemas.waitlist import EntryStatus, WaitlistEntryCreate
from app.scheduling.waitlist import entries, offers


@claims.retried_on_deadlock
async def join(session: AsyncSession, context: SchedulingContext, data: WaitlistEntryCreate) -> WaitlistEntryRow:
    """Put a customer in the line. If there is a place already, it is offered at once to who is first.

    Raises ServiceNotFound, CustomerNotFound, ResourceNotFound, Archived, and ValidationFailed for a time that is over
    and for more seats than the service has.
    """
    if data.end <= context.now:
        raise ValidationFailed(errors=[FieldError("/end", "must lie in the future", code="in-the-past")])
    found = await fetch(
        session,
        Question(
            data.service_id,
            data.start,
            data.start,  # what is free is looked for later
            context.now,
            named_ids=data.resource_ids,
            customer_id=data.customer_id,
        ),
    )
    offer = offer_of(found, data.service_id)
    check_customer(found, data.customer_id)
    check_named(found, data.resource_ids)
    check_seats(offer, data.seats)
    row = await entries.add(session, context, data)
    await offers.offer_to(session, context, row)
    return row


@claims.retried_on_deadlock
async def accept(session: AsyncSession, context: SchedulingContext, entry_id: UUID) -> WaitlistEntryRow:
    """Take what is offered: the hold becomes a booking, or a request if the service wants approval.

    Raises WaitlistEntryNotFound, and InvalidTransition unless something is on offer.
    """
    row, hold = await _lock(session, entry_id)
    entries.require_status(row, context, EntryStatus.OFFERED)
    if hold is not None:
        await transitions.confirm_locked(session, context, hold)
    return row


@claims.retried_on_deadlock
async def leave(session: AsyncSession, context: SchedulingContext, entry_id: UUID) -> WaitlistEntryRow:
    """Wait no more, and do without what is on offer: it goes to who is next.

    Raises WaitlistEntryNotFound, and InvalidTransition for who waits no more.
    """
    row, hold = await _lock(session, entry_id)
    entries.require_status(row, context, EntryStatus.WAITING, EntryStatus.OFFERED)
    entries.become(session, context, row, EntryStatus.LEFT)
    if hold is not None:
        await transitions.give_up(session, context, hold)
    return row


async def _lock(session: AsyncSession, entry_id: UUID) -> tuple[WaitlistEntryRow, AppointmentRow | None]:
    """An entry and the hold that it was offered, as they are by now. Raises WaitlistEntryNotFound."""
    hold_id = (await entries.require(session, entry_id)).appointment_id
    hold = await appointments.lock(session, hold_id, None) if hold_id else None
    row = await entries.require(session, entry_id, for_update=True)
    if hold is None and row.appointment_id is not None:  # offered in this very moment
        hold = await appointments.lock(session, row.appointment_id, None)
    return row, hold
