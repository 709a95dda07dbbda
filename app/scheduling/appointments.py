"""Appointments as they are kept: read, locked, annotated."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.patch import apply, changes
from app.errors import AppointmentNotFound, RevisionStale
from app.events.catalogue import EventType
from app.events.outbox import record
from app.models.tenant import AppointmentRow
from app.scheduling.appointment_events import event_of
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import TEMPORARY, Status
from app.scheduling.schemas.appointments import AppointmentUpdate
from app.scheduling.waitlist import entries


def etag_of(appointment: AppointmentRow) -> str:
    """The entity tag of an appointment as it is: its revision."""
    return f'"{appointment.revision}"'


async def require(session: AsyncSession, appointment_id: UUID) -> AppointmentRow:
    """One appointment. Raises AppointmentNotFound."""
    row = await session.get(AppointmentRow, appointment_id)
    if row is None:
        raise AppointmentNotFound(
            "There is no appointment {appointment_id}.", params={"appointment_id": appointment_id}
        )
    return row


async def find_times(session: AsyncSession, appointment_ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """When these appointments are, or were: `start_at`, `end_at`, `resource_ids`."""
    row = AppointmentRow
    query = select(row.id, row.start_at, row.end_at, row.resource_ids).where(row.id.in_(appointment_ids))
    return {found.id: found for found in await session.execute(query)}


async def lock(session: AsyncSession, appointment_id: UUID, expected: Collection[str] | None) -> AppointmentRow:
    """One appointment, for this transaction alone to change, if its entity tag is one of those expected.

    Locked before its resources are, always. Raises AppointmentNotFound and RevisionStale.
    """
    query = select(AppointmentRow).where(AppointmentRow.id == appointment_id).with_for_update()
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise AppointmentNotFound(
            "There is no appointment {appointment_id}.", params={"appointment_id": appointment_id}
        )
    if expected is not None and etag_of(row) not in expected:
        raise RevisionStale
    return row


async def update(
    session: AsyncSession,
    context: SchedulingContext,
    appointment_id: UUID,
    data: AppointmentUpdate,
    expected: Collection[str] | None,
) -> AppointmentRow:
    """Change the notes. Raises AppointmentNotFound and RevisionStale."""
    row = await lock(session, appointment_id, expected)
    if apply(row, changes(data)):
        record_change(session, context, row, EventType.APPOINTMENT_UPDATED)
    return row


async def expire(
    session: AsyncSession, context: SchedulingContext, *which: ColumnElement[bool], limit: int | None = None
) -> Sequence[AppointmentRow]:
    """Mark holds and requests whose time is up, of those meant, and tell of it; what they keep is still to be freed.

    Those that somebody is changing right now are left out.
    """
    due = (
        select(AppointmentRow)
        .where(AppointmentRow.status.in_(sorted(TEMPORARY)), AppointmentRow.expires_at <= context.now, *which)
        .order_by(AppointmentRow.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(due)).all()
    for row in rows:
        row.status = Status.EXPIRED
        record_change(session, context, row, EventType.APPOINTMENT_HOLD_EXPIRED)
    await entries.follow(session, context, rows)
    return rows


def record_change(session: AsyncSession, context: SchedulingContext, row: AppointmentRow, kind: EventType) -> None:
    """Count a change of a locked appointment as a new revision, and tell of it."""
    row.revision += 1
    row.updated_at = context.recorded_at
    record(session, event_of(kind, row, context))
