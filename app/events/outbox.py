"""The outbox: an event and its deliveries are written by the transaction that makes the change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import CTE, DateTime, Integer, ScalarSelect, Text, Uuid, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.events.catalogue import EventType, subscriptions_matching
from app.events.news import spread
from app.events.wakeups import wake
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.mode import Mode


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a business to what `subject_id` names.

    `data` becomes JSON; the instants in it are aware UTC.
    """

    type: EventType
    tenant_id: UUID
    mode: Mode
    occurred_at: datetime
    subject_id: UUID
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writing:
    """The event's rows as parts of a statement: they are written by whichever statement these CTEs are added to."""

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


def writing(event: Event) -> Writing:
    """The insertion of the event and of a delivery for each enabled endpoint that subscribes to it."""
    event_id = uuid7()
    # The real clock: a sandbox's events may have occurred at another time than now.
    due_at = literal(utcnow(), DateTime(timezone=True))
    written = (
        insert(EventRow)
        .values(
            id=event_id,
            type=event.type,
            occurred_at=event.occurred_at,
            payload=payload_of(event),
            subject_id=event.subject_id,
        )
        .cte("written_event")
    )
    wanted = (
        select(
            literal(event_id, Uuid()),
            WebhookEndpointRow.id,
            literal("pending", Text()),
            literal(0, Integer()),
            due_at,
            due_at,
        )
        .where(
            WebhookEndpointRow.is_enabled,
            WebhookEndpointRow.events.op("&&")(literal(subscriptions_matching(event.type), ARRAY(Text()))),
        )
        .with_for_update(
            read=True, key_share=True
        )  # an endpoint that is just being deleted is waited for, then left out
    )
    columns = ("event_id", "endpoint_id", "status", "attempts", "next_attempt_at", "created_at")
    deliveries = (
        insert(WebhookDeliveryRow)
        .from_select(columns, wanted)
        .returning(WebhookDeliveryRow.id)
        .cte("written_deliveries")
    )
    return Writing((written, deliveries), select(func.count()).select_from(deliveries).scalar_subquery())


async def record(session: AsyncSession, event: Event) -> None:
    """Write the event and its deliveries in one statement, and have the worker woken with the commit."""
    parts = writing(event)
    wrote(session, event, deliveries=await session.scalar(select(parts.deliveries).add_cte(*parts.ctes)) or 0)


def wrote(session: AsyncSession, event: Event, *, deliveries: int) -> None:
    """See to what follows with the commit: that the worker sends the deliveries, and whoever listens hears."""
    spread(session, event.tenant_id, event.mode)
    if deliveries:
        wake(session, event.tenant_id, event.mode)
