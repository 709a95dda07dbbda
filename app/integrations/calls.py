"""Calls that follow a commit: nobody hears of what may yet be rolled back."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.integrations.broadcast import Broadcast

_CALLED = "called"


def call_at_commit(session: AsyncSession, channel: str) -> None:
    """Call whoever listens to this channel when (and only if) this transaction commits."""
    session.info.setdefault(_CALLED, set()).add(channel)


class CommitCalls:
    """Makes the calls, once a channel. The request whose commit it was does not wait for them."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast

    async def before_commit(self, session: AsyncSession) -> None:
        """Nothing: nobody hears of what may yet be rolled back."""

    async def after_commit(self, session: AsyncSession) -> None:
        """Call."""
        for channel in session.info.pop(_CALLED, ()):
            self._broadcast.call_soon(channel)
