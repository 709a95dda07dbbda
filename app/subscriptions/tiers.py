"""What each subscription covers, as rows of `public.tiers`."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import TaggedCache
from app.db.session import Database
from app.models.public import TierRow

TIERS_TAG = "tiers"
"""The cache tag of all tiers: they are few, and are read together."""


class Limit(StrEnum):
    """What a subscription bounds, named as in `params` of the problem tier-limit."""

    STAFF = "staff"
    BOOKINGS = "bookings_per_month"
    DOMAINS = "domains"
    STORAGE = "storage_megabytes"


@dataclass(frozen=True, slots=True)
class Tier:
    """What one subscription covers; None is no limit."""

    name: str
    rank: int
    max_staff: int | None
    bookings_per_month: int | None
    api_requests_per_minute: int
    max_domains: int | None
    retention_days: int
    storage_megabytes: int | None

    def allowance(self, limit: Limit) -> int | None:
        """How many of these it covers."""
        return {
            Limit.STAFF: self.max_staff,
            Limit.BOOKINGS: self.bookings_per_month,
            Limit.DOMAINS: self.max_domains,
            Limit.STORAGE: self.storage_megabytes,
        }[limit]


Tiers = dict[str, Tier]
"""All tiers by name, the least first."""

_ALL = select(
    TierRow.name,
    TierRow.rank,
    TierRow.max_staff,
    TierRow.bookings_per_month,
    TierRow.api_requests_per_minute,
    TierRow.max_domains,
    TierRow.retention_days,
    TierRow.storage_megabytes,
).order_by(TierRow.rank)


async def find_all(session: AsyncSession) -> Tiers:
    """Every tier as the database has it now."""
    return {row.name: Tier(*row) for row in await session.execute(_ALL)}


class TierDirectory:
    """Knows the tiers, remembering them until told that one changed."""

    def __init__(self, database: Database, cache: TaggedCache[Tiers]) -> None:
        self._database = database
        self._cache = cache

    async def all(self) -> Tiers:
        """Every tier by its name, the least first."""
        return await self._cache.get((TIERS_TAG,), self._load) or {}

    async def _load(self) -> tuple[Tiers, tuple[str, ...]]:
        async with self._database.transaction() as session:
            return await find_all(session), (TIERS_TAG,)
