"""The platform's side: tickets of all businesses, found, sorted, answered, brought to an end."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.businesses.directory import visible_to
from app.core.listing import Listing, ListRequest
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import contains, equals, is_among, is_set, was_changed, was_made
from app.db.listing import find_listed
from app.db.pages import Orders, find_page
from app.errors import FieldError, RevisionStale, TicketNotFound, ValidationFailed
from app.models.public import PlatformTicketMessageRow, PlatformTicketRow, TenantRow, UserRow
from app.people.post import Post
from app.support import agents
from app.support.changes import PLATFORM, about, add_message, become
from app.support.desk_schemas import (
    SupportTicketCounts,
    SupportTicketFilters,
    SupportTicketMessageCreate,
    SupportTicketMessageFilters,
    SupportTicketRead,
    SupportTicketTenant,
    SupportTicketUpdate,
)
from app.support.notices import tell_assignee, tell_business
from app.tickets.changes import count_change
from app.tickets.lifecycle import TicketStatus, check_transition

LISTED = {
    "number": PlatformTicketRow.number,
    "subject": PlatformTicketRow.subject,
    "since": PlatformTicketRow.created_at,
    "written": PlatformTicketRow.last_message_at,
}
_ORDERS: Orders = {
    "created_at": PlatformTicketRow.created_at,
    "updated_at": PlatformTicketRow.updated_at,
    "last_message_at": PlatformTicketRow.last_message_at,
}
_MESSAGE_ORDERS: Orders = {"created_at": PlatformTicketMessageRow.created_at}


def etag_of(ticket: PlatformTicketRow) -> str:
    """The entity tag of a ticket as it is: its revision."""
    return f'"{ticket.revision}"'


async def find(session: AsyncSession, actor: Principal, filters: SupportTicketFilters) -> Page[SupportTicketRead]:
    """A page of the tickets that the caller may see. Raises CursorInvalid."""
    row = PlatformTicketRow
    query = _visible(actor).where(_wanted_by(filters))
    found = await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)
    return found.holding(await _read(session, found.items))


async def find_listing(
    session: AsyncSession, actor: Principal, wanted: ListRequest, filters: SupportTicketFilters
) -> Listing[SupportTicketRead]:
    """A page to leaf through of the tickets that the caller may see."""
    query = _visible(actor).where(_wanted_by(filters.model_copy(update={"q": wanted.search})))
    found = await find_listed(session, query, wanted, orders=LISTED, by=PlatformTicketRow.id)
    return Listing(await _read(session, found.items), found.total, found.page)


async def count(session: AsyncSession, actor: Principal) -> SupportTicketCounts:
    """How many tickets of each status the caller may see."""
    row = PlatformTicketRow
    is_alone = row.assignee_id.is_(None) & row.status.not_in([TicketStatus.RESOLVED, TicketStatus.CLOSED])
    columns = (row.status, func.count(), func.count().filter(is_alone))
    query = _visible(actor).with_only_columns(*columns).group_by(row.status)
    found = {status: (each, alone) for status, each, alone in await session.execute(query)}
    by_status = {status.value: found.get(status.value, (0, 0))[0] for status in TicketStatus}
    return SupportTicketCounts(**by_status, unassigned=sum(alone for _, alone in found.values()))


async def require(
    session: AsyncSession, actor: Principal, ticket_id: UUID, *, for_update: bool = False
) -> PlatformTicketRow:
    """A ticket that the caller may see. Raises TicketNotFound."""
    query = _visible(actor).where(PlatformTicketRow.id == ticket_id)
    query = query.with_for_update(of=PlatformTicketRow) if for_update else query
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise TicketNotFound("There is no ticket {ticket_id}.", params={"ticket_id": ticket_id})
    return row


async def read(session: AsyncSession, row: PlatformTicketRow) -> SupportTicketRead:
    """A ticket with the name of its business."""
    (found,) = await _read(session, [row])
    return found


async def update(
    session: AsyncSession,
    post: Post,
    actor: Principal,
    ticket_id: UUID,
    data: SupportTicketUpdate,
    expected: Collection[str] | None,
    *,
    now: datetime,
) -> PlatformTicketRow:
    """Sort a ticket, and say who looks after it; whoever it is given to is told.

    Raises TicketNotFound, RevisionStale, and ValidationFailed for somebody who answers no tickets.
    """
    row = await _lock(session, actor, ticket_id, expected)
    wanted = changes(data)
    before = {name: getattr(row, name) for name in wanted}
    assignee = None
    if wanted.get("assignee_id") is not None:
        assignee = await _require_agent(session, wanted["assignee_id"])
    if not apply(row, wanted):
        return row
    count_change(row, now=now)
    record(session, AuditEvent.SUPPORT_TICKET_CHANGED, tenant_id=None, about=about(row), diff=changed(before, wanted))
    if assignee and assignee.id not in {actor.user_id, before["assignee_id"]}:
        await tell_assignee(session, post, row, assignee, now=now)
    return row


async def set_status(
    session: AsyncSession,
    actor: Principal,
    ticket_id: UUID,
    to: TicketStatus,
    expected: Collection[str] | None,
    *,
    now: datetime,
) -> PlatformTicketRow:
    """Have a ticket go on, end or begin again. Raises TicketNotFound, RevisionStale and InvalidTransition."""
    row = await _lock(session, actor, ticket_id, expected)
    check_transition(TicketStatus(row.status), to)
    become(session, row, to, now=now)
    count_change(row, now=now)
    return row


async def say(
    session: AsyncSession,
    post: Post,
    actor: Principal,
    ticket_id: UUID,
    data: SupportTicketMessageCreate,
    *,
    now: datetime,
) -> PlatformTicketMessageRow:
    """Answer a business, which is told, or note something among the platform's people. Raises TicketNotFound."""
    row = await require(session, actor, ticket_id, for_update=True)
    message = await add_message(session, actor, row, data.body, author=PLATFORM, kind=data.kind, now=now)
    if data.kind == "reply":
        await tell_business(session, post, row, data.body, now=now)
    await session.flush()
    return message


