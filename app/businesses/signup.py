"""Signing a business up: its record, its address, its owner and its two schemas, or nothing of it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.roles import Role
from app.businesses.schemas import TenantCreate
from app.core.ids import uuid7
from app.models.public import DomainRow, TenantRow
from app.people.users import create_user
from app.tenancy.provisioning import create_schemas
from app.tenancy.slugs import schema_name


async def sign_up(session: AsyncSession, data: TenantCreate, *, now: datetime) -> TenantRow:
    """Make a business that can be used as soon as the transaction commits. Raises SlugTaken (from the database)."""
    tenant = TenantRow(
        id=uuid7(),
        slug=data.slug,
        name=data.name,
        schema_name=schema_name(data.slug),
        status="active",
        subscription_tier=data.subscription_tier,
        is_temporary=data.is_temporary,
        timezone=data.timezone,
        currency=data.currency,
        created_at=now,
        updated_at=now,
    )
    domain = DomainRow(id=uuid7(), hostname=data.slug, kind="subdomain", tenant_id=tenant.id, created_at=now)
    session.add(tenant)
    await session.flush()
    session.add(domain)
    await create_user(
        session,
        email=data.owner.email,
        name=data.owner.name,
        password=data.owner.password,
        role=Role.TENANT_OWNER,
        tenant_id=tenant.id,
        now=now,
    )
    await create_schemas(session, tenant.id, tenant.schema_name)
    return tenant
