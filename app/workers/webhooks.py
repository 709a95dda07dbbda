"""Webhook jobs."""

from datetime import timedelta

from app.core.clock import utcnow
from app.events.wakeups import DRAIN, REPLAY, run_later
from app.webhooks import replays
from app.workers.jobs import TenantJob, tenant_job

_PAUSE = timedelta(seconds=1)


async def _drain(job: TenantJob) -> None:
    """Begin to send what is due. It ends at once, so that the next wake-up is never taken for one that is running."""
    job.worker.dispatcher.drain(job.tenant, job.mode)


async def _replay(job: TenantJob) -> None:
    """Go on with the replays, and come again as long as there is something left of them."""
    runtime = job.worker.runtime
    async with runtime.database.transaction(job.tenant.schema(job.mode)) as session:
        is_unfinished = await replays.advance(session, now=utcnow())
    if is_unfinished:
        now = utcnow()
        await run_later(runtime.queue, REPLAY, job.tenant.id, job.mode, now + _PAUSE, now=now)


drain = tenant_job(DRAIN, _drain)
replay = tenant_job(REPLAY, _replay)
