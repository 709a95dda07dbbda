"""What a business decides about itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.businesses.schemas import BusinessUpdate
from app.core.patch import apply, changes
from app.db.invalidation import announce
from app.errors import FieldError, TenantNotFound, ValidationFailed
from app.models.public import TenantRow
from app.subscriptions.tiers import find_all
from app.tenancy.tenant import Tenant


async def require(session: AsyncSession, tenant: Tenant) -> TenantRow:
    """The business as it is kept now. Raises TenantNotFound once it has been erased."""
    return await _row(session, tenant.id, for_update=False)


async def update(session: AsyncSession, tenant: Tenant, data: BusinessUpdate, *, now: datetime) -> TenantRow:
    """Change what the body names, at once in every process.

    Raises TenantNotFound once it has been erased, and ValidationFailed for more days than the subscription covers.
    """
    row = await _row(session, tenant.id, for_update=True)
    wanted = changes(data)
    if wanted.get("history_days") is not None:
        await _check_days(session, row, wanted["history_days"])
    before = {name: getattr(row, name) for name in wanted}
    if apply(row, wanted):
        row.updated_at = now
        announce(session, tenant.tag)
        diff = changed(before, wanted)
        record(session, AuditEvent.BUSINESS_CHANGED, about=Subject("tenant", tenant.id), diff=diff)
    return row


async def _check_days(session: AsyncSession, row: TenantRow, days: int) -> None:
    covered = (await find_all(session))[row.subscription_tier].retention_days
    if days > covered:
        wrong = FieldError(
            "/history_days", "the subscription covers {most} days at most", {"most": covered}, code="unsuitable"
        )
        raise ValidationFailed(errors=[wrong])


async def _row(session: AsyncSession, tenant_id: UUID, *, for_update: bool) -> TenantRow:
    query = select(TenantRow).where(TenantRow.id == tenant_id)
    row = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if row is None:
        raise TenantNotFound
    return row
