"""A business's own host names: added, shown, made the first, let go."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import contains, is_among, was_changed
from app.db.invalidation import announce
from app.db.pages import Orders, find_page
from app.domains.changes import become, tell
from app.domains.hostnames import normalize
from app.domains.lifecycle import QUARANTINE, DomainStatus
from app.domains.schemas import DomainCreate, DomainFilters
from app.errors import DomainNotFound, DomainTaken, InvalidTransition, InvalidValue, ValidationFailed
from app.events.catalogue import EventType
from app.events.wakeups import wake
from app.models.public import CustomDomainRow, DomainRow, TenantRow
from app.subscriptions.limits import require_room
from app.subscriptions.tiers import Limit, find_all
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

CHECK = "domains.check"

_ORDERS: Orders = {
    "hostname": CustomDomainRow.hostname,
    "created_at": CustomDomainRow.created_at,
    "updated_at": CustomDomainRow.updated_at,
}


async def add(
    session: AsyncSession, tenant: Tenant, data: DomainCreate, *, root_domain: str, now: datetime
) -> CustomDomainRow:
    """Begin to bring a host name. Its records are looked for from now on.

    Raises ValidationFailed for what is no name, or the platform's; DomainTaken for one that another business has, or
    had until lately, or that this one has named already; TierLimit for more than the subscription covers.
    """
    try:
        hostname = normalize(data.hostname, root_domain=root_domain)
    except InvalidValue as error:
        raise ValidationFailed(errors=[error.at("/hostname")]) from error
    await _require_room(session, tenant)
    await _require_free(session, tenant, hostname, now=now)
    row = CustomDomainRow(
        id=uuid7(),
        tenant_id=tenant.id,
        hostname=hostname,
        status=DomainStatus.PENDING,
        token=secrets.token_hex(20),
        is_primary=False,
        problem=None,
        failures=0,
        next_check_at=now,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    await session.flush()
    record(session, AuditEvent.DOMAIN_ADDED, about=Subject("domain", row.id), diff=changed({}, {"hostname": hostname}))
    tell(session, EventType.DOMAIN_ADDED, row, now=now)
    wake(session, tenant.schema(Mode.LIVE), CHECK)
    return row


async def find(session: AsyncSession, tenant: Tenant, filters: DomainFilters) -> Page[CustomDomainRow]:
    """A page of the business's domains. Raises CursorInvalid."""
    row = CustomDomainRow
    unreleased = [status for status in DomainStatus if status is not DomainStatus.RELEASED]
    query = select(row).where(
        row.tenant_id == tenant.id,
        is_among(row.status, filters.status or (() if filters.ids else unreleased)),
        contains(filters.q, row.hostname),
        was_changed(filters, row.created_at, row.updated_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)


async def require(
    session: AsyncSession, tenant: Tenant, domain_id: UUID, *, for_update: bool = False
) -> CustomDomainRow:
    """One of the business's domains. Raises DomainNotFound."""
    query = select(CustomDomainRow).where(CustomDomainRow.id == domain_id, CustomDomainRow.tenant_id == tenant.id)
    row = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if row is None:
        raise DomainNotFound("There is no domain {domain_id}.", params={"domain_id": domain_id})
    return row


async def ask_for_check(session: AsyncSession, tenant: Tenant, domain_id: UUID, *, now: datetime) -> CustomDomainRow:
    """Have the records looked for at once. Raises DomainNotFound, and InvalidTransition for one that was let go."""
    row = await _lock_kept(session, tenant, domain_id)
    row.next_check_at = now
    wake(session, tenant.schema(Mode.LIVE), CHECK)
    return row


async def make_primary(session: AsyncSession, tenant: Tenant, domain_id: UUID, *, now: datetime) -> CustomDomainRow:
    """Have the business be known by this domain. Raises DomainNotFound, and InvalidTransition unless it is active."""
    row = await _lock_kept(session, tenant, domain_id)
    if row.status != DomainStatus.ACTIVE:
        raise InvalidTransition(
            "The domain is {status}; it would have to be {allowed}.",
            params={"status": row.status, "allowed": [DomainStatus.ACTIVE.value]},
        )
    if not row.is_primary:
        others = update(CustomDomainRow).where(CustomDomainRow.tenant_id == tenant.id, CustomDomainRow.is_primary)
        await session.execute(others.values(is_primary=False))
        row.is_primary, row.updated_at = True, now
        diff = changed({"is_primary": False}, {"is_primary": True})
        record(session, AuditEvent.DOMAIN_MADE_PRIMARY, about=Subject("domain", row.id), diff=diff)
        tell(session, EventType.DOMAIN_UPDATED, row, now=now)
    return row


async def release(session: AsyncSession, tenant: Tenant, domain_id: UUID, *, now: datetime) -> None:
    """Let a domain go: nothing is served there from now on. Doing it again changes nothing. Raises DomainNotFound."""
    row = await require(session, tenant, domain_id, for_update=True)
    if row.status == DomainStatus.RELEASED:
        return
    await stop_serving(session, tenant, row)
    row.is_primary, row.next_check_at, row.released_at = False, None, now
    await become(session, row, DomainStatus.RELEASED, now=now)


async def serve(session: AsyncSession, tenant: Tenant, row: CustomDomainRow, *, now: datetime) -> bool:
    """Lead requests for the host to the business, in every process; False if it is another's."""
    holder = await session.scalar(select(DomainRow.tenant_id).where(DomainRow.hostname == row.hostname))
    if holder is None:
        domain = DomainRow(id=uuid7(), hostname=row.hostname, kind="custom", tenant_id=tenant.id, created_at=now)
        session.add(domain)
        await session.flush()
        announce(session, tenant.tag)
    return holder in {None, tenant.id}


async def stop_serving(session: AsyncSession, tenant: Tenant, row: CustomDomainRow) -> None:
    """Lead no more requests for the host anywhere, in any process."""
    served = delete(DomainRow).where(
        DomainRow.hostname == row.hostname, DomainRow.kind == "custom", DomainRow.tenant_id == tenant.id
    )
    await session.execute(served)
    announce(session, tenant.tag)


async def _require_room(session: AsyncSession, tenant: Tenant) -> None:
    # Whoever adds one at the same time waits here, and then counts ours.
    tier = await session.scalar(select(TenantRow.subscription_tier).where(TenantRow.id == tenant.id).with_for_update())
    tiers = await find_all(session)
    kept = (CustomDomainRow.tenant_id == tenant.id, CustomDomainRow.status != DomainStatus.RELEASED)
    used = await session.scalar(select(func.count()).select_from(CustomDomainRow).where(*kept)) or 0
    require_room(Limit.DOMAINS, used, tiers[tier or tenant.subscription_tier], tiers)


async def _require_free(session: AsyncSession, tenant: Tenant, hostname: str, *, now: datetime) -> None:
    row = CustomDomainRow
    query = select(row.tenant_id, row.status, row.released_at).where(row.hostname == hostname)
    for tenant_id, status, released_at in await session.execute(query):
        is_own = tenant_id == tenant.id
        if is_own and status != DomainStatus.RELEASED:
            raise DomainTaken("You have added this domain already.")
        if not is_own and status in {DomainStatus.ACTIVE, DomainStatus.SUSPENDED}:
            raise DomainTaken
        if not is_own and released_at is not None and now - released_at < QUARANTINE:
            days = (released_at + QUARANTINE - now).days + 1
            raise DomainTaken(
                "Another business has let this domain go lately. It is free in {days} days.", params={"days": days}
            )


async def _lock_kept(session: AsyncSession, tenant: Tenant, domain_id: UUID) -> CustomDomainRow:
    row = await require(session, tenant, domain_id, for_update=True)
    if row.status == DomainStatus.RELEASED:
        raise InvalidTransition(
            "The domain is {status}; it would have to be {allowed}.",
            params={"status": row.status, "allowed": sorted({*DomainStatus} - {DomainStatus.RELEASED})},
        )
    return row
