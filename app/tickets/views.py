"""Choices of tickets that people look at again and again: their own, and those that the desk shares."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply
from app.db.conditions import caseless, equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import TicketViewNotFound
from app.models.tenant import TicketViewRow
from app.tickets.schemas.tickets import TicketCriteria
from app.tickets.schemas.views import TicketViewCreate, TicketViewFilters, TicketViewUpdate, ViewCriteria

_ORDERS: Orders = {
    "name": caseless(TicketViewRow.name),
    "created_at": TicketViewRow.created_at,
    "updated_at": TicketViewRow.updated_at,
}


async def create(session: AsyncSession, actor: Principal, data: TicketViewCreate, *, now: datetime) -> TicketViewRow:
    """Keep a view for the caller, or for everybody at the desk. Raises PermissionDenied for the latter."""
    if data.is_shared:
        actor.require(Permission.DESK_WRITE)
    row = TicketViewRow(
        id=uuid7(),
        name=data.name,
        criteria=data.criteria.model_dump(mode="json"),
        is_shared=data.is_shared,
        owner_id=actor.user_id,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    return row


async def find(session: AsyncSession, actor: Principal, filters: TicketViewFilters) -> Page[TicketViewRow]:
    """A page of those that the caller has. Raises CursorInvalid."""
    row = TicketViewRow
    query = _of(actor).where(
        equals(row.is_shared, filters.is_shared), was_changed(filters, row.created_at, row.updated_at)
    )
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)


async def require(session: AsyncSession, actor: Principal, view_id: UUID, *, for_update: bool = False) -> TicketViewRow:
    """One that the caller has. Raises TicketViewNotFound."""
    query = _of(actor).where(TicketViewRow.id == view_id)
    row = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if row is None:
        raise TicketViewNotFound("There is no view {view_id}.", params={"view_id": view_id})
    return row


async def criteria_of(session: AsyncSession, actor: Principal, view_id: UUID) -> TicketCriteria:
    """What a view shows. Raises TicketViewNotFound."""
    view = await require(session, actor, view_id)
    return ViewCriteria.model_validate(view.criteria).as_criteria()


async def update(
    session: AsyncSession, actor: Principal, view_id: UUID, data: TicketViewUpdate, *, now: datetime
) -> TicketViewRow:
    """Change what the body names. Raises TicketViewNotFound, and PermissionDenied for one that is or becomes shared."""
    row = await _lock(session, actor, view_id)
    if data.is_shared:
        actor.require(Permission.DESK_WRITE)
    if apply(row, data.model_dump(mode="json", exclude_unset=True)):
        row.updated_at = now
    return row


async def remove(session: AsyncSession, actor: Principal, view_id: UUID) -> None:
    """Have it no more. Raises TicketViewNotFound, and PermissionDenied for one that is shared."""
    await session.delete(await _lock(session, actor, view_id))


def _of(actor: Principal) -> Select[tuple[TicketViewRow]]:
    row = TicketViewRow
    return select(row).where(or_(row.is_shared, row.owner_id == actor.user_id))


async def _lock(session: AsyncSession, actor: Principal, view_id: UUID) -> TicketViewRow:
    row = await require(session, actor, view_id, for_update=True)
    if row.is_shared:
        actor.require(Permission.DESK_WRITE)
    return row
