"""Mail jobs. They belong to no business: mails are shared rows, and each says itself whose it is."""

from typing import Any

from arq.cron import CronJob, cron
from arq.worker import func

from app.core.clock import utcnow
from app.mail.delivery import forget
from app.mail.wakeups import SEND
from app.workers.jobs import WorkerState

SWEEP = "mail.sweep"

_TIMEOUT_SECONDS = 55
_SECOND = 30  # of the minute: half a minute off the sweep of the businesses


async def _send(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    """Begin to send what is due. It ends at once, so that the next wake-up is never taken for one that is running."""
    worker: WorkerState = ctx["worker"]
    worker.postman.go()


async def sweep(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    """Send what is due and nobody was woken for, retries above all, and forget what is old."""
    worker: WorkerState = ctx["worker"]
    worker.postman.go()
    async with worker.runtime.database.transaction() as session:
        await forget(session, now=utcnow())


send = func(_send, name=SEND, timeout=_TIMEOUT_SECONDS, keep_result=0)


def every_minute() -> CronJob:
    """The sweep as arq's cron job, for one of the workers."""
    return cron(sweep, name=SWEEP, second=_SECOND, timeout=_TIMEOUT_SECONDS, unique=True)
