"""Finding what the operator names."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import TenantNotFound
from app.tenancy.hosts import find_all
from app.tenancy.tenant import Tenant


async def require_tenant(session: AsyncSession, slug: str) -> Tenant:
    """The business with this slug, suspended or not. Raises TenantNotFound."""
    for tenant in await find_all(session):
        if tenant.slug == slug:
            return tenant
    raise TenantNotFound(
        "There is no business '{slug}'. `smoothschedule tenant list` names them all.", params={"slug": slug}
    )
