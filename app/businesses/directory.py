"""The platform's list of businesses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.auth.roles import Role
from app.businesses.schemas import TenantUpdate
from app.core.pagination import Page, PageRequest, id_position, paginate
from app.core.patch import apply, changes
from app.db.invalidation import announce
from app.errors import TenantNotFound
from app.models.public import TenantRow
from app.tenancy.tenant import tenant_tag


async def find(session: AsyncSession, actor: Principal, page: PageRequest) -> Page[TenantRow]:
    """The businesses that the actor may see, newest first."""
    query = select(TenantRow).where(_visible_to(actor)).order_by(TenantRow.id.desc()).limit(page.limit + 1)
    after = page.after(id_position)
    if after is not None:
        query = query.where(tuple_(TenantRow.id) < after)
    rows = (await session.scalars(query)).all()
    return paginate(rows, page.limit, lambda row: (row.id,))


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
