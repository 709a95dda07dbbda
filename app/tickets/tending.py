"""What time alone brings about at a desk: promises that are not kept, and tickets that are over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.conditions import Column
from app.events.catalogue import EventType
from app.models.tenant import TicketRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.tickets import notices, settings
from app.tickets.changes import become, count_change, tell
from app.tickets.criteria import is_overdue
from app.tickets.lifecycle import TicketStatus


async def close_resolved(session: AsyncSession, *, now: datetime, most: int) -> None:
    """Close what was resolved so long ago that nobody comes back to it, as the settings say."""
    days = (await settings.read(session)).auto_close_days
    if days is None:
        return
    row = TicketRow
    over = select(row).where(row.status == TicketStatus.RESOLVED, row.resolved_at <= now - timedelta(days=days))
    for each in await _lock(session, over.order_by(row.resolved_at, row.id), most):
        become(each, TicketStatus.CLOSED, now=now)
        count_change(each, now=now)
        tell(session, EventType.TICKET_STATUS_CHANGED, each)


async def tell_overdue(session: AsyncSession, tenant: Tenant, mode: Mode, *, now: datetime, most: int) -> None:
    """Tell of each ticket that was to be answered or resolved by now: once for either."""
    row = TicketRow
    is_untold = or_(
        row.overdue_told_at.is_(None),
        _came_due(row.first_response_due_at, now) & row.first_responded_at.is_(None),
        _came_due(row.resolution_due_at, now),
    )
    late = await _lock(session, select(row).where(is_overdue(now), is_untold).order_by(row.id), most)
    for each in late:
        each.overdue_told_at = now
        count_change(each, now=now)
        tell(session, EventType.TICKET_OVERDUE, each)
        await notices.tell_overdue(session, tenant, mode, each, now=now)


def _came_due(due_at: Column, now: datetime) -> ColumnElement[bool]:
    """It was due after the ticket was last told of, and by now."""
    return and_(due_at > TicketRow.overdue_told_at, due_at <= now)


async def _lock(session: AsyncSession, query: Select[tuple[TicketRow]], most: int) -> Sequence[TicketRow]:
    """Those that somebody is changing right now are left for the next time."""
    return (await session.scalars(query.limit(most).with_for_update(skip_locked=True))).all()
