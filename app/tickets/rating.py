"""How content customers are with what became of their tickets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.errors import FieldError, InvalidTransition, ValidationFailed
from app.events.catalogue import EventType
from app.models.tenant import TicketRow
from app.tickets import desk
from app.tickets.access import CUSTOMER, side_of
from app.tickets.changes import count_change, tell
from app.tickets.lifecycle import OVER
from app.tickets.schemas.tickets import TicketRating


async def rate(
    session: AsyncSession, actor: Principal, ticket_id: UUID, data: TicketRating, *, now: datetime
) -> TicketRow:
    """Have a customer say how content they are; the last word counts.

    Raises TicketNotFound, TicketMerged, InvalidTransition before it is resolved, and ValidationFailed for the staff.
    """
    row = await desk.lock(session, actor, ticket_id)
    if side_of(actor) != CUSTOMER:
        raise ValidationFailed(errors=[FieldError("/rating", "is for the customer to say", code="customer-only")])
    if row.status not in OVER:
        raise InvalidTransition(
            "The ticket is {status}. It can be rated once it is resolved.", params={"status": row.status}
        )
    row.rating, row.rating_comment, row.rated_at = data.rating, data.comment, now
    count_change(row, now=now)
    tell(session, EventType.TICKET_UPDATED, row)
    return row
