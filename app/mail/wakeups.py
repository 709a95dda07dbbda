"""Waking the worker for mails: as for webhooks, once shortly after the commit for certain, and once at it for speed."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.integrations.queue import JobQueue

SEND = "mail.send"

_AWAITING = "mails"
_BACKSTOP = timedelta(seconds=2)


def wake(session: AsyncSession) -> None:
    """Have what is due sent when (and only if) the transaction commits."""
    session.info[_AWAITING] = True


class MailWakeups:
    """Enqueues the sending of what a transaction wrote."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    async def before_commit(self, session: AsyncSession) -> None:
        """Enqueue a job that starts after the commit even if this process dies right behind it."""
        if _AWAITING in session.info:
            now = utcnow()
            second_end = (now + _BACKSTOP).replace(microsecond=0) + timedelta(seconds=1)
            await self._queue.enqueue(SEND, job_id=f"{SEND}:{second_end.timestamp():.0f}", delay=second_end - now)

    async def after_commit(self, session: AsyncSession) -> None:
        """Enqueue one at once. Should another be ending just now, the later one covers what it missed."""
        if session.info.pop(_AWAITING, False):
            await self._queue.enqueue(SEND, job_id=SEND)
