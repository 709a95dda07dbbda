"""The one place that says no for a subscription's sake."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Sentence, TierLimit
from app.models.public import InvitationRow, TenantRow, UserRow
from app.subscriptions.tiers import Limit, Tier, Tiers, find_all
from app.tenancy.tenant import Tenant

MEGABYTE = 1_000_000
STAFF_ROLES = ("TENANT_OWNER", "TENANT_MANAGER", "TENANT_STAFF")

_REACHED = {
    Limit.STAFF: Sentence(
        "The {tier} subscription covers {allowed} members of staff, and {used} are in use. "
        "Subscriptions that cover more: {lifted_by}."
    ),
    Limit.BOOKINGS: Sentence(
        "The {tier} subscription covers {allowed} bookings a month, and {used} are in use. "
        "Subscriptions that cover more: {lifted_by}."
    ),
    Limit.DOMAINS: Sentence(
        "The {tier} subscription covers {allowed} domains of its own, and {used} are in use. "
        "Subscriptions that cover more: {lifted_by}."
    ),
    Limit.STORAGE: Sentence(
        "The {tier} subscription covers {allowed} megabytes of files, and {used} are in use. "
        "Subscriptions that cover more: {lifted_by}."
    ),
}


def require_room(limit: Limit, used: int, tier: Tier, tiers: Tiers, *, more: int = 1) -> None:
    """See that the tier covers so many more beside those used. Raises TierLimit, which names the greater tiers that do.

    Without `more` it is one.
    """
    allowed = tier.allowance(limit)
    if _covers(tier, limit, used + more):
        return
    lifted_by = [
        other.name for other in tiers.values() if other.rank > tier.rank and _covers(other, limit, used + more)
    ]
    raise TierLimit(
        _REACHED[limit],
        params={"limit": limit, "allowed": allowed, "used": used, "tier": tier.name, "lifted_by": lifted_by},
    )


@dataclass(frozen=True, slots=True)
class BookingQuota:
    """How many bookings a business may make from the first of a month on. Whoever counts need not go any further."""

    tier: Tier
    tiers: Tiers
    allowed: int
    since: datetime

    def require_room(self, used: int) -> None:
        """See that one more is covered. Raises TierLimit."""
        require_room(Limit.BOOKINGS, used, self.tier, self.tiers)


def booking_quota(tenant: Tenant, tiers: Tiers, *, now: datetime) -> BookingQuota | None:
    """What the subscription covers in the month that the instant lies in, in the business's zone; None is no limit."""
    tier = tiers[tenant.subscription_tier]
    allowed = tier.allowance(Limit.BOOKINGS)
    if allowed is None:
        return None
    return BookingQuota(tier, tiers, allowed, since=start_of_month(tenant.timezone, now=now))


def start_of_month(timezone: str, *, now: datetime) -> datetime:
    """The first midnight of the month that the instant lies in, in that zone."""
    return now.astimezone(ZoneInfo(timezone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)


def history_since(tenant: Tenant, tiers: Tiers, *, now: datetime) -> datetime:
    """From when on what happened is kept: for as long as the subscription covers, or as the business wants if less."""
    covered = tiers[tenant.subscription_tier].retention_days
    return now - timedelta(days=min(covered, tenant.history_days or covered))


async def count_staff(
    session: AsyncSession, tenant_id: UUID, *, now: datetime, except_invitation: UUID | None = None
) -> int:
    """How many members of staff a business has: those who can log in, and the places kept by open invitations."""
    users = (
        select(func.count())
        .select_from(UserRow)
        .where(
            UserRow.tenant_id == tenant_id,
            UserRow.role.in_(STAFF_ROLES),
            UserRow.is_active,
            UserRow.is_sandbox.is_(False),
        )
    )
    invitations = (
        select(func.count())
        .select_from(InvitationRow)
        .where(
            InvitationRow.tenant_id == tenant_id,
            InvitationRow.role.in_(STAFF_ROLES),
            InvitationRow.accepted_at.is_(None),
            InvitationRow.revoked_at.is_(None),
            InvitationRow.expires_at > now,
            InvitationRow.id.is_distinct_from(except_invitation),
        )
    )
    return await session.scalar(select(users.scalar_subquery() + invitations.scalar_subquery())) or 0


async def require_staff_room(
    session: AsyncSession, tenant_id: UUID, *, now: datetime, except_invitation: UUID | None = None
) -> None:
    """See that the business's subscription covers one more member of staff. Raises TierLimit.

    To be asked before somebody is invited, let in again, or taken on. Whoever accepts an invitation has had its place
    already: name it as `except_invitation`. Two who ask at once queue, so that both cannot have the last place.
    """
    locked = select(TenantRow.subscription_tier).where(TenantRow.id == tenant_id).with_for_update(key_share=True)
    tier_name = (await session.scalars(locked)).one()
    tiers = await find_all(session)
    used = await count_staff(session, tenant_id, now=now, except_invitation=except_invitation)
    require_room(Limit.STAFF, used, tiers[tier_name], tiers)


async def require_storage(session: AsyncSession, tenant_id: UUID, used: Executable, more: int) -> None:
    """See that the business's subscription covers so many more bytes of files. Raises TierLimit.

    `used` counts the bytes in use. Those who ask at once queue, so that they cannot all have the last room.
    """
    locked = select(TenantRow.subscription_tier).where(TenantRow.id == tenant_id).with_for_update(key_share=True)
    tier_name = (await session.scalars(locked)).one()
    tiers = await find_all(session)
    tier = tiers[tier_name]
    if tier.storage_megabytes is None:
        return
    bytes_used = int(await session.scalar(used) or 0)
    megabytes = bytes_used // MEGABYTE
    require_room(Limit.STORAGE, megabytes, tier, tiers, more=-(-(bytes_used + more) // MEGABYTE) - megabytes)


def _covers(tier: Tier, limit: Limit, used: int) -> bool:
    allowed = tier.allowance(limit)
    return allowed is None or used <= allowed
