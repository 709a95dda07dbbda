import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.integrations.broadcast import Broadcast
from app.settings import Settings
from tests.receivers import eventually


@pytest.fixture
async def broadcast(settings: Settings) -> AsyncIterator[Broadcast]:
    made = Broadcast(settings.redis_url)
    yield made
    await made.close()


@pytest.fixture
async def other_process(settings: Settings) -> AsyncIterator[Broadcast]:
    made = Broadcast(settings.redis_url)
    yield made
    await made.close()


async def heard(called: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await called.wait()
    called.clear()


class TestBroadcast:
    async def test_reaches_the_listeners_of_its_channel_in_another_process(
        self, broadcast: Broadcast, other_process: Broadcast
    ) -> None:
        with broadcast.listening("a") as called, broadcast.listening("b") as other:
            await heard(called)
            await heard(other)
            await other_process.call("a")
            await heard(called)
            assert not other.is_set()

    async def test_reaches_one_that_joins_a_connection_that_stands(
        self, broadcast: Broadcast, other_process: Broadcast
    ) -> None:
        with broadcast.listening("a") as first:
            await heard(first)
            with broadcast.listening("b") as second, broadcast.listening("b") as third:
                await heard(second)
                await heard(third)
                await other_process.call("b")
                await heard(second)
                await heard(third)

    async def test_leaves_a_channel_with_its_last_listener(self, broadcast: Broadcast, settings: Settings) -> None:
        async with Redis.from_url(settings.redis_url) as redis:

            async def is_heard_of() -> bool:
                return bool(await redis.pubsub_channels("left"))

            async def is_left() -> bool:
                return not await is_heard_of()

            with broadcast.listening("stays") as called:
                await heard(called)
                with broadcast.listening("left"), broadcast.listening("left"):
                    await eventually(is_heard_of)
                await eventually(is_left)

    async def test_calls_everybody_once_the_connection_is_made_anew(
        self, broadcast: Broadcast, settings: Settings
    ) -> None:
        async with Redis.from_url(settings.redis_url) as redis:
            with broadcast.listening("a") as called:
                await heard(called)
                await redis.client_kill_filter(_type="pubsub", skipme=True)
                await heard(called)
                await broadcast.call("a")
                await heard(called)

    async def test_without_redis_costs_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        away = Broadcast("unix:///nowhere/redis.sock")
        with away.listening("a") as called:
            await away.call("a")
            assert not called.is_set()
        await away.close()
        assert "Redis is out of reach" in caplog.text
