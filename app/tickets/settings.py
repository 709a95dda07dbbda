"""What a business decides about its desk."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.core.patch import apply
from app.models.tenant import DeskSettingsRow
from app.tenancy.tenant import Tenant
from app.tickets.access import business_of
from app.tickets.schemas.settings import DEFAULT_AUTO_CLOSE_DAYS, DeskSettingsRead, DeskSettingsUpdate
from app.tickets.terms import Terms

_THE_ONE = 1
_AT_FIRST = {"hours": [], "closed_on": [], "targets": {}, "auto_close_days": DEFAULT_AUTO_CLOSE_DAYS}


async def read(session: AsyncSession) -> DeskSettingsRead:
    """The settings as they are; what they are at first, as long as nobody has changed anything."""
    row = await session.get(DeskSettingsRow, _THE_ONE)
    return DeskSettingsRead.model_validate(row if row is not None else _AT_FIRST | {"updated_at": None})


async def terms_of(session: AsyncSession, tenant: Tenant) -> Terms:
    """What the business promises."""
    return Terms.of(await read(session), tenant.timezone)


async def update(
    session: AsyncSession, actor: Principal, data: DeskSettingsUpdate, *, now: datetime
) -> DeskSettingsRead:
    """Change what the body names. What is due of the tickets there are follows with their next change."""
    first = insert(DeskSettingsRow).values(id=_THE_ONE, revision=1, updated_at=now, **_AT_FIRST)
    await session.execute(first.on_conflict_do_nothing())
    row = await session.get_one(DeskSettingsRow, _THE_ONE, with_for_update=True, populate_existing=True)
    as_json = data.model_dump(mode="json", exclude_unset=True)
    wanted = {name: getattr(data, name) if name == "closed_on" else value for name, value in as_json.items()}
    before = {name: getattr(row, name) for name in wanted}
    if apply(row, wanted):
        row.revision += 1
        row.updated_at = now
        about = Subject("tenant", business_of(actor).id)
        record(session, AuditEvent.DESK_CHANGED, about=about, diff=changed(before, wanted))
    return DeskSettingsRead.model_validate(row)
