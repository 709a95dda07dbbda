"""What one process changes, another one's cache forgets; and a cache that nobody could tell is not used."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text

from app.core.cache import TaggedCache
from app.db.engine import make_engine
from app.db.invalidation import Invalidation, announce
from app.db.session import Database
from app.settings import Settings


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in another task or process; the test's own time limit ends a vain wait."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 — what is waited for lies in another connection
            await asyncio.sleep(0.005)


class Process:
    """One process of several: its own pool, cache and listening connection."""

    def __init__(self, settings: Settings) -> None:
        self.cache: TaggedCache[str] = TaggedCache()
        self.invalidation = Invalidation(self.cache, settings.listen_url)
        engine = make_engine(settings.database_url, pool_size=1)
        self.database = Database(engine, listeners=[self.invalidation])

    async def remember(self) -> None:
        async def load() -> tuple[str, tuple[str, ...]]:
            return "remembered", ("thing:1",)

        await self.cache.get("key", load)

    async def remembers(self) -> bool:
        async def load() -> None:
            return None

        return await self.cache.get("key", load) is not None

    async def close(self) -> None:
        await self.invalidation.stop()
        await self.database.close()


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[list[Process]]:
    started = [Process(settings) for _ in range(2)]
    for process in started:
        await process.invalidation.start()
        await until(lambda each=process: each.cache.enabled)  # type: ignore[misc] # mypy cannot infer the default
        await process.remember()
    yield started
    for process in started:
        await process.close()


class TestAnnounce:
    async def test_reaches_this_process_with_the_commit_and_others_soon_after(self, processes: list[Process]) -> None:
        here, there = processes
        async with here.database.transaction() as session:
            announce(session, "thing:1")
            assert await here.remembers()
        assert not await here.remembers()
        async with asyncio.timeout(10):
            while await there.remembers():  # noqa: ASYNC110 — what is waited for lies in another connection
                await asyncio.sleep(0.001)

    async def test_a_change_that_was_rolled_back_is_not_announced(self, processes: list[Process]) -> None:
        here, there = processes
        with pytest.raises(ZeroDivisionError):
            async with here.database.transaction() as session:
                announce(session, "thing:1")
                await session.execute(text("SELECT 1"))
                raise ZeroDivisionError
        assert await here.remembers()
        assert await there.remembers()


class TestListening:
    async def test_a_lost_connection_empties_the_cache_until_it_is_back(self, processes: list[Process]) -> None:
        here, there = processes
        async with there.database.transaction() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )
        async with asyncio.timeout(10):  # it may be back too soon to be seen away: what it forgets stays forgotten
            while await here.remembers():  # noqa: ASYNC110 — what is waited for lies in another connection
                await asyncio.sleep(0.001)
        await until(lambda: here.cache.enabled)
        await here.remember()
        assert await here.remembers()

    async def test_understands_what_the_address_says_of_tls(self, settings: Settings) -> None:
        cache: TaggedCache[str] = TaggedCache()
        invalidation = Invalidation(cache, f"{settings.listen_url}&ssl=disable")
        await invalidation.start()
        await until(lambda: cache.enabled)
        await invalidation.stop()

    async def test_a_database_that_is_away_is_waited_for(self, settings: Settings) -> None:
        cache: TaggedCache[str] = TaggedCache()
        invalidation = Invalidation(cache, settings.listen_url.replace("?host=", "?host=/nowhere"))
        await invalidation.start()
        await asyncio.sleep(0)
        assert not cache.enabled
        await invalidation.stop()
