"""Looking for the records of domains: by the worker, with no transaction open while it waits for answers."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.domains import names
from app.domains.changes import become
from app.domains.lifecycle import UNPROVED, DomainStatus, Finding, after_check
from app.domains.records import check
from app.errors import Conflict, DomainNotFound
from app.integrations.dns import DnsUnavailable, Resolver
from app.models.public import CustomDomainRow, TenantRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

_LEASE = timedelta(minutes=2)
_OUTAGE_WAIT = timedelta(minutes=10)
_MOST = 50  # of one business at once

_log = logging.getLogger(__name__)


async def find_due(session: AsyncSession, *, now: datetime) -> list[UUID]:
    """The businesses of which a domain is to be checked; not those that are suspended."""
    due = select(CustomDomainRow.tenant_id).where(CustomDomainRow.next_check_at <= now)
    served = due.join(TenantRow, TenantRow.id == CustomDomainRow.tenant_id).where(TenantRow.status != "suspended")
    return list(await session.scalars(served.distinct()))


async def check_due(database: Database, resolver: Resolver, tenant: Tenant, *, root_domain: str, now: datetime) -> None:
    """Check the business's domains that are due, and note what comes of it, each by a transaction of its own.

    A resolver that cannot be asked says nothing about a domain: it is asked again in ten minutes.
    """
    schema = tenant.schema(Mode.LIVE)
    async with database.transaction(schema) as session:
        due = await _claim(session, tenant, now=now)
    findings = await asyncio.gather(*[_look(resolver, row, root_domain) for row in due])
    for row, finding in zip(due, findings, strict=True):
        with suppress(Conflict):  # another business was faster with the same name: the next check finds it so
            async with database.transaction(schema) as session:
                await _note(session, tenant, row.id, finding, now=now)


async def _claim(session: AsyncSession, tenant: Tenant, *, now: datetime) -> list[CustomDomainRow]:
    row = CustomDomainRow
    due = select(row).where(row.tenant_id == tenant.id, row.next_check_at <= now).order_by(row.next_check_at, row.id)
    found = list((await session.scalars(due.limit(_MOST).with_for_update(skip_locked=True))).all())
    session.expunge_all()
    await session.execute(update(row).where(row.id.in_([each.id for each in found])).values(next_check_at=now + _LEASE))
    return found


async def _look(resolver: Resolver, row: CustomDomainRow, root_domain: str) -> Finding | DnsUnavailable | None:
    try:
        return await check(resolver, row, root_domain)
    except DnsUnavailable as outage:
        _log.warning("nothing is known of %s: %s", row.hostname, outage)
        return outage


async def _note(
    session: AsyncSession, tenant: Tenant, domain_id: UUID, finding: Finding | DnsUnavailable | None, *, now: datetime
) -> None:
    try:
        row = await names.require(session, tenant, domain_id, for_update=True)
    except DomainNotFound:
        return
    if row.status == DomainStatus.RELEASED:
        return
    if isinstance(finding, DnsUnavailable):
        row.next_check_at = now + _OUTAGE_WAIT
        return
    if finding is None and not await names.serve(session, tenant, row, now=now):
        finding = Finding.TAKEN
    row.problem, row.checked_at = finding, now
    before = DomainStatus(row.status)
    is_proved_now = row.verified_at is None and finding not in UNPROVED
    if is_proved_now:  # there is time anew to lead it here
        before, row.verified_at = DomainStatus.VERIFIED, now
    after = after_check(before, row.failures, finding, since=row.verified_at or row.created_at, now=now)
    row.failures, row.next_check_at = after.failures, after.next_check_at
    if is_proved_now:
        await become(session, row, DomainStatus.VERIFIED, now=now)
    if after.status != row.status:
        if after.status is DomainStatus.ACTIVE:
            row.activated_at = now
        elif before is DomainStatus.ACTIVE:
            await names.stop_serving(session, tenant, row)
        await become(session, row, after.status, now=now)
