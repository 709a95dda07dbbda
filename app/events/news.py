"""Telling whoever listens to a business's events, in any process, that there are new ones. What they are they read."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.integrations.broadcast import Broadcast
from app.tenancy.mode import Mode

_WRITTEN = "news"


def channel_of(tenant_id: UUID, mode: Mode) -> str:
    """Where the events of a business are told of."""
    return f"events:{tenant_id}:{mode}"


def spread(session: AsyncSession, tenant_id: UUID, mode: Mode) -> None:
    """Tell of what this transaction writes when (and only if) it commits. Only sandboxes are listened to."""
    if mode is Mode.SANDBOX:
        session.info.setdefault(_WRITTEN, set()).add(channel_of(tenant_id, mode))


class EventNews:
    """Calls the listeners of each outbox that a transaction wrote to."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast

    async def before_commit(self, session: AsyncSession) -> None:
        """Nothing: nobody hears of what may yet be rolled back."""

    async def after_commit(self, session: AsyncSession) -> None:
        """Call, once a channel."""
        for channel in session.info.pop(_WRITTEN, ()):
            await self._broadcast.call(channel)
