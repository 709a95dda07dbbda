import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from socket import AF_UNIX, socket

import pytest

from app.core.gcra import Quota
from app.core.ids import uuid7
from app.integrations.buckets import Buckets, LocalBuckets, RedisBuckets, SharedBuckets
from tests.core.test_gcra import CAME, FIVE_A_SECOND_APART, STANDINGS

NEVER_AGAIN = Quota(1, seconds=86_400)
NOON = 1_795_000_000_000_000


@pytest.fixture
async def shared(valkey_url: str) -> AsyncIterator[RedisBuckets]:
    buckets = RedisBuckets(valkey_url)
    yield buckets
    await buckets.close()


@pytest.fixture(params=["local", "redis"])
def buckets(request: pytest.FixtureRequest, shared: RedisBuckets) -> Buckets:
    return LocalBuckets() if request.param == "local" else shared


class TestBuckets:
    async def test_keep_to_the_table(self, buckets: Buckets) -> None:
        key = uuid7().hex
        assert [await buckets.charge(key, FIVE_A_SECOND_APART, now=NOON + at) for at in CAME] == STANDINGS

    async def test_are_apart(self, buckets: Buckets) -> None:
        first, second = uuid7().hex, uuid7().hex
        assert (await buckets.charge(first, NEVER_AGAIN)).is_allowed
        assert (await buckets.charge(second, NEVER_AGAIN)).is_allowed
        assert not (await buckets.charge(first, NEVER_AGAIN)).is_allowed

    async def test_let_no_more_in_than_there_is_room_for(self, buckets: Buckets) -> None:
        key, quota = uuid7().hex, Quota(20, seconds=86_400)
        standings = await asyncio.gather(*[buckets.charge(key, quota) for _ in range(50)])
        assert sum(standing.is_allowed for standing in standings) == 20


class TestLocalBuckets:
    async def test_forget_the_fullest_first(self) -> None:
        buckets = LocalBuckets(most=10)
        assert (await buckets.charge("spent", NEVER_AGAIN, now=NOON)).is_allowed
        for number in range(100):
            await buckets.charge(f"passer-by {number}", Quota(1_000), now=NOON + number)
        assert not (await buckets.charge("spent", NEVER_AGAIN, now=NOON + 100)).is_allowed


class TestSharedBuckets:
    async def test_are_shared_by_processes(self, valkey_url: str) -> None:
        here, there, key = SharedBuckets(valkey_url), SharedBuckets(valkey_url), uuid7().hex
        assert (await here.charge(key, NEVER_AGAIN)).is_allowed
        assert not (await there.charge(key, NEVER_AGAIN)).is_allowed
        await here.close()
        await there.close()

    async def test_go_on_alone_while_redis_is_away(
        self, valkey_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "app.integrations.buckets")
        way, clock = tmp_path / "redis.sock", 0.0
        buckets = SharedBuckets(f"unix://{way}", monotonic=lambda: clock)
        key = uuid7().hex
        for expected in (True, False, False):
            assert (await buckets.charge(key, NEVER_AGAIN)).is_allowed is expected
        assert len(caplog.records) == 1
        way.symlink_to(valkey_url.removeprefix("unix://"))
        assert not (await buckets.charge(key, NEVER_AGAIN)).is_allowed  # it is not asked at once again
        clock = 2.0
        assert (await buckets.charge(key, NEVER_AGAIN)).is_allowed
        assert not (await buckets.charge(key, NEVER_AGAIN)).is_allowed
        assert [record.getMessage().split(";")[0] for record in caplog.records] == [
            "Redis is out of reach",
            "Redis is back",
        ]
        await buckets.close()

    async def test_do_not_wait_for_a_redis_that_hangs(self, tmp_path: Path) -> None:
        with closing(socket(AF_UNIX)) as silent:
            silent.bind(str(tmp_path / "redis.sock"))
            silent.listen()
            buckets = SharedBuckets(f"unix://{tmp_path / 'redis.sock'}")
            assert (await buckets.charge(uuid7().hex, NEVER_AGAIN)).is_allowed
            await buckets.close()
