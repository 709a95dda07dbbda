"""Classes: several customers share a start of a service, and its resources are claimed once for all of them.

The first booking of a start opens a session, and the last one to leave closes it. A session's row is locked after the
appointments in it and after its resources.
"""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import ClassSessionNotFound
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import AppointmentRow, ClaimRow, ClassSessionRow, ServiceRow
from app.scheduling import appointments, claims
from app.scheduling.calendars import Offer
from app.scheduling.context import SchedulingContext
from app.scheduling.ranges import check_order
from app.scheduling.schemas.class_sessions import ClassSessionFilters, ClassSessionRead

OPEN, CLOSED = "open", "closed"
_ORDERS: Orders = {
    "start": ClassSessionRow.start_at,
    "created_at": ClassSessionRow.created_at,
    "updated_at": ClassSessionRow.updated_at,
}


async def find(session: AsyncSession, filters: ClassSessionFilters) -> Page[ClassSessionRow]:
    """A page of the sessions. Raises CursorInvalid, and ValidationFailed for an end before the start."""
    check_order(filters.start, filters.end)
    row = ClassSessionRow
    query = select(row).where(
        equals(row.status, filters.status),
        equals(row.service_id, filters.service_id),
        was_changed(filters, row.created_at, row.updated_at),
    )
    if filters.start is not None:
        query = query.where(row.start_at >= filters.start)
    if filters.end is not None:
        query = query.where(row.start_at < filters.end)
    if filters.resource_id is not None:
        query = query.where(row.resource_ids.contains([filters.resource_id]))
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)


async def require(session: AsyncSession, class_session_id: UUID) -> ClassSessionRow:
    """One session, closed or not. Raises ClassSessionNotFound."""
    row = await session.get(ClassSessionRow, class_session_id)
    if row is None:
        raise ClassSessionNotFound(
            "There is no class session {class_session_id}.", params={"class_session_id": class_session_id}
        )
    return row


async def join(session: AsyncSession, context: SchedulingContext, class_session_id: UUID, seats: int) -> bool:
    """Take seats in a session; False if it has too few left, or has closed.

    Seats that holds have kept beyond their time are not in the way.
    """
    row = await _lock(session, class_session_id)
    if row.status == OPEN and row.seats - row.seats_taken < seats:
        await _forget_expired(session, context, row)
    if row.status != OPEN or row.seats - row.seats_taken < seats:
        return False
    _seat(session, context, row, seats)
    return True


async def begin(
    session: AsyncSession, context: SchedulingContext, appointment: AppointmentRow, offer: Offer | ServiceRow
) -> bool:
    """Open a session for an appointment, which is then in it, and claim its resources.

    False if one is archived, or somebody has any of their time: then roll back.
    """
    active = await claims.lock_resources(session, appointment.resource_ids)
    if not active.issuperset(appointment.resource_ids):
        return False
    row = ClassSessionRow(
        id=uuid7(),
        service_id=appointment.service_id,
        resource_ids=appointment.resource_ids,
        start_at=appointment.start_at,
        end_at=appointment.end_at,
        seats=max(offer.capacity, appointment.seats),
        seats_taken=0,
        status=OPEN,
        created_at=context.recorded_at,
        updated_at=context.recorded_at,
    )
    session.add(row)
    await session.flush()
    wanted = claims.claims_of(row, offer.buffer_before_minutes, offer.buffer_after_minutes)
    if not await claims.take(session, wanted, now=context.now):
        return False
    appointment.class_session_id = row.id
    _seat(session, context, row, appointment.seats)
    return True


async def rejoin(
    session: AsyncSession, context: SchedulingContext, appointment: AppointmentRow, service: ServiceRow
) -> bool:
    """Take the seats of an appointment again that has left its session, or begin one if it has closed meanwhile.

    False if there are no such seats any more.
    """
    if appointment.class_session_id and await join(session, context, appointment.class_session_id, appointment.seats):
        return True
    return await begin(session, context, appointment, service)


async def leave(session: AsyncSession, context: SchedulingContext, rows: Sequence[AppointmentRow]) -> None:
    """Give the seats of appointments back, which must be locked, as must be their resources."""
    seats: Counter[UUID] = Counter()
    for row in rows:
        if row.class_session_id is not None:
            seats[row.class_session_id] += row.seats
    for class_session_id in sorted(seats):
        _unseat(session, context, shared := await _lock(session, class_session_id), seats[class_session_id])
        if shared.status == CLOSED:
            await session.execute(delete(ClaimRow).where(ClaimRow.class_session_id == class_session_id))


async def _lock(session: AsyncSession, class_session_id: UUID) -> ClassSessionRow:
    query = select(ClassSessionRow).where(ClassSessionRow.id == class_session_id).with_for_update(key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def _forget_expired(session: AsyncSession, context: SchedulingContext, row: ClassSessionRow) -> None:
    """Do what the sweep would do. What somebody is just changing keeps its seats."""
    expired = await appointments.expire(session, context, AppointmentRow.class_session_id == row.id)
    if expired:
        _unseat(session, context, row, sum(each.seats for each in expired), is_needed=True)


def _seat(session: AsyncSession, context: SchedulingContext, row: ClassSessionRow, seats: int) -> None:
    row.seats_taken += seats
    row.updated_at = context.recorded_at
    if row.seats_taken == row.seats:
        _tell(session, context, EventType.SESSION_FULL, row)


def _unseat(
    session: AsyncSession, context: SchedulingContext, row: ClassSessionRow, seats: int, *, is_needed: bool = False
) -> None:
    was_full = row.seats_taken == row.seats
    row.seats_taken -= seats
    row.updated_at = context.recorded_at
    if row.seats_taken == 0 and not is_needed:
        row.status = CLOSED
    if was_full:
        _tell(session, context, EventType.SESSION_SPOT_OPENED, row)


def _tell(session: AsyncSession, context: SchedulingContext, kind: EventType, row: ClassSessionRow) -> None:
    data = ClassSessionRead.model_validate(row).model_dump()
    record(session, Event(kind, context.recorded_at, row.id, data))
