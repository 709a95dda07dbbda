"""What is said about a ticket."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import was_made
from app.db.pages import Orders, find_page
from app.models.tenant import TicketMessageRow, TicketRow
from app.tickets.access import Author, messages_for
from app.tickets.schemas.tickets import TicketMessageCreate, TicketMessageFilters

_ORDERS: Orders = {"created_at": TicketMessageRow.created_at}


async def add(
    session: AsyncSession, author: Author, ticket: TicketRow, data: TicketMessageCreate, *, now: datetime
) -> TicketMessageRow:
    """Write down what somebody says about a ticket."""
    row = TicketMessageRow(
        id=uuid7(),
        ticket_id=ticket.id,
        kind=data.kind,
        author=author.side,
        author_id=author.user_id,
        author_name=author.name,
        body=data.body,
        created_at=now,
        via=author.via,
        is_verified=author.is_verified,
    )
    session.add(row)
    await session.flush()
    return row


async def find(
    session: AsyncSession, actor: Principal, ticket_id: UUID, filters: TicketMessageFilters
) -> Page[TicketMessageRow]:
    """A page of what was said about a ticket, as far as the caller may read it; they must be allowed to see the ticket.

    Raises CursorInvalid.
    """
    row = TicketMessageRow
    query = messages_for(actor).where(row.ticket_id == ticket_id, was_made(filters, row.created_at))
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)
