"""Sending an endpoint once more what happened in a stretch of time, behind what happens meanwhile.

A worker puts some events at a time on the way, and more when they have been attempted. So what happens meanwhile never
waits for more than these, and a worker that dies is followed by another from the same place.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.arrays import array_of
from app.db.conditions import equals, is_within
from app.db.pages import Orders, find_page
from app.errors import FieldError, ReplayNotFound, ValidationFailed, WebhookEndpointDisabled
from app.events.matching import meets
from app.events.wakeups import REPLAY, wake
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow, WebhookReplayRow
from app.tenancy.tenant import home_of
from app.webhooks import endpoints, event_types
from app.webhooks.schemas import ReplayCreate, ReplayFilters, ReplayProgress, ReplayRead

MOST_WAITING = 200
"""How many deliveries of a replay may wait for their first attempt: so many an event of now may find before it."""

_RUNNING, _COMPLETED, _CANCELLED = "running", "completed", "cancelled"
_ORDERS: Orders = {"created_at": WebhookReplayRow.created_at}


async def create(
    session: AsyncSession, actor: Principal, endpoint_id: UUID, data: ReplayCreate, *, now: datetime
) -> ReplayRead:
    """Begin to send an endpoint what happened in that time.

    Raises WebhookEndpointNotFound, WebhookEndpointDisabled, ReplayRunning while another one is under way,
    PermissionDenied for events about what the caller may not read, and ValidationFailed for a time that ends before it
    starts.
    """
    endpoint = await endpoints.require(session, endpoint_id)
    if not endpoint.is_enabled:
        raise WebhookEndpointDisabled
    events = sorted(set(data.events or endpoint.events))
    event_types.require_readable(actor, events)
    until = data.until or now
    if until <= data.since:
        raise ValidationFailed(errors=[FieldError("/since", "must be before the end", code="not-before-end")])
    row = WebhookReplayRow(
        id=uuid7(),
        endpoint_id=endpoint_id,
        events=events,
        since=data.since,
        until=until,
        wanted=data.wanted,
        status=_RUNNING,
        passed=0,
        created_at=now,
    )
    sequence = EventRow.sequence
    bounds = (func.coalesce(func.min(sequence), 1) - 1, func.coalesce(func.max(sequence), 0))
    found = select(func.count(), *bounds).where(_is_meant(row))
    row.matching, row.position, row.last_sequence = (await session.execute(found)).one()
    session.add(row)
    await session.flush()  # another one that is running is found here
    wake(session, home_of(session), REPLAY)
    return _read(row, {})


async def find(session: AsyncSession, endpoint_id: UUID, filters: ReplayFilters) -> Page[ReplayRead]:
    """A page of the replays to an endpoint. Raises WebhookEndpointNotFound and CursorInvalid."""
    await endpoints.require(session, endpoint_id)
    query = select(WebhookReplayRow).where(
        WebhookReplayRow.endpoint_id == endpoint_id, equals(WebhookReplayRow.status, filters.status)
    )
    found = await find_page(session, query, filters, _ORDERS, by=WebhookReplayRow.id, ids=filters.ids)
    counts = await _counts(session, [row.id for row in found.items])
    return found.holding([_read(row, counts) for row in found.items])


async def read(session: AsyncSession, endpoint_id: UUID, replay_id: UUID) -> ReplayRead:
    """A replay and how far it is. Raises ReplayNotFound."""
    row = await _require(session, endpoint_id, replay_id)
    return _read(row, await _counts(session, [row.id]))


async def cancel(session: AsyncSession, endpoint_id: UUID, replay_id: UUID, *, now: datetime) -> ReplayRead:
    """End a replay; what it has put on the way is still sent. One that has ended stays so. Raises ReplayNotFound."""
    row = await _require(session, endpoint_id, replay_id, for_update=True)
    if row.status == _RUNNING:
        row.status, row.ended_at = _CANCELLED, now
    return _read(row, await _counts(session, [row.id]))


async def is_any_running(session: AsyncSession) -> bool:
    """Whether there is one to be gone on with."""
    running = select(WebhookReplayRow.id).where(WebhookReplayRow.status == _RUNNING)
    return await session.scalar(running.limit(1)) is not None


async def advance(session: AsyncSession, *, now: datetime) -> bool:
    """Put the next events of each running replay on the way; whether there is more to be done later.

    One that another worker is just going on with is left to it.
    """
    query = (
        select(WebhookReplayRow, WebhookEndpointRow.is_enabled)
        .join(WebhookEndpointRow, WebhookEndpointRow.id == WebhookReplayRow.endpoint_id)
        .where(WebhookReplayRow.status == _RUNNING)
        .order_by(WebhookReplayRow.id)
        .with_for_update(of=WebhookReplayRow, skip_locked=True)
    )
    running = (await session.execute(query)).all()
    for row, is_enabled in running:
        if not is_enabled:
            row.status, row.ended_at = _CANCELLED, now
        elif (room := MOST_WAITING - await _waiting(session, row)) > 0:
            await _put_on_the_way(session, row, room, now=now)
    return any(row.status == _RUNNING for row, _ in running)


async def _put_on_the_way(session: AsyncSession, row: WebhookReplayRow, room: int, *, now: datetime) -> None:
    ahead = select(EventRow.id, EventRow.sequence).where(_is_meant(row), EventRow.sequence <= row.last_sequence)
    # Locked, so that none of them is forgotten before its delivery is written.
    chosen = ahead.where(EventRow.sequence > row.position).order_by(EventRow.sequence).limit(room)
    found = (await session.execute(chosen.with_for_update(read=True, key_share=True))).all()
    if found:
        await _send_again(session, row, [event.id for event in found])
        row.position = found[-1].sequence
        row.passed += len(found)
        wake(session, home_of(session))
    if (await session.execute(ahead.where(EventRow.sequence > row.position).limit(1))).first() is None:
        row.status, row.ended_at = _COMPLETED, now


async def _send_again(session: AsyncSession, replay: WebhookReplayRow, event_ids: Sequence[UUID]) -> None:
    """Have what has ended begin anew, and what was never sent begin. What is on its way is left alone."""
    row, due_at = WebhookDeliveryRow, literal(utcnow(), DateTime(timezone=True))
    ended = ("failed",) if replay.wanted == "undelivered" else ("failed", "succeeded")
    held = (
        select(row.id)
        .where(
            row.endpoint_id == replay.endpoint_id,
            row.event_id == func.any(array_of(event_ids, Uuid())),
            row.status.in_(ended),
        )
        .order_by(row.id)  # as the worker locks them
        .with_for_update()
        .cte("held")
    )
    again = (
        update(row)
        .where(row.id == held.c.id)
        .values(status="pending", next_attempt_at=due_at, schedule_began_after=row.attempts, replay_id=replay.id)
    )
    await session.execute(again.execution_options(synchronize_session=False))
    event = func.unnest(array_of(event_ids, Uuid())).table_valued(column("id", Uuid()), name="event").render_derived()
    first = select(
        event.c.id,
        literal(replay.endpoint_id, Uuid()),
        literal("pending", Text()),
        literal(0, Integer()),
        due_at,
        due_at,
        literal(replay.id, Uuid()),
    )
    columns = ("event_id", "endpoint_id", "status", "attempts", "next_attempt_at", "created_at", "replay_id")
    await session.execute(insert(row).from_select(columns, first).on_conflict_do_nothing())


async def _waiting(session: AsyncSession, replay: WebhookReplayRow) -> int:
    """How many of its deliveries have not been attempted yet."""
    row = WebhookDeliveryRow
    waiting = select(func.count()).where(
        row.endpoint_id == replay.endpoint_id,  # by the index of what is pending
        row.status == "pending",
        row.replay_id == replay.id,
        row.attempts == row.schedule_began_after,
    )
    return await session.scalar(waiting) or 0


def _is_meant(replay: WebhookReplayRow) -> ColumnElement[bool]:
    return and_(
        is_within(EventRow.occurred_at, replay.since, replay.until),
        meets(EventRow.type, literal(replay.events, ARRAY(Text()))),
    )


async def _counts(session: AsyncSession, replay_ids: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    """How many deliveries of each there are, by what has become of them."""
    row = WebhookDeliveryRow
    query = select(row.replay_id, row.status, func.count(type_=BigInteger())).group_by(row.replay_id, row.status)
    found = await session.execute(query.where(row.replay_id == func.any(array_of(replay_ids, Uuid()))))
    return {(replay_id, status): count for replay_id, status, count in found}


async def _require(
    session: AsyncSession, endpoint_id: UUID, replay_id: UUID, *, for_update: bool = False
) -> WebhookReplayRow:
    query = select(WebhookReplayRow).where(
        WebhookReplayRow.id == replay_id, WebhookReplayRow.endpoint_id == endpoint_id
    )
    row = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if row is None:
        raise ReplayNotFound
    return row


def _read(row: WebhookReplayRow, counts: dict[tuple[UUID, str], int]) -> ReplayRead:
    of = {name: counts.get((row.id, name), 0) for name in ("succeeded", "failed", "pending")}
    progress = ReplayProgress(succeeded=of["succeeded"], failed=of["failed"], waiting=of["pending"])
    names = ReplayRead.model_fields.keys() - {"deliveries"}
    stored: dict[str, Any] = {name: getattr(row, name) for name in names}
    return ReplayRead(**stored, deliveries=progress)
