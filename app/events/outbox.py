"""The outbox: an event and its deliveries are written by the transaction that makes the change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    DateTime,
    Integer,
    ScalarSelect,
    Text,
    Uuid,
    column,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.arrays import array_of
from app.db.session import SCHEMA, leave_for_the_end
from app.events.catalogue import EventType
from app.events.matching import meets
from app.events.news import spread
from app.events.origin import NOBODY, Origin, origin_of
from app.events.wakeups import wake
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.tenant import TenantSchema, home_of

_INSTANT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a business to what `subject_id` names.

    `data` becomes JSON; the instants in it are aware UTC.
    """

    type: EventType
    occurred_at: datetime
    subject_id: UUID
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writing:
    """The rows of events as parts of a statement: they are written by whichever statement these CTEs are added to."""

    ctes: tuple[CTE, ...]
    deliveries: ScalarSelect[int]
    """How many deliveries were written, for `wrote`."""


def payload_of(event: Event) -> str:
    """The JSON that is stored: `type`, `timestamp` and `data`, as Standard Webhooks names them."""
    body = {"type": event.type, "timestamp": event.occurred_at, "data": event.data}
    return orjson.dumps(body, default=_plain, option=orjson.OPT_UTC_Z).decode()


def message_of(payload: str, sequence: int) -> str:
    """The JSON that is signed and sent: what is stored, and the `sequence` that storing it has drawn."""
    return f'{payload[:-1]},"sequence":{sequence}}}'


def _plain(value: object) -> str:
    """The driver's own kind of UUID, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def record(session: AsyncSession, event: Event, *, schema: TenantSchema | None = None) -> None:
    """Have the transaction write the event when it ends: what was changed must be locked by then, or new.

    All its events are written by one statement. They belong to the business in whose schema the transaction runs,
    unless another one is named.
    """
    leave_for_the_end(session, _write, (schema or home_of(session), event))


async def _write(session: AsyncSession, recorded: list[tuple[TenantSchema, Event]]) -> None:
    await session.flush()  # which locks what was changed: only then the events draw their numbers
    by_schema: dict[TenantSchema, list[Event]] = {}
    for schema, event in recorded:
        by_schema.setdefault(schema, []).append(event)
    for schema, events in by_schema.items():
        parts = writing(events, origin_of(session))
        elsewhere = {} if schema == session.info[SCHEMA] else {"schema_translate_map": {None: str(schema)}}
        statement = select(parts.deliveries).add_cte(*parts.ctes).execution_options(**elsewhere)
        wrote(session, schema, deliveries=await session.scalar(statement) or 0)


def wrote(session: AsyncSession, schema: TenantSchema, *, deliveries: int) -> None:
    """See to what follows with the commit: that the worker sends the deliveries, and whoever listens hears."""
    spread(session, schema.tenant_id, schema.mode)
    if deliveries:
        wake(session, schema)


def writing(events: Sequence[Event], origin: Origin = NOBODY) -> Writing:
    """The insertion of events, in their order, and of a delivery for each enabled endpoint that subscribes to one."""
    happened = (
        func.unnest(
            array_of([uuid7() for _ in events], Uuid()),
            array_of([event.type.value for event in events], Text()),
            array_of([event.occurred_at for event in events], _INSTANT),
            array_of([payload_of(event) for event in events], Text()),
            array_of([event.subject_id for event in events], Uuid()),
        )
        .table_valued(
            column("id", Uuid()),
            column("type", Text()),
            column("occurred_at", _INSTANT),
            column("payload", Text()),
            column("subject_id", Uuid()),
            with_ordinality="position",
            name="happened",
        )
        .render_derived()
    )
    of = happened.c
    columns = ("id", "type", "occurred_at", "payload", "subject_id")
    whose = (literal(origin.actor_id, Uuid()), literal(origin.op_id, Text()))
    told = select(*(of[name] for name in columns), *whose).order_by(of.position)
    written = insert(EventRow).from_select((*columns, "actor_id", "op_id"), told).cte("written_events")
    # The real clock: a sandbox's events may have occurred at another time than now.
    due_at = literal(utcnow(), _INSTANT)
    wanted = (
        select(of.id, WebhookEndpointRow.id, literal("pending", Text()), literal(0, Integer()), due_at, due_at)
        .join_from(happened, WebhookEndpointRow, meets(of.type, WebhookEndpointRow.events))
        .where(WebhookEndpointRow.is_enabled)
        .order_by(of.position)
        # An endpoint that is just being deleted is waited for, then left out.
        .with_for_update(read=True, key_share=True, of=WebhookEndpointRow)
    )
    into = ("event_id", "endpoint_id", "status", "attempts", "next_attempt_at", "created_at")
    deliveries = (
        insert(WebhookDeliveryRow).from_select(into, wanted).returning(WebhookDeliveryRow.id).cte("written_deliveries")
    )
    return Writing((written, deliveries), select(func.count()).select_from(deliveries).scalar_subquery())
