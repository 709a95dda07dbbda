"""Whom somebody may act as now: the rules of `masquerade_rules` once more, as a condition that the database knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.masquerade_schemas import CandidateFilters
from app.auth.principals import Principal
from app.auth.roles import Role
from app.core.pagination import Page
from app.db.conditions import caseless, contains, equals, was_made
from app.db.pages import Orders, find_page
from app.models.public import TenantRow, UserRow

_ORDERS: Orders = {"name": caseless(UserRow.name), "email": UserRow.email, "created_at": UserRow.created_at}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A user, and the business they belong to."""

    user: UserRow
    tenant: TenantRow | None


async def find(session: AsyncSession, actor: Principal, filters: CandidateFilters, *, now: datetime) -> Page[Candidate]:
    """A page of those whom the actor may act as now. Raises CursorInvalid."""
    query = (
        select(UserRow)
        .outerjoin(TenantRow, TenantRow.id == UserRow.tenant_id)
        .where(
            may_act_as(actor, now=now),
            equals(UserRow.tenant_id, filters.tenant_id),
            equals(UserRow.role, filters.role),
            contains(filters.q, UserRow.name, UserRow.email),
            was_made(filters, UserRow.created_at),
        )
    )
    found = await find_page(session, query, filters, _ORDERS, by=UserRow.id, ids=filters.ids)
    tenants = await _tenants_of(session, found.items)
    return found.holding([Candidate(user, tenants.get(user.tenant_id)) for user in found.items])


def may_act_as(actor: Principal, *, now: datetime) -> ColumnElement[bool]:
    """Holds of the users (with the business that they may have) in whose place the actor may act."""
    is_served = and_(
        TenantRow.status == "active", or_(TenantRow.demo_expires_at.is_(None), TenantRow.demo_expires_at > now)
    )
    return and_(
        UserRow.id != actor.user_id,
        UserRow.is_active,
        UserRow.is_sandbox.is_(False),
        or_(UserRow.role != Role.SUPERUSER, true() if actor.role is Role.SUPERUSER else false()),
        or_(UserRow.tenant_id.is_(None), is_served),
        _MATRIX.get(actor.role, _nobody)(actor),
    )


def _anyone(_actor: Principal) -> ColumnElement[bool]:
    return true()


def _nobody(_actor: Principal) -> ColumnElement[bool]:
    return false()


def _tenant_users(_actor: Principal) -> ColumnElement[bool]:
    return UserRow.tenant_id.is_not(None)


def _users_of_demos(_actor: Principal) -> ColumnElement[bool]:
    return and_(UserRow.tenant_id.is_not(None), TenantRow.is_temporary)


def _own_staff(actor: Principal) -> ColumnElement[bool]:
    own = actor.tenant.id if actor.tenant else None
    return and_(UserRow.role.in_((Role.TENANT_MANAGER, Role.TENANT_STAFF)), UserRow.tenant_id == own)


_MATRIX: dict[Role, Callable[[Principal], ColumnElement[bool]]] = {
    Role.SUPERUSER: _anyone,
    Role.PLATFORM_SUPPORT: _tenant_users,
    Role.PLATFORM_SALES: _users_of_demos,
    Role.TENANT_OWNER: _own_staff,
}


async def _tenants_of(session: AsyncSession, users: Sequence[UserRow]) -> dict[UUID | None, TenantRow]:
    ids = {user.tenant_id for user in users if user.tenant_id is not None}
    query = select(TenantRow).where(TenantRow.id.in_(ids))
    return {tenant.id: tenant for tenant in await session.scalars(query)}
