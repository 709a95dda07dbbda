"""The one place that says no for a subscription's sake."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Sentence, TierLimit
from app.models.public import InvitationRow, TenantRow, UserRow
from app.subscriptions.tiers import Limit, Tier, Tiers, find_all
from app.tenancy.tenant import Tenant

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
}


def require_room(limit: Limit, used: int, tier: Tier, tiers: Tiers) -> None:
    """See that the tier covers one more beside those used. Raises TierLimit, which names the greater tiers that do."""
    allowed = tier.allowance(limit)
    if allowed is None or used < allowed:
        return
    lifted_by = [other.name for other in tiers.values() if other.rank > tier.rank and _covers(other, limit, used)]
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
    local = now.astimezone(ZoneInfo(tenant.timezone))
    midnight = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return BookingQuota(tier, tiers, allowed, since=midnight)


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


def _covers(tier: Tier, limit: Limit, used: int) -> bool:
    allowed = tier.allowance(limit)
    return allowed is None or used < allowed
