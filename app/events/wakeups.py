"""Waking the worker: once shortly after the commit for certain, and once at the commit for speed.

A job's id is what makes it the only one of its kind: the queue takes no second job of an id that is waiting or running.
So a job at once is called by its outbox, and a later one also by the second it is due in. That way one that is
running never keeps out one that is to follow it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.integrations.queue import JobQueue
from app.tenancy.mode import Mode
from app.tenancy.tenant import TenantSchema

DRAIN = "webhooks.drain"
REPLAY = "webhooks.replay"

_AWAITING = "outboxes"
_BACKSTOP = timedelta(seconds=2)


def wake(session: AsyncSession, schema: TenantSchema, job: str = DRAIN) -> None:
    """Have this schema's outbox drained, or gone on with its replays, when (and only if) the transaction commits."""
    session.info.setdefault(_AWAITING, set()).add((job, schema.tenant_id, schema.mode))


async def run_now(queue: JobQueue, job: str, tenant_id: UUID, mode: Mode) -> None:
    """Have the job run for this outbox at once. One that already waits for a worker is enough."""
    await queue.enqueue(job, str(tenant_id), mode, job_id=f"{job}:{tenant_id}:{mode}")


async def run_later(queue: JobQueue, job: str, tenant_id: UUID, mode: Mode, due_at: datetime, *, now: datetime) -> None:
    """Have the job run at the end of the second in which it is due; all that is due in it shares one run."""
    second_end = due_at.replace(microsecond=0) + timedelta(seconds=1)
    job_id = f"{job}:{tenant_id}:{mode}:{second_end.timestamp():.0f}"
    await queue.enqueue(job, str(tenant_id), mode, job_id=job_id, delay=second_end - now)


class OutboxWakeups:
    """Enqueues the jobs of each outbox that a transaction wrote to."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    async def before_commit(self, session: AsyncSession) -> None:
        """Enqueue a job that starts after the commit even if this process dies right behind it."""
        for job, tenant_id, mode in session.info.get(_AWAITING, ()):
            now = utcnow()
            await run_later(self._queue, job, tenant_id, mode, now + _BACKSTOP, now=now)

    async def after_commit(self, session: AsyncSession) -> None:
        """Enqueue it at once. Should one be ending just now, the later one covers what it missed."""
        for job, tenant_id, mode in session.info.pop(_AWAITING, ()):
            await run_now(self._queue, job, tenant_id, mode)
