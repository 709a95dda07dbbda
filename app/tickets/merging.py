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
from app.tickets.lifecycle import OVER, TicketStatus
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
    answers = [each for each in (row.first_responded_at, into.first_responded_at) if each is not None]
    into.first_responded_at = min(answers, default=None)
    former = {each.id: each.status for each in (row, into)}
    if row.status not in OVER and into.status in OVER:  # what was asked is not over with it
        become(into, TicketStatus.OPEN, now=now)
    row.merged_into_id = into.id
    if row.status != TicketStatus.CLOSED:
        become(row, TicketStatus.CLOSED, now=now)
    terms = await settings.terms_of(session, business_of(actor))
    for each in (row, into):
        terms.reckon(each, now=now)
        count_change(each, now=now)
        is_turned = each.status != former[each.id]
        tell(session, EventType.TICKET_STATUS_CHANGED if is_turned else EventType.TICKET_UPDATED, each)
    return into


def _unsuitable(message: str) -> ValidationFailed:
    return ValidationFailed(errors=[FieldError("/into_id", message, code="unsuitable")])
