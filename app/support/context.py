"""What to know of a business before it is answered: its subscription, how much of it is used, what went wrong of late.

Each part is a query of its own with a bound, on the shared tables or in the business's live schema: never on both, and
never in the schema of another business.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result
from app.audit.events import AuditEvent
from app.auth.principals import Principal
from app.businesses import directory
from app.db.session import Database
from app.media.uploading import count_bytes
from app.models.public import AuditEntryRow, CustomDomainRow, MailRow
from app.scheduling import volume
from app.settings import Settings
from app.subscriptions.limits import MEGABYTE, count_staff, start_of_month
from app.subscriptions.schemas import TierRead
from app.subscriptions.tiers import Limit, Tier, find_all
from app.support import desk
from app.support.desk_schemas import LimitUse, RecentTrouble, SupportContextRead, SupportContextTenant
from app.tenancy.hosts import PLATFORM_LABEL
from app.tenancy.mode import Mode
from app.tenancy.tenant import schema_of
from app.webhooks import health

WINDOW = timedelta(days=14)
"""How long ago is of late."""
MOST_TROUBLES = 20
"""Of each kind."""
MOST_LOOKED_AT = 1000
"""Of the latest entries of a business's audit trail."""
MOST_BOOKINGS = 10_000

_REFUSALS = (AuditEvent.PERMISSION_DENIED, AuditEvent.SESSION_REFUSED)


@dataclass(frozen=True, slots=True)
class Briefing:
    """Tells of the businesses that ask, in transactions of its own: on the shared tables, then in the schema."""

    database: Database
    settings: Settings

    async def of_ticket(self, actor: Principal, ticket_id: UUID, *, now: datetime) -> SupportContextRead:
        """What to know of the business whose ticket this is. Raises TicketNotFound."""
        async with self.database.transaction() as session:
            ticket = await desk.require(session, actor, ticket_id)
            tenant = await directory.require(session, actor, ticket.tenant_id)
            tier = (await find_all(session))[tenant.subscription_tier]
            used = {
                Limit.STAFF: await count_staff(session, tenant.id, now=now),
                Limit.DOMAINS: await _count_domains(session, tenant.id),
            }
            troubles = await _find_shared_troubles(session, tenant.id, now=now)
        async with self.database.transaction(schema_of(tenant.schema_name, Mode.LIVE)) as session:
            since = start_of_month(tenant.timezone, now=now)
            used[Limit.STORAGE] = -(-await count_bytes(session) // MEGABYTE)
            used[Limit.BOOKINGS] = await volume.count_since(session, since, most=MOST_BOOKINGS, now=now)
            for host, detail, at in await health.find_troubled(session):
                troubles.append(RecentTrouble(kind="webhook_endpoint", at=at, about=host, detail=detail))
        return SupportContextRead(
            tenant=SupportContextTenant.model_validate(tenant),
            tier=TierRead.model_validate(tier),
            limits=[_use(tier, limit, used[limit]) for limit in Limit],
            troubles=sorted(troubles, key=lambda trouble: trouble.at, reverse=True),
            back_office_url=f"{self.settings.url(PLATFORM_LABEL)}/admin/tenants/{tenant.id}",
        )


def _use(tier: Tier, limit: Limit, used: int) -> LimitUse:
    return LimitUse(limit=limit.value, allowed=tier.allowance(limit), used=used)


async def _count_domains(session: AsyncSession, tenant_id: UUID) -> int:
    row = CustomDomainRow
    query = select(func.count()).where(row.tenant_id == tenant_id, row.status != "released")
    return await session.scalar(query) or 0


async def _find_shared_troubles(session: AsyncSession, tenant_id: UUID, *, now: datetime) -> list[RecentTrouble]:
    since = now - WINDOW
    domain, mail = CustomDomainRow, MailRow
    domains = (
        select(domain.updated_at, domain.hostname, domain.problem)
        .where(domain.tenant_id == tenant_id, domain.status.in_(["failed", "suspended"]))
        .order_by(domain.created_at.desc())
        .limit(MOST_TROUBLES)
    )
    mails = (
        select(mail.created_at, mail.kind, mail.error)
        .where(mail.tenant_id == tenant_id, mail.status == "failed", mail.created_at > since)
        .order_by(mail.created_at.desc())
        .limit(MOST_TROUBLES)
    )
    found = [
        RecentTrouble(kind="domain", at=at, about=hostname, detail=problem or "The domain is not served.")
        for at, hostname, problem in await session.execute(domains)
    ]
    found += [
        RecentTrouble(kind="mail", at=at, about=kind, detail=error or "The mail was not taken.")
        for at, kind, error in await session.execute(mails)
    ]
    return found + await _find_refusals(session, tenant_id, since=since)


async def _find_refusals(session: AsyncSession, tenant_id: UUID, *, since: datetime) -> list[RecentTrouble]:
    """What the business's people were refused; of the trail no more than that: the rest takes a permission."""
    row = AuditEntryRow
    latest = (
        select(row.at, row.event, row.result, row.reason)
        .where(row.chain_id == tenant_id)
        .order_by(row.seq.desc())
        .limit(MOST_LOOKED_AT)
        .subquery()
    )
    refused = (
        select(latest.c.at, latest.c.event, latest.c.reason)
        .where(latest.c.result == Result.DENIED, latest.c.event.in_(_REFUSALS), latest.c.at > since)
        .order_by(latest.c.at.desc())
        .limit(MOST_TROUBLES)
    )
    return [
        RecentTrouble(kind="refusal", at=at, about=event, detail=reason or "It was refused.")
        for at, event, reason in await session.execute(refused)
    ]
