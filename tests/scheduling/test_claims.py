"""Claims on resources' time, on the database itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.errors import SlotTaken
from app.models.tenant import BlockRow, ClaimRow
from app.scheduling import claims
from app.scheduling.claims import NewClaim
from tests.scheduling.salon import Salon

START = datetime(2027, 2, 1, 10, tzinfo=UTC)
NOW = START - timedelta(hours=4)
HOUR = timedelta(hours=1)


@pytest.fixture
async def session(salon: Salon, app: FastAPI) -> AsyncIterator[AsyncSession]:
    """A transaction in the salon's sandbox."""
    async with app.state.database.transaction(salon.schema) as session:
        yield session


@pytest.fixture
async def resource(salon: Salon) -> UUID:
    return UUID(await salon.resource())


async def wanted(
    session: AsyncSession, resource_id: UUID, start_at: datetime = START, *, expires_at: datetime | None = None
) -> NewClaim:
    """An hour of a resource for a block."""
    block_id = uuid7()
    end_at = start_at + HOUR
    block = {"id": block_id, "resource_id": resource_id, "start_at": start_at, "end_at": end_at}
    await session.execute(insert(BlockRow).values(**block, reason="", created_at=NOW))
    return NewClaim(resource_id, start_at, end_at, block_id=block_id, expires_at=expires_at)


async def count(session: AsyncSession, resource_id: UUID) -> int:
    return len((await session.scalars(select(ClaimRow.id).where(ClaimRow.resource_id == resource_id))).all())


class TestTake:
    async def test_takes_time_that_is_free(self, session: AsyncSession, resource: UUID) -> None:
        assert await claims.take(session, [await wanted(session, resource)], now=NOW)
        assert await count(session, resource) == 1

    @pytest.mark.parametrize(("minutes", "is_free"), [(-60, True), (-59, False), (0, False), (59, False), (60, True)])
    async def test_refuses_exactly_what_overlaps(
        self, session: AsyncSession, resource: UUID, minutes: int, *, is_free: bool
    ) -> None:
        await claims.take(session, [await wanted(session, resource)], now=NOW)
        later = await wanted(session, resource, START + timedelta(minutes=minutes))

        assert await claims.take(session, [later], now=NOW) is is_free

    async def test_says_so_if_one_of_several_is_not_free(
        self, session: AsyncSession, salon: Salon, resource: UUID
    ) -> None:
        other = UUID(await salon.resource("Bob"))
        await claims.take(session, [await wanted(session, resource)], now=NOW)

        both = [await wanted(session, other), await wanted(session, resource)]

        assert not await claims.take(session, both, now=NOW)

    async def test_replaces_what_has_expired_and_nothing_else(self, session: AsyncSession, resource: UUID) -> None:
        hold = await wanted(session, resource, expires_at=NOW)
        elsewhere = await wanted(session, resource, START + 5 * HOUR, expires_at=NOW)
        await claims.take(session, [hold], now=NOW - HOUR)
        await claims.take(session, [elsewhere], now=NOW - HOUR)

        assert not await claims.take(session, [await wanted(session, resource)], now=NOW - timedelta(seconds=1))
        assert await claims.take(session, [await wanted(session, resource)], now=NOW)
        assert await count(session, resource) == 2


class TestLockResources:
    async def test_gives_back_those_in_use(self, session: AsyncSession, salon: Salon, resource: UUID) -> None:
        archived = UUID(await salon.resource("Bob"))
        await salon.desk.delete(f"/api/v1/resources/{archived}")

        assert await claims.lock_resources(session, [archived, resource, uuid7(), resource]) == {resource}


class TestConstraint:
    async def test_has_the_last_word(self, salon: Salon, app: FastAPI, resource: UUID) -> None:
        with pytest.raises(SlotTaken):
            async with app.state.database.transaction(salon.schema) as session:
                for _ in range(2):
                    claim = await wanted(session, resource)
                    during = Range(claim.start_at, claim.end_at)
                    values = {"id": uuid7(), "resource_id": resource, "during": during, "block_id": claim.block_id}
                    await session.execute(insert(ClaimRow).values(**values))
