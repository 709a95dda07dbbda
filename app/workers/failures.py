"""Jobs that fail are told to whoever looks at the back office, beside the log."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from arq.cron import CronJob
from arq.worker import Function

from app.core.clock import utcnow
from app.integrations.queue_state import Failure
from app.workers.jobs import WorkerState

Job = TypeVar("Job", Function, CronJob)

_TO_TELL_SECONDS = 2.5
"""Of a job's time kept back, so that one that takes too long is told of before arq ends it."""
_LONGEST_REASON = 500


def watched(job: Job) -> Job:
    """The job, which keeps a record of its failures: errors, and taking longer than it may."""
    work = cast("Callable[..., Awaitable[Any]]", job.coroutine)
    seconds = job.timeout_s - _TO_TELL_SECONDS if job.timeout_s else None

    async def run(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await work(ctx, *args, **kwargs)
        except Exception as error:
            worker: WorkerState = ctx["worker"]
            await worker.runtime.queue.keep_failure(_failure(job.name, ctx, error))
            raise

    return replace(job, coroutine=run)


def _failure(name: str, ctx: dict[Any, Any], error: Exception) -> Failure:
    return Failure(
        job=name,
        job_id=str(ctx.get("job_id", "")),
        attempt=int(ctx.get("job_try", 1)),
        failed_at=utcnow(),
        reason=f"{type(error).__name__}: {error}"[:_LONGEST_REASON],
    )
