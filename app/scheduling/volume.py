"""How many bookings a business has made this month, counted no further than its subscription goes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, DateTime, Integer, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_uuid7
from app.subscriptions.limits import BookingQuota

# Ids begin with the instant they were made at, so the primary key finds those of the month, and says by itself whether
# there are as many as are covered. Only then the rows are read: what expired or was declined does not count, nor does
# what only moved an earlier booking. Ordered, so that a planner without statistics does not read the years before.
COUNT = """
SELECT CASE WHEN EXISTS (SELECT FROM appointments WHERE id >= :counted_from ORDER BY id OFFSET :spared LIMIT 1) THEN (
  SELECT count(*) FROM (
    SELECT FROM appointments
    WHERE id >= :counted_from AND rescheduled_from_id IS NULL AND status NOT IN ('declined', 'expired')
      AND (status NOT IN ('held', 'pending') OR expires_at > :now)
    ORDER BY id LIMIT :allowed
  ) counted
) ELSE 0 END
"""
"""How many count, of as many as are covered; zero while there are not even so many ids."""
BINDS: tuple[BindParameter[Any], ...] = (
    bindparam("counted_from", type_=Uuid()),
    bindparam("allowed", type_=Integer()),
    bindparam("spared", type_=Integer()),
)

_COUNT = text(COUNT).bindparams(*BINDS, bindparam("now", type_=DateTime(timezone=True)))


async def count_since(session: AsyncSession, since: datetime, *, most: int, now: datetime) -> int:
    """How many bookings made since then count against a subscription, counted no further than `most`."""
    values = {"counted_from": first_uuid7(since), "allowed": most, "spared": 0, "now": now}
    return int((await session.scalars(_COUNT, values)).one())


def parameters(quota: BookingQuota) -> dict[str, Any]:
    """The values of `BINDS`."""
    return {
        "counted_from": first_uuid7(quota.since),
        "allowed": quota.allowed,
        "spared": max(quota.allowed - 1, 0),
    }


async def require_room(session: AsyncSession, quota: BookingQuota | None, *, now: datetime) -> None:
    """See that the subscription covers one more booking this month, by a statement of its own. Raises TierLimit."""
    if quota is not None:
        used = (await session.scalars(_COUNT, parameters(quota) | {"now": now})).one()
        quota.require_room(used)
