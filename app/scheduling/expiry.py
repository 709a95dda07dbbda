"""Holds and requests whose time is up: reads show them as expired at once, this makes it so."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.scheduling import appointments, freeing
from app.scheduling.context import SchedulingContext


async def expire_due(session: AsyncSession, context: SchedulingContext, *, limit: int) -> int:
    """Mark up to `limit` of them, free what they keep, offer it to who waits, and tell of it; how many there were.

    Those that somebody is changing right now are left for the next time.
    """
    rows = await appointments.expire(session, context, limit=limit)
    await freeing.release(session, context, rows)
    return len(rows)
