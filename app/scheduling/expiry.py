"""Holds and requests whose time is up: reads show them as expired at once, this makes it so."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.catalogue import EventType
from app.models.tenant import AppointmentRow
from app.scheduling import appointments, claims
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import TEMPORARY, Status


async def expire_due(session: AsyncSession, context: SchedulingContext, *, limit: int) -> int:
    """Mark up to `limit` of them, free their slots and tell of it; how many there were.

    Those that somebody is changing right now are left for the next time.
    """
    due = (
        select(AppointmentRow)
        .where(AppointmentRow.status.in_(sorted(TEMPORARY)), AppointmentRow.expires_at <= context.now)
        .order_by(AppointmentRow.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(due)).all()
    if rows:
        await claims.release(session, rows)
    for row in rows:
        row.status = Status.EXPIRED
        appointments.record_change(session, context, row, EventType.APPOINTMENT_HOLD_EXPIRED)
    return len(rows)
