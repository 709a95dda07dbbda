"""Starting a business's sandbox afresh."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.principals import Principal
from app.businesses import samples
from app.businesses.schemas import SandboxRead
from app.errors import PermissionDenied
from app.media.cleaning import purge_later
from app.models.public import NotificationRow, SharedIdempotencyKeyRow, UserRow
from app.scheduling.context import SchedulingContext
from app.tenancy.mode import Mode
from app.tenancy.provisioning import empty_schema
from app.tenancy.tenant import Tenant


async def reset(session: AsyncSession, actor: Principal, tenant: Tenant, *, now: datetime) -> SandboxRead:
    """Empty the sandbox that the session is confined to, with what it has in shared tables, and fill it with samples.

    Test tokens stay: whoever resets by one goes on with it. What is just being delivered is forgotten on its way.
    Raises PermissionDenied for a live token, and Unavailable if the sandbox is too busy.
    """
    if actor.token_id is not None and actor.mode is Mode.LIVE:
        raise PermissionDenied("A live token has no business in the sandbox. Use a test token with this scope.")
    await empty_schema(session, tenant.schema(Mode.SANDBOX))
    await purge_later(session, tenant.id, Mode.SANDBOX, now=now)
    people = select(UserRow.id).where(UserRow.tenant_id == tenant.id)
    await session.execute(
        delete(NotificationRow).where(NotificationRow.is_sandbox, NotificationRow.user_id.in_(people))
    )
    shared_keys = (SharedIdempotencyKeyRow.is_sandbox, SharedIdempotencyKeyRow.tenant_id == tenant.id)
    await session.execute(delete(SharedIdempotencyKeyRow).where(*shared_keys))
    await session.execute(delete(UserRow).where(UserRow.is_sandbox, UserRow.tenant_id == tenant.id))
    record(session, AuditEvent.SANDBOX_RESET, about=Subject("tenant", tenant.id))
    return await samples.fill(session, SchedulingContext(tenant, Mode.SANDBOX, "staff", now=now, recorded_at=now))
