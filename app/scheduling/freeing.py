"""Giving back what appointments keep, and to whom it goes next."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.tenant import AppointmentRow
from app.scheduling import claims, class_sessions
from app.scheduling.context import SchedulingContext
from app.scheduling.waitlist import offers


async def release(session: AsyncSession, context: SchedulingContext, rows: Sequence[AppointmentRow]) -> None:
    """Give back the time or the seats of these appointments, which must be locked, and offer them to who waits."""
    if rows:
        await claims.lock_resources(session, {resource_id for row in rows for resource_id in row.resource_ids})
        await give_back(session, context, rows)
        await offers.offer_freed(session, context, rows)


async def give_back(session: AsyncSession, context: SchedulingContext, rows: Sequence[AppointmentRow]) -> None:
    """Give the time or the seats of these appointments back. They and their resources must be locked."""
    alone = [row.id for row in rows if row.class_session_id is None]
    if alone:
        await claims.free(session, alone)
    await class_sessions.leave(session, context, rows)
