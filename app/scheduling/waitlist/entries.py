"""Entries as they are kept: made, read, and changed with the appointments that come of them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import InvalidTransition, WaitlistEntryNotFound
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import AppointmentRow, WaitlistEntryRow
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import Status
from app.scheduling.schemas.waitlist import (
    EntryStatus,
    WaitlistEntryCreate,
    WaitlistEntryRead,
    WaitlistFilters,
    status_at,
)

SOURCE = "waitlist"
"""Where an appointment comes from that was offered."""

_ORDERS: Orders = {"created_at": WaitlistEntryRow.created_at, "updated_at": WaitlistEntryRow.updated_at}
_TOLD = {
    EntryStatus.WAITING: EventType.WAITLIST_JOINED,
    EntryStatus.OFFERED: EventType.WAITLIST_OFFERED,
    EntryStatus.ACCEPTED: EventType.WAITLIST_ACCEPTED,
    EntryStatus.EXPIRED: EventType.WAITLIST_EXPIRED,
    EntryStatus.LEFT: EventType.WAITLIST_LEFT,
}


async def add(session: AsyncSession, context: SchedulingContext, data: WaitlistEntryCreate) -> WaitlistEntryRow:
    """Put a customer at the end of the line."""
    row = WaitlistEntryRow(
        id=uuid7(),
        customer_id=data.customer_id,
        service_id=data.service_id,
        resource_ids=data.resource_ids,
        start_at=data.start,
        end_at=data.end,
        timezone=data.timezone or context.tenant.timezone,
        seats=data.seats,
        notes=data.notes,
        created_at=context.recorded_at,
    )
    session.add(row)
    become(session, context, row, EntryStatus.WAITING)
    await session.flush()
    return row


async def find(session: AsyncSession, context: SchedulingContext, filters: WaitlistFilters) -> Page[WaitlistEntryRead]:
    """A page of the entries. Raises CursorInvalid."""
    row = WaitlistEntryRow
    query = select(row).where(
        equals(row.service_id, filters.service_id),
        equals(row.customer_id, filters.customer_id),
        equals(row.appointment_id, filters.appointment_id),
        was_changed(filters, row.created_at, row.updated_at),
    )
    if filters.status:
        status = case((_is_past_its_time(context), EntryStatus.EXPIRED.value), else_=row.status)
        query = query.where(status.in_([each.value for each in filters.status]))
    found = await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)
    return found.holding([WaitlistEntryRead.of(each, now=context.now) for each in found.items])


async def require(session: AsyncSession, entry_id: UUID, *, for_update: bool = False) -> WaitlistEntryRow:
    """One entry; its appointment is locked before it, where both are. Raises WaitlistEntryNotFound."""
    row = await session.get(
        WaitlistEntryRow, entry_id, with_for_update=for_update or None, populate_existing=for_update
    )
    if row is None:
        raise WaitlistEntryNotFound("There is no waitlist entry {entry_id}.", params={"entry_id": entry_id})
    return row


def require_status(row: WaitlistEntryRow, context: SchedulingContext, *allowed: EntryStatus) -> None:
    """Raise InvalidTransition unless the entry has one of these statuses."""
    status = status_at(row, context.now)
    if status not in allowed:
        raise InvalidTransition(
            "The waitlist entry is {status}; it would have to be {allowed}.",
            params={"status": status, "allowed": sorted(allowed)},
        )


async def find_awaited(
    session: AsyncSession, context: SchedulingContext, *which: ColumnElement[bool]
) -> Sequence[UUID]:
    """The services that any of them waits for."""
    row = WaitlistEntryRow
    query = select(row.service_id).where(row.status == EntryStatus.WAITING, row.end_at > context.now, *which)
    return (await session.scalars(query.distinct().order_by(row.service_id))).all()


async def find_waiting(
    session: AsyncSession, context: SchedulingContext, *which: ColumnElement[bool], most: int
) -> Sequence[WaitlistEntryRow]:
    """Those of them that wait, the first in line first, for this transaction alone to change.

    Those that somebody is changing right now are left out.
    """
    row = WaitlistEntryRow
    query = select(row).where(row.status == EntryStatus.WAITING, row.end_at > context.now, *which)
    query = query.order_by(row.created_at, row.id).limit(most)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def follow(session: AsyncSession, context: SchedulingContext, rows: Collection[AppointmentRow]) -> None:
    """See that the entries of these appointments, which were on offer, say what has become of them."""
    offered = {row.id: row for row in rows if row.source == SOURCE}
    if not offered:
        return
    row = WaitlistEntryRow
    left_alone = row.status.in_([EntryStatus.ACCEPTED, EntryStatus.LEFT])
    query = select(row).where(row.appointment_id.in_(sorted(offered)), ~left_alone).order_by(row.id)
    for entry in await session.scalars(query.with_for_update()):
        has_expired = offered[entry.appointment_id or entry.id].status == Status.EXPIRED
        become(session, context, entry, EntryStatus.EXPIRED if has_expired else EntryStatus.ACCEPTED)


async def expire_waiting(session: AsyncSession, context: SchedulingContext, *, limit: int) -> None:
    """Mark those that have waited in vain, up to so many."""
    row = WaitlistEntryRow
    due = select(row).where(row.status == EntryStatus.WAITING, row.end_at <= context.now)
    rows = (await session.scalars(due.order_by(row.id).limit(limit).with_for_update(skip_locked=True))).all()
    for entry in rows:
        become(session, context, entry, EntryStatus.EXPIRED)


def become(session: AsyncSession, context: SchedulingContext, row: WaitlistEntryRow, to: EntryStatus) -> None:
    """Have a locked or a new entry be in this status, and tell of it."""
    row.status = to
    row.updated_at = context.recorded_at
    data = WaitlistEntryRead.of(row, now=context.now).model_dump()
    record(session, Event(_TOLD[to], context.recorded_at, row.id, data))


def _is_past_its_time(context: SchedulingContext) -> ColumnElement[bool]:
    """`status_at` in SQL."""
    row = WaitlistEntryRow
    return or_(
        and_(row.status == EntryStatus.WAITING, row.end_at <= context.now),
        and_(row.status == EntryStatus.OFFERED, row.expires_at <= context.now),
    )
