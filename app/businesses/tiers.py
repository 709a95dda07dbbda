"""Changing what a subscription covers."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.core.patch import apply, changes
from app.db.invalidation import announce
from app.errors import TierNotFound
from app.models.public import TierRow
from app.subscriptions.schemas import TierUpdate
from app.subscriptions.tiers import TIERS_TAG


async def update(session: AsyncSession, name: str, data: TierUpdate, *, now: datetime) -> TierRow:
    """Change a tier, at once and for every business that has it; what they use already is left alone.

    Raises TierNotFound.
    """
    row = await session.get(TierRow, name, with_for_update=True)
    if row is None:
        raise TierNotFound("There is no tier '{name}'.", params={"name": name[:40]})
    wanted = changes(data)
    before = {field: getattr(row, field) for field in wanted}
    if apply(row, wanted):
        row.updated_at = now
        announce(session, TIERS_TAG)
        record(session, AuditEvent.TIER_CHANGED, about=Subject("tier", name), diff=changed(before, wanted))
    return row
