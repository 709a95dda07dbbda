"""What a change of a domain brings with it: everybody concerned hears of it, and the audit trail keeps it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.domains.hostnames import unicode_of
from app.domains.lifecycle import DomainStatus
from app.domains.schemas import DomainData
from app.events import outbox
from app.events.catalogue import EventType
from app.events.outbox import Event
from app.models.public import CustomDomainRow
from app.notifications import inbox
from app.notifications.inbox import News
from app.notifications.kinds import NotificationKind
from app.people.staff import find_owners

_TOLD = {
    DomainStatus.VERIFIED: EventType.DOMAIN_VERIFIED,
    DomainStatus.ACTIVE: EventType.DOMAIN_ACTIVATED,
    DomainStatus.FAILED: EventType.DOMAIN_FAILED,
    DomainStatus.SUSPENDED: EventType.DOMAIN_SUSPENDED,
    DomainStatus.RELEASED: EventType.DOMAIN_RELEASED,
}


def data_of(row: CustomDomainRow) -> DomainData:
    """A domain by itself."""
    stored = {name: getattr(row, name) for name in DomainData.model_fields if name != "display_name"}
    return DomainData.model_validate(stored | {"display_name": unicode_of(row.hostname)})


def tell(session: AsyncSession, kind: EventType, row: CustomDomainRow, *, now: datetime) -> None:
    """Tell of a domain, in the live schema of its business."""
    outbox.record(session, Event(kind, now, row.id, data_of(row).model_dump()))


async def become(session: AsyncSession, row: CustomDomainRow, to: DomainStatus, *, now: datetime) -> None:
    """Have a locked domain be in this status. The owners find it among what they should know."""
    diff = changed({"status": row.status}, {"status": to.value})
    row.status, row.updated_at = to, now
    record(session, AuditEvent.DOMAIN_STATUS_CHANGED, about=Subject("domain", row.id), diff=diff)
    tell(session, _TOLD[to], row, now=now)
    data = {"hostname": unicode_of(row.hostname), "status": to.value, "problem": row.problem}
    owners = [owner.id for owner in await find_owners(session, row.tenant_id)]
    await inbox.tell(session, owners, News(NotificationKind.DOMAIN_CHANGED, data), now=now)
