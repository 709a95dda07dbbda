"""Two tickets about one thing: one of them goes on as the other."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.errors import FieldError, ValidationFailed
from app.events.catalogue import EventType
from app.models.tenant import TicketMessageRow, TicketRow
from app.tickets import desk, messages, settings
from app.tickets.access import author_of, business_of
from app.tickets.changes import become, count_change, tell
from app.tickets.lifecycle import TicketStatus
from app.tickets.schemas.tickets import TicketMessageCreate


async def merge(session: AsyncSession, actor: Principal, ticket_id: UUID, into_id: UUID, *, now: datetime) -> TicketRow:
    """Move all that was said about one ticket to another of the same customer, and close the first for good.

    What was noted stays noted, and who followed either follows what is left; that one, as it is by then. Raises
    TicketNotFound and TicketMerged for either, and ValidationFailed for another customer's: they would read it.
    """
    if ticket_id == into_id:
        raise _unsuitable("must be another ticket")
    locked = {each: await desk.lock(session, actor, each) for each in sorted((ticket_id, into_id))}
    row, into = locked[ticket_id], locked[into_id]
    if row.customer_id != into.customer_id:
        raise _unsuitable("must be a ticket of the same customer")
    message = TicketMessageRow
    await session.execute(update(message).where(message.ticket_id == row.id).values(ticket_id=into.id))
    note = TicketMessageCreate(body=f"#{row.number} was merged into this ticket: {row.subject}", kind="note")
    await messages.add(session, await author_of(session, actor), into, note, now=now)
    into.follower_ids = list(dict.fromkeys([*into.follower_ids, *row.follower_ids]))
    row.merged_into_id = into.id
    is_closed_now = row.status != TicketStatus.CLOSED
    if is_closed_now:
        become(row, TicketStatus.CLOSED, now=now)
        (await settings.terms_of(session, business_of(actor))).reckon(row, now=now)
    for each in (row, into):
        count_change(each, now=now)
    tell(session, EventType.TICKET_STATUS_CHANGED if is_closed_now else EventType.TICKET_UPDATED, row)
    tell(session, EventType.TICKET_UPDATED, into)
    return into


def _unsuitable(message: str) -> ValidationFailed:
    return ValidationFailed(errors=[FieldError("/into_id", message, code="unsuitable")])
