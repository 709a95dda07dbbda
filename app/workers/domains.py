"""Domains: their records are looked for when somebody asks for it, and when the sweep finds that it is time."""

from app.core.clock import utcnow
from app.domains import checking, names
from app.workers.jobs import TenantJob, tenant_job


async def _check(job: TenantJob) -> None:
    runtime = job.worker.runtime
    root_domain = runtime.settings.root_domain
    await checking.check_due(runtime.database, runtime.resolver, job.tenant, root_domain=root_domain, now=utcnow())


check = tenant_job(names.CHECK, _check)
