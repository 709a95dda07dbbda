"""How a job comes to its tenant: by one wrapper, which refuses to run without tenant and mode."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from arq.worker import Function, func

from app.core.clock import utcnow
from app.errors import TenantNotFound, TenantSuspended
from app.mail.postman import Postman
from app.runtime import Runtime
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.webhooks.drain import Dispatcher

_TIMEOUT_SECONDS = 60
_log = logging.getLogger(__name__)


class JobRefused(Exception):
    """A job was enqueued without saying for which tenant and mode."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What all jobs of a worker process share."""

    runtime: Runtime
    dispatcher: Dispatcher
    postman: Postman


@dataclass(frozen=True, slots=True)
class TenantJob:
    """A job for one tenant in one mode."""

    worker: WorkerState
    tenant: Tenant
    mode: Mode


def tenant_job(name: str, work: Callable[[TenantJob], Awaitable[None]]) -> Function:
    """Make arq's function of a job that is enqueued as `(name, tenant id, mode)`.

    A tenant that is suspended, ended or gone is left alone. Raises JobRefused without a tenant id and a mode.
    """

    async def run(ctx: dict[Any, Any], *args: Any, **_kwargs: Any) -> None:
        worker: WorkerState = ctx["worker"]
        try:
            tenant_id, mode = args
            tenant = await worker.runtime.hosts.require(UUID(tenant_id), now=utcnow())
            job = TenantJob(worker, tenant, Mode(mode))
        except ValueError as error:
            raise JobRefused(f"{name} needs a tenant's id and a mode, not {args!r}") from error
        except (TenantNotFound, TenantSuspended) as reason:
            _log.info("%s is not run for tenant %s: %s", name, tenant_id, reason.title())
            return
        await work(job)

    return func(run, name=name, timeout=_TIMEOUT_SECONDS, keep_result=0)
