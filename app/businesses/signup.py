"""Signing a business up: its record, its address, its owner and its two schemas, or nothing of it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.roles import Role
from app.businesses.demos import end_of_term
from app.businesses.schemas import TenantCreate
from app.core.ids import uuid7
from app.models.public import DomainRow, TenantRow
from app.people import verification
from app.people.post import Post
from app.people.users import create_user
from app.tenancy.provisioning import create_schemas
from app.tenancy.slugs import schema_name
from app.tenancy.tenant import Tenant

_TOLD = ("slug", "name", "subscription_tier", "is_temporary", "demo_expires_at", "timezone", "currency")


async def sign_up(session: AsyncSession, data: TenantCreate, *, now: datetime, post: Post | None = None) -> TenantRow:
    """Make a business that can be used as soon as the transaction commits.

    With `post` its owner is written to, to confirm the address. Raises SlugTaken (from the database), and
    ValidationFailed for a demo account with an impossible end.
    """
    tenant = TenantRow(
        id=uuid7(),
        slug=data.slug,
        name=data.name,
        schema_name=schema_name(data.slug),
        status="active",
        subscription_tier=data.subscription_tier,
        is_temporary=data.is_temporary,
        demo_expires_at=end_of_term(is_temporary=data.is_temporary, wanted=data.demo_expires_at, now=now),
        timezone=data.timezone,
        currency=data.currency,
        created_at=now,
        updated_at=now,
    )
    domain = DomainRow(id=uuid7(), hostname=data.slug, kind="subdomain", tenant_id=tenant.id, created_at=now)
    session.add(tenant)
    await session.flush()
    session.add(domain)
    owner = await create_user(
        session,
        email=data.owner.email,
        name=data.owner.name,
        password=data.owner.password,
        role=Role.TENANT_OWNER,
        tenant_id=tenant.id,
        now=now,
    )
    await create_schemas(session, tenant.id, tenant.schema_name)
    record(
        session,
        AuditEvent.TENANT_CREATED,
        tenant_id=tenant.id,
        about=Subject("tenant", tenant.id),
        diff=changed({}, {name: getattr(tenant, name) for name in _TOLD}),
    )
    if post is not None:
        await verification.send(session, post, owner, Tenant.of(tenant), now=now)
    return tenant
