"""Webhook jobs."""

from app.events.wakeups import DRAIN
from app.workers.jobs import TenantJob, tenant_job


async def _drain(job: TenantJob) -> None:
    """Begin to send what is due. It ends at once, so that the next wake-up is never taken for one that is running."""
    job.worker.dispatcher.drain(job.tenant, job.mode)


drain = tenant_job(DRAIN, _drain)
