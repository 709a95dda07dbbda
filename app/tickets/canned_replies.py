"""What the desk says again and again."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import caseless, contains, equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import CannedReplyNotFound
from app.models.public import UserRow
from app.models.tenant import AppointmentRow, CannedReplyRow, CustomerRow, ServiceRow, TicketRow
from app.tickets import desk
from app.tickets.access import business_of
from app.tickets.schemas.canned_replies import (
    CannedReplyCreate,
    CannedReplyFilters,
    CannedReplyText,
    CannedReplyUpdate,
)
from app.tickets.variables import fill_in

_ORDERS: Orders = {
    "title": caseless(CannedReplyRow.title),
    "created_at": CannedReplyRow.created_at,
    "updated_at": CannedReplyRow.updated_at,
}


async def create(session: AsyncSession, data: CannedReplyCreate, *, now: datetime) -> CannedReplyRow:
    """Keep a reply for everybody at the desk."""
    row = CannedReplyRow(id=uuid7(), **data.model_dump(), created_at=now, updated_at=now)
    session.add(row)
    return row


async def find(session: AsyncSession, filters: CannedReplyFilters) -> Page[CannedReplyRow]:
    """A page of them. Raises CursorInvalid."""
    row = CannedReplyRow
    query = select(row).where(
        equals(row.category, filters.category),
        contains(filters.q, row.title, row.body),
        was_changed(filters, row.created_at, row.updated_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)


async def require(session: AsyncSession, reply_id: UUID, *, for_update: bool = False) -> CannedReplyRow:
    """One of them. Raises CannedReplyNotFound."""
    row = await session.get(CannedReplyRow, reply_id, with_for_update=for_update or None)
    if row is None:
        raise CannedReplyNotFound("There is no canned reply {reply_id}.", params={"reply_id": reply_id})
    return row


async def update(session: AsyncSession, reply_id: UUID, data: CannedReplyUpdate, *, now: datetime) -> CannedReplyRow:
    """Change what the body names. Raises CannedReplyNotFound."""
    row = await require(session, reply_id, for_update=True)
    if apply(row, changes(data)):
        row.updated_at = now
    return row


async def remove(session: AsyncSession, reply_id: UUID) -> None:
    """Have it no more. What was said with it stays said. Raises CannedReplyNotFound."""
    await session.delete(await require(session, reply_id, for_update=True))


async def for_ticket(session: AsyncSession, actor: Principal, ticket_id: UUID, reply_id: UUID) -> CannedReplyText:
    """The reply with the ticket's values, for the caller to read over and send.

    Raises TicketNotFound and CannedReplyNotFound.
    """
    ticket = await desk.require(session, actor, ticket_id)
    reply = await require(session, reply_id)
    body, missing = fill_in(reply.body, await _values_of(session, actor, ticket))
    return CannedReplyText(body=body, missing=missing)


async def _values_of(session: AsyncSession, actor: Principal, ticket: TicketRow) -> dict[str, str | None]:
    business = business_of(actor)
    agent = await session.get_one(UserRow, actor.user_id)
    customer = await session.get(CustomerRow, ticket.customer_id) if ticket.customer_id else None
    appointment = await session.get(AppointmentRow, ticket.appointment_id) if ticket.appointment_id else None
    service = await session.get(ServiceRow, appointment.service_id) if appointment else None
    start = appointment.start_at.astimezone(ZoneInfo(business.timezone)) if appointment else None
    return {
        "customer.name": customer.name if customer else None,
        "ticket.number": str(ticket.number),
        "ticket.subject": ticket.subject,
        "appointment.service": service.name if service else None,
        "appointment.start": f"{start:%Y-%m-%d %H:%M}" if start else None,
        "agent.name": agent.name,
        "business.name": business.name,
    }
