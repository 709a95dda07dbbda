"""What is remembered of jobs that fail."""

import asyncio
from typing import Any

import pytest
from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import func

from app.core.clock import utcnow
from app.workers.failures import watched
from app.workers.jobs import WorkerState


async def _break(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    raise ValueError(f"{ctx['job_id']} is out of ideas")


async def _hang(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    assert ctx
    await asyncio.Event().wait()


async def _work(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    assert ctx


def context(state: WorkerState) -> dict[str, Any]:
    return {"worker": state, "job_id": "job:1", "job_try": 2}


@pytest.mark.usefixtures("redis")
class TestWatched:
    async def test_keeps_what_failed_and_why(self, state: WorkerState) -> None:
        with pytest.raises(ValueError, match="out of ideas"):
            await watched(func(_break, name="breaking")).coroutine(context(state), "tenant")
        found = await state.runtime.queue.state(now=utcnow())
        assert found is not None
        (failure,) = found.failures
        assert (failure.job, failure.job_id, failure.attempt) == ("breaking", "job:1", 2)
        assert failure.reason == "ValueError: job:1 is out of ideas"
        assert failure.failed_at <= utcnow()

    async def test_keeps_those_of_jobs_by_the_clock_too(self, state: WorkerState) -> None:
        with pytest.raises(ValueError, match="out of ideas"):
            await watched(cron(_break, name="clockwork", minute=1)).coroutine(context(state))
        found = await state.runtime.queue.state(now=utcnow())
        assert found is not None
        assert [failure.job for failure in found.failures] == ["clockwork"]

    async def test_keeps_that_one_took_too_long(self, state: WorkerState) -> None:
        with pytest.raises(TimeoutError):
            await watched(func(_hang, name="hanging", timeout=2.6)).coroutine(context(state))
        found = await state.runtime.queue.state(now=utcnow())
        assert found is not None
        assert [failure.reason for failure in found.failures] == ["TimeoutError: "]

    async def test_has_nothing_to_say_of_one_that_works(self, state: WorkerState, redis: ArqRedis) -> None:
        await watched(func(_work, name="working")).coroutine(context(state))
        assert await redis.keys("*failures*") == []
