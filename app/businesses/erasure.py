"""Erasing a business with all that is its own. What the audit trail says of it stays."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.db.invalidation import announce
from app.errors import TenantNotFound
from app.media.cleaning import purge_later
from app.models.public import TenantRow
from app.tenancy.mode import Mode
from app.tenancy.provisioning import drop_schemas
from app.tenancy.tenant import tenant_tag

_TOLD = ("slug", "is_temporary", "demo_expires_at")


async def erase(session: AsyncSession, tenant_id: UUID, *, now: datetime) -> None:
    """Drop both schemas, and delete the business with its users, tokens, domains and whatever else points to it.

    All of it happens with the caller's commit, or nothing; its files are removed after that. Raises TenantNotFound.
    """
    tenant = await session.get(TenantRow, tenant_id, with_for_update=True)
    if tenant is None:
        raise TenantNotFound("There is no business {tenant_id}.", params={"tenant_id": tenant_id})
    gone = changed({name: getattr(tenant, name) for name in _TOLD}, {})
    await drop_schemas(session, tenant.schema_name)
    await purge_later(session, tenant_id, *Mode, now=now)
    await session.execute(delete(TenantRow).where(TenantRow.id == tenant_id))
    announce(session, tenant_tag(tenant_id))
    record(session, AuditEvent.TENANT_ERASED, tenant_id=None, about=Subject("tenant", tenant_id), diff=gone)
