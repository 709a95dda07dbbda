"""Waking the worker: once shortly after the commit for certain, and once at the commit for speed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.integrations.queue import JobQueue
from app.tenancy.mode import Mode

DRAIN = "webhooks.drain"

_AWAITING = "outboxes"
_BACKSTOP = timedelta(seconds=2)


def wake(session: AsyncSession, tenant_id: UUID, mode: Mode) -> None:
    """Have this outbox drained when (and only if) the transaction commits."""
    session.info.setdefault(_AWAITING, set()).add((tenant_id, mode))


class OutboxWakeups:
    """Enqueues the drain of each outbox that a transaction wrote to."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    async def before_commit(self, session: AsyncSession) -> None:
        """Enqueue a drain that starts after the commit even if this process dies right behind it.

        Its id names the second it is due in, so a burst shares one; it is due at that second's end, so that whoever
        shares it has committed by then.
        """
        for tenant_id, mode in session.info.get(_AWAITING, ()):
            now = utcnow()
            due = (now + _BACKSTOP).replace(microsecond=0) + timedelta(seconds=1)
            job_id = f"{DRAIN}:{tenant_id}:{mode}:{due.timestamp():.0f}"
            await self._queue.enqueue(DRAIN, str(tenant_id), mode, job_id=job_id, delay=due - now)

    async def after_commit(self, session: AsyncSession) -> None:
        """Enqueue a drain at once. One that already waits is enough; the backstop covers one that is ending."""
        for tenant_id, mode in session.info.pop(_AWAITING, ()):
            await self._queue.enqueue(DRAIN, str(tenant_id), mode, job_id=f"{DRAIN}:{tenant_id}:{mode}")
