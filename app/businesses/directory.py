"""The platform's list of businesses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.auth.roles import Role
from app.businesses.demos import end_of_term
from app.businesses.schemas import TenantFilters, TenantUpdate
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import caseless, contains, equals, was_changed
from app.db.invalidation import announce
from app.db.pages import Orders, find_page
from app.errors import TenantNotFound
from app.models.public import TenantRow
from app.tenancy.tenant import tenant_tag

_ORDERS: Orders = {
    "name": caseless(TenantRow.name),
    "slug": TenantRow.slug,
    "created_at": TenantRow.created_at,
    "updated_at": TenantRow.updated_at,
}


async def find(session: AsyncSession, actor: Principal, filters: TenantFilters) -> Page[TenantRow]:
    """A page of the businesses that the actor may see. Raises CursorInvalid."""
    query = select(TenantRow).where(
        visible_to(actor),
        equals(TenantRow.status, filters.status),
        equals(TenantRow.subscription_tier, filters.subscription_tier),
        equals(TenantRow.is_temporary, filters.is_temporary),
        contains(filters.q, TenantRow.name, TenantRow.slug),
        was_changed(filters, TenantRow.created_at, TenantRow.updated_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=TenantRow.id, ids=filters.ids)


async def require(session: AsyncSession, actor: Principal, tenant_id: UUID, *, for_update: bool = False) -> TenantRow:
    """The business, if the actor may see it. Raises TenantNotFound."""
    query = select(TenantRow).where(TenantRow.id == tenant_id, visible_to(actor))
    tenant = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if tenant is None:
        raise TenantNotFound("There is no business {tenant_id}.", params={"tenant_id": tenant_id})
    return tenant


async def update(
    session: AsyncSession, actor: Principal, tenant_id: UUID, data: TenantUpdate, *, now: datetime
) -> TenantRow:
    """Change a business; suspending and resuming act at once in every process.

    A demo account that is made permanent loses its end, one that is extended is served again. Raises TenantNotFound,
    and ValidationFailed for an impossible end.
    """
    tenant = await require(session, actor, tenant_id, for_update=True)
    wanted = changes(data)
    wanted["demo_expires_at"] = end_of_term(
        is_temporary=wanted.get("is_temporary", tenant.is_temporary),
        wanted=wanted.get("demo_expires_at"),
        known=tenant.demo_expires_at,
        now=now,
    )
    before = {name: getattr(tenant, name) for name in wanted}
    if apply(tenant, wanted):
        tenant.updated_at = now
        announce(session, tenant_tag(tenant_id))
        _record(session, tenant_id, changed(before, wanted))
    return tenant


def _record(session: AsyncSession, tenant_id: UUID, diff: dict[str, Any]) -> None:
    """Note the change in the business's own chain; suspending and resuming are events of their own."""
    about = Subject("tenant", tenant_id)
    if (status := diff.pop("status", None)) is not None:
        event = AuditEvent.TENANT_SUSPENDED if status["to"] == "suspended" else AuditEvent.TENANT_RESUMED
        record(session, event, tenant_id=tenant_id, about=about, diff={"status": status})
    if diff:
        record(session, AuditEvent.TENANT_CHANGED, tenant_id=tenant_id, about=about, diff=diff)


def visible_to(actor: Principal) -> ColumnElement[bool]:
    """Sales staff see demo accounts only."""
    return TenantRow.is_temporary.is_(True) if actor.role is Role.PLATFORM_SALES else true()
