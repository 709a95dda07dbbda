"""The platform's list of businesses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.auth.roles import Role
from app.businesses.schemas import TenantUpdate
from app.core.pagination import Page, PageRequest
from app.core.patch import apply, changes
from app.db.invalidation import announce
from app.db.pages import newest_first
from app.errors import TenantNotFound
from app.models.public import TenantRow
from app.tenancy.tenant import tenant_tag


async def find(session: AsyncSession, actor: Principal, page: PageRequest) -> Page[TenantRow]:
    """The businesses that the actor may see, newest first."""
    return await newest_first(session, select(TenantRow).where(_visible_to(actor)), page, by=TenantRow.id)


async def require(session: AsyncSession, actor: Principal, tenant_id: UUID) -> TenantRow:
    """The business, if the actor may see it. Raises TenantNotFound."""
    query = select(TenantRow).where(TenantRow.id == tenant_id, _visible_to(actor))
    tenant = (await session.scalars(query)).one_or_none()
    if tenant is None:
        raise TenantNotFound(f"There is no business {tenant_id}.")
    return tenant


async def update(
    session: AsyncSession, actor: Principal, tenant_id: UUID, data: TenantUpdate, *, now: datetime
) -> TenantRow:
    """Change a business; suspending and resuming act at once in every process. Raises TenantNotFound."""
    tenant = await require(session, actor, tenant_id)
    if apply(tenant, changes(data)):
        tenant.updated_at = now
        announce(session, tenant_tag(tenant_id))
    return tenant


def _visible_to(actor: Principal) -> ColumnElement[bool]:
    """Sales staff see demo accounts only."""
    return TenantRow.is_temporary.is_(True) if actor.role is Role.PLATFORM_SALES else true()
