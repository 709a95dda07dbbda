"""Files: what is due to be removed, of each business and of those that are no more."""

from typing import Any

from arq.cron import CronJob, cron

from app.core.clock import utcnow
from app.media import cleaning
from app.workers.jobs import TenantJob, WorkerState, tenant_job

PURGE = "media.purge"

_TIMEOUT_SECONDS = 240
_MINUTES = set(range(2, 60, 5))


async def _clean(job: TenantJob) -> None:
    runtime = job.worker.runtime
    await cleaning.clean(runtime.database, runtime.storage, job.tenant.schema(job.mode), now=utcnow())


async def purge(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    """Remove what businesses have left behind that were erased, and sandboxes that were begun anew."""
    worker: WorkerState = ctx["worker"]
    await cleaning.purge(worker.runtime.database, worker.runtime.storage, now=utcnow())


clean = tenant_job(cleaning.CLEAN, _clean)


def every_five_minutes() -> CronJob:
    """The purge as arq's cron job, run by one of the workers."""
    return cron(purge, name=PURGE, minute=_MINUTES, second=15, timeout=_TIMEOUT_SECONDS, unique=True)
