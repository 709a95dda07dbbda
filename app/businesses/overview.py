"""Businesses to leaf through, with the hosts they answer at."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.businesses.directory import visible_to
from app.core.listing import Listing, ListRequest
from app.db.conditions import contains, equals
from app.db.listing import find_listed
from app.models.public import DomainRow, TenantRow

ORDERS = {
    "name": TenantRow.name,
    "slug": TenantRow.slug,
    "tier": TenantRow.subscription_tier,
    "ends": TenantRow.demo_expires_at,
    "since": TenantRow.created_at,
}


async def find(
    session: AsyncSession, actor: Principal, wanted: ListRequest, *, status: str | None = None, tier: str | None = None
) -> Listing[TenantRow]:
    """A page of the businesses that the actor may see; searched by name, slug and host name."""
    query = select(TenantRow).where(
        visible_to(actor), equals(TenantRow.status, status), equals(TenantRow.subscription_tier, tier)
    )
    if wanted.search is not None:
        hosts = select(DomainRow.tenant_id).where(contains(wanted.search, DomainRow.hostname))
        query = query.where(or_(contains(wanted.search, TenantRow.name, TenantRow.slug), TenantRow.id.in_(hosts)))
    return await find_listed(session, query, wanted, orders=ORDERS, by=TenantRow.id)


async def hosts_of(session: AsyncSession, tenant_ids: Iterable[UUID]) -> dict[UUID, list[DomainRow]]:
    """The domains of each of these businesses, its first one first."""
    query = select(DomainRow).where(DomainRow.tenant_id.in_(tenant_ids)).order_by(DomainRow.id)
    found: dict[UUID, list[DomainRow]] = defaultdict(list)
    for domain in await session.scalars(query):
        found[domain.tenant_id].append(domain)
    return found
