"""Demo accounts: they have a term, are refused when it is over, and are erased soon after."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.businesses import erasure
from app.errors import InvalidValue, ValidationFailed
from app.models.public import NotificationRow, TenantRow, UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind

TERM = timedelta(days=14)
LONGEST_TERM = timedelta(days=90)
WARNING = timedelta(days=3)
"""How long before the end its owners are told."""


def end_of_term(
    *, is_temporary: bool, wanted: datetime | None, known: datetime | None = None, now: datetime
) -> datetime | None:
    """When a demo account ends: as wanted, as known, or after a fortnight. None for a business that is no demo.

    Raises ValidationFailed for an end that lies in the past or too far ahead, or is wanted for a real business.
    """
    if wanted is None:
        return (known or (now + TERM).replace(microsecond=0)) if is_temporary else None
    if not is_temporary:
        raise _refused(InvalidValue("belongs to demo accounts only", code="demos-only"))
    if wanted <= now:
        raise _refused(InvalidValue("must lie in the future", code="in-the-past"))
    if wanted > now + LONGEST_TERM:
        raise _refused(InvalidValue("must lie within {days} days", code="too-far", params={"days": LONGEST_TERM.days}))
    return wanted


async def find_ended(session: AsyncSession, *, now: datetime) -> list[UUID]:
    """The demo accounts whose term is over."""
    return list(await session.scalars(select(TenantRow.id).where(TenantRow.demo_expires_at <= now)))


async def erase_ended(session: AsyncSession, tenant_id: UUID, *, now: datetime) -> bool:
    """Erase a demo account, unless it was extended meanwhile or somebody is at it; whether it was."""
    query = select(TenantRow.id).where(TenantRow.id == tenant_id, TenantRow.demo_expires_at <= now)
    if (await session.scalars(query.with_for_update(skip_locked=True))).one_or_none() is None:
        return False
    await erasure.erase(session, tenant_id, now=now)
    return True


async def warn_owners(session: AsyncSession, *, now: datetime) -> None:
    """Tell the owners of demo accounts that end soon, once."""
    told = (
        select(NotificationRow.id)
        .where(
            NotificationRow.user_id == UserRow.id,
            NotificationRow.kind == NotificationKind.DEMO_EXPIRING,
            NotificationRow.created_at > TenantRow.demo_expires_at - WARNING,
        )
        .exists()
    )
    owners = (
        select(UserRow.id, TenantRow.demo_expires_at)
        .join(TenantRow, TenantRow.id == UserRow.tenant_id)
        .where(
            TenantRow.demo_expires_at > now,
            TenantRow.demo_expires_at <= now + WARNING,
            UserRow.role == "TENANT_OWNER",
            UserRow.is_active,
            UserRow.is_sandbox.is_(False),
            ~told,
        )
    )
    for owner in (await session.execute(owners)).all():
        data = {"expires_at": owner.demo_expires_at}
        notify(session, owner.id, NotificationKind.DEMO_EXPIRING, data, now=now)


def _refused(end: InvalidValue) -> ValidationFailed:
    return ValidationFailed(errors=[end.at("/demo_expires_at")])