async def find_messages(
    session: AsyncSession, actor: Principal, ticket_id: UUID, filters: SupportTicketMessageFilters
) -> Page[PlatformTicketMessageRow]:
    """A page of what was said, notes among it. Raises TicketNotFound and CursorInvalid."""
    await require(session, actor, ticket_id)
    row = PlatformTicketMessageRow
    query = select(row).where(row.ticket_id == ticket_id, was_made(filters, row.created_at))
    return await find_page(session, query, filters, _MESSAGE_ORDERS, by=row.id, ids=filters.ids)


def _visible(actor: Principal) -> Select[tuple[PlatformTicketRow]]:
    """The tickets of the businesses that the caller may see: for sales staff those of demo accounts."""
    return (
        select(PlatformTicketRow).join(TenantRow, TenantRow.id == PlatformTicketRow.tenant_id).where(visible_to(actor))
    )


def _wanted_by(filters: SupportTicketFilters) -> ColumnElement[bool]:
    row = PlatformTicketRow
    return and_(
        is_among(row.status, filters.status),
        equals(row.priority, filters.priority),
        equals(row.category, filters.category),
        equals(row.tenant_id, filters.tenant_id),
        equals(row.assignee_id, filters.assignee_id),
        is_set(row.assignee_id, None if filters.unassigned is None else not filters.unassigned),
        equals(row.number, filters.number),
        contains(filters.q, row.subject, TenantRow.name, TenantRow.slug),
        was_changed(filters, row.created_at, row.updated_at),
    )


async def _lock(
    session: AsyncSession, actor: Principal, ticket_id: UUID, expected: Collection[str] | None
) -> PlatformTicketRow:
    row = await require(session, actor, ticket_id, for_update=True)
    if expected is not None and etag_of(row) not in expected:
        raise RevisionStale
    return row


async def _require_agent(session: AsyncSession, user_id: UUID) -> UserRow:
    agent = await agents.get(session, user_id)
    if agent is None:
        error = FieldError("/assignee_id", "must be somebody of the platform who answers tickets", code="unknown")
        raise ValidationFailed(errors=[error])
    return agent


async def _read(session: AsyncSession, rows: Sequence[PlatformTicketRow]) -> list[SupportTicketRead]:
    wanted = {row.tenant_id for row in rows}
    query = select(TenantRow.id, TenantRow.slug, TenantRow.name).where(TenantRow.id.in_(wanted))
    tenants = {each.id: SupportTicketTenant.model_validate(each) for each in await session.execute(query)}
    return [_shown(row, tenants[row.tenant_id]) for row in rows]


def _shown(row: PlatformTicketRow, tenant: SupportTicketTenant) -> SupportTicketRead:
    stored = {name: getattr(row, name) for name in SupportTicketRead.model_fields if name != "tenant"}
    return SupportTicketRead.model_validate(stored | {"tenant": tenant})
