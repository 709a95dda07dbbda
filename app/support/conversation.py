"""The business's side: what it asks of the platform, and what both have said. Of anything else it learns nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.principals import Principal
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import contains, equals, was_made
from app.db.pages import Orders, find_page
from app.errors import NotFound, TicketNotFound
from app.models.public import PlatformTicketMessageRow, PlatformTicketRow
from app.people.post import Post
from app.support.changes import BUSINESS, about, add_message, become
from app.support.conversation_schemas import (
    PlatformTicketCreate,
    PlatformTicketFilters,
    PlatformTicketMessageFilters,
    PlatformTicketReply,
)
from app.support.notices import tell_agents
from app.support.numbers import insert_numbered
from app.support.vocabulary import Impact
from app.tenancy.tenant import Tenant
from app.tickets.changes import count_change
from app.tickets.lifecycle import OVER, TicketStatus

_ORDERS: Orders = {"created_at": PlatformTicketRow.created_at, "last_message_at": PlatformTicketRow.last_message_at}
_MESSAGE_ORDERS: Orders = {"created_at": PlatformTicketMessageRow.created_at}
_PRIORITIES = {Impact.QUESTION: "normal", Impact.HINDERED: "high", Impact.STOPPED: "urgent"}


async def open_ticket(
    session: AsyncSession, post: Post, actor: Principal, data: PlatformTicketCreate, *, now: datetime
) -> PlatformTicketRow:
    """Ask something of the platform. Its people are told."""
    tenant = _tenant_of(actor)
    row = await _insert(session, tenant, actor, data, now=now)
    await add_message(session, actor, row, data.body, author=BUSINESS, now=now)
    record(session, AuditEvent.PLATFORM_TICKET_OPENED, about=about(row))
    await session.flush()
    await tell_agents(session, post, row, tenant, "opened", now=now)
    return row


async def find(session: AsyncSession, actor: Principal, filters: PlatformTicketFilters) -> Page[PlatformTicketRow]:
    """A page of what the business has asked. Raises CursorInvalid."""
    row = PlatformTicketRow
    query = _of_own(actor).where(
        equals(row.number, filters.number), contains(filters.q, row.subject), was_made(filters, row.created_at)
    )
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)


async def require(
    session: AsyncSession, actor: Principal, ticket_id: UUID, *, for_update: bool = False
) -> PlatformTicketRow:
    """A ticket of the business's. Raises TicketNotFound."""
    query = _of_own(actor).where(PlatformTicketRow.id == ticket_id)
    row = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if row is None:
        raise TicketNotFound("There is no ticket {ticket_id}.", params={"ticket_id": ticket_id})
    return row


async def find_messages(
    session: AsyncSession, actor: Principal, ticket_id: UUID, filters: PlatformTicketMessageFilters
) -> Page[PlatformTicketMessageRow]:
    """A page of the replies of both sides. Raises TicketNotFound and CursorInvalid."""
    await require(session, actor, ticket_id)
    row = PlatformTicketMessageRow
    query = select(row).where(row.ticket_id == ticket_id, row.kind == "reply", was_made(filters, row.created_at))
    return await find_page(session, query, filters, _MESSAGE_ORDERS, by=row.id, ids=filters.ids)


async def reply(
    session: AsyncSession, post: Post, actor: Principal, ticket_id: UUID, data: PlatformTicketReply, *, now: datetime
) -> PlatformTicketMessageRow:
    """Say more about a ticket; one that was over goes on. Raises TicketNotFound."""
    row = await require(session, actor, ticket_id, for_update=True)
    message = await add_message(session, actor, row, data.body, author=BUSINESS, now=now)
    await session.flush()
    await tell_agents(session, post, row, _tenant_of(actor), "replied", now=now)
    return message


async def settle(session: AsyncSession, actor: Principal, ticket_id: UUID, *, now: datetime) -> None:
    """Say that what was asked is settled. It looks the same where it was over already. Raises TicketNotFound."""
    row = await require(session, actor, ticket_id, for_update=True)
    record(session, AuditEvent.PLATFORM_TICKET_SOLVED, about=about(row))
    if row.status not in OVER:
        become(session, row, TicketStatus.RESOLVED, now=now)
        count_change(row, now=now)


async def _insert(
    session: AsyncSession, tenant: Tenant, actor: Principal, data: PlatformTicketCreate, *, now: datetime
) -> PlatformTicketRow:
    """The ticket as it begins: as urgent as the business is hindered, sorted by what it says that it is about."""
    values = {
        "id": uuid7(),
        "tenant_id": tenant.id,
        "subject": data.subject,
        "opener_id": actor.user_id,
        "created_at": now,
        "last_message_at": now,
        "status": TicketStatus.OPEN.value,
        "priority": _PRIORITIES[data.impact],
        "category": data.topic.value,
        "impact": data.impact.value,
        "phone": data.phone,
        "revision": 0,
        "updated_at": now,
    }
    return await insert_numbered(session, values)


def _of_own(actor: Principal) -> Select[tuple[PlatformTicketRow]]:
    return select(PlatformTicketRow).where(PlatformTicketRow.tenant_id == _tenant_of(actor).id)


def _tenant_of(actor: Principal) -> Tenant:
    if actor.tenant is None:
        raise NotFound
    return actor.tenant
