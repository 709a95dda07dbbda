"""One event on its way to one endpoint, claimed under a lease."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, Row, Select, Uuid, all_, bindparam, func, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Bundle, InstrumentedAttribute

from app.auth.principals import Principal
from app.core.clock import utcnow
from app.core.pagination import Page
from app.db.arrays import array_of
from app.db.conditions import equals, was_made
from app.db.pages import Orders, find_page
from app.errors import DeliveryNotFound, DeliveryPending, WebhookEndpointDisabled
from app.events.catalogue import EventType
from app.events.outbox import message_of
from app.events.wakeups import wake
from app.models.tenant import EventRow, WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.tenant import home_of
from app.webhooks import endpoints, event_types
from app.webhooks.places import Room
from app.webhooks.retries import LAST_ATTEMPT
from app.webhooks.schemas import AttemptFilters, DeliveryDetails, DeliveryFilters, DeliveryRead
from app.webhooks.transport import Outcome

LEASE = timedelta(seconds=60)
"""How long a claim keeps others away. Far longer than an attempt can take, short enough after a crash."""

_INSTANT = DateTime(timezone=True)
_ORDERS: Orders = {"created_at": WebhookDeliveryRow.created_at}
_ATTEMPT_ORDERS: Orders = {"started_at": WebhookAttemptRow.started_at}
_LISTED: Bundle[Any] = Bundle(
    "delivery",
    WebhookDeliveryRow.id,
    WebhookDeliveryRow.endpoint_id,
    WebhookDeliveryRow.event_id,
    EventRow.type.label("event_type"),
    WebhookDeliveryRow.status,
    WebhookDeliveryRow.attempts,
    WebhookDeliveryRow.next_attempt_at,
    WebhookDeliveryRow.last_attempt_at,
    WebhookDeliveryRow.response_status,
    WebhookDeliveryRow.response_excerpt,
    WebhookDeliveryRow.error,
    WebhookDeliveryRow.duration_ms,
    WebhookDeliveryRow.replay_id,
    WebhookDeliveryRow.created_at,
)
_OF_ENDPOINT = (
    WebhookEndpointRow.url,
    WebhookEndpointRow.headers_sealed,
    WebhookEndpointRow.secret_sealed,
    WebhookEndpointRow.previous_secret_sealed,
    WebhookEndpointRow.previous_secret_expires_at,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery, with all that its attempt needs. `attempts` ended before this one."""

    id: int
    attempts: int
    schedule_began_after: int
    endpoint_id: UUID
    url: str
    headers_sealed: str | None
    secret_sealed: str
    previous_secret_sealed: str | None
    previous_secret_expires_at: datetime | None
    event_id: UUID
    payload: str
    sequence: int
    leased_until: datetime
    """Until when nobody else sends it."""
    endpoint_updated_at: datetime
    """Which state of the endpoint is known here."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending a delivery."""

    delivery: Delivery
    started_at: datetime
    outcome: Outcome
    request_headers: dict[str, str] = field(default_factory=dict)
    """As they may be read later; none if nothing was sent."""

    @property
    def is_refused_for_good(self) -> bool:
        """Whether the receiver says that nothing should be sent there any more."""
        return self.outcome.status == HTTPStatus.GONE


async def find(session: AsyncSession, endpoint_id: UUID, filters: DeliveryFilters) -> Page[Row[Any]]:
    """A page of the deliveries to an endpoint. Raises WebhookEndpointNotFound and CursorInvalid."""
    await endpoints.require(session, endpoint_id)
    query = _listed().where(
        WebhookDeliveryRow.endpoint_id == endpoint_id,
        equals(WebhookDeliveryRow.status, filters.status),
        equals(WebhookDeliveryRow.event_id, filters.event_id),
        equals(WebhookDeliveryRow.replay_id, filters.replay_id),
        equals(EventRow.type, filters.event_type),
        was_made(filters, WebhookDeliveryRow.created_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=WebhookDeliveryRow.id, ids=filters.ids)


async def require(session: AsyncSession, endpoint_id: UUID, delivery_id: int) -> Row[Any]:
    """A delivery to an endpoint, as it is listed. Raises DeliveryNotFound."""
    found: Row[Any] = await _one(session, _listed(), endpoint_id, delivery_id)
    return found


async def read(session: AsyncSession, actor: Principal, endpoint_id: UUID, delivery_id: int) -> DeliveryDetails:
    """A delivery to an endpoint, with what is sent: null if that is about what the caller may not read.

    Raises DeliveryNotFound.
    """
    query = _listed().add_columns(EventRow.payload, EventRow.sequence)
    found, payload, sequence = await _one(session, query, endpoint_id, delivery_id)
    listed = DeliveryRead.model_validate(found).model_dump()
    is_readable = listed["event_type"] in event_types.readable_by(actor)
    return DeliveryDetails(**listed, request_body=message_of(payload, sequence) if is_readable else None)


async def find_of(session: AsyncSession, event_id: UUID) -> list[Row[Any]]:
    """The deliveries of an event, one for each endpoint."""
    query = _listed().where(WebhookDeliveryRow.event_id == event_id).order_by(WebhookDeliveryRow.id)
    return list(await session.scalars(query))


async def find_attempts(
    session: AsyncSession, endpoint_id: UUID, delivery_id: int, filters: AttemptFilters
) -> Page[WebhookAttemptRow]:
    """A page of the attempts at a delivery. Raises DeliveryNotFound and CursorInvalid."""
    await require(session, endpoint_id, delivery_id)
    query = select(WebhookAttemptRow).where(WebhookAttemptRow.delivery_id == delivery_id)
    return await find_page(session, query, filters, _ATTEMPT_ORDERS, by=WebhookAttemptRow.id, ids=filters.ids)


async def resend(session: AsyncSession, endpoint_id: UUID, delivery_id: int) -> Row[Any]:
    """Have an event sent once more that has arrived or failed for good, and retried like a new one: a test is not.

    Raises DeliveryNotFound, WebhookEndpointDisabled, and DeliveryPending while it is on its way.
    """
    row = WebhookDeliveryRow
    query = select(row).where(row.id == delivery_id, row.endpoint_id == endpoint_id).with_for_update()
    delivery = (await session.scalars(query)).one_or_none()
    if delivery is None:
        raise DeliveryNotFound
    if not (await endpoints.require(session, endpoint_id)).is_enabled:
        raise WebhookEndpointDisabled
    if delivery.status == "pending":
        raise DeliveryPending
    delivery.status, delivery.next_attempt_at = "pending", utcnow()
    event_type = await session.scalar(select(EventRow.type).where(EventRow.id == delivery.event_id))
    again = LAST_ATTEMPT if event_type == EventType.WEBHOOK_TEST else 0
    delivery.schedule_began_after = delivery.attempts + again
    delivery.replay_id = None
    wake(session, home_of(session))
    await session.flush()
    return await require(session, endpoint_id, delivery_id)


async def claim(session: AsyncSession, room: Room, *, now: datetime) -> list[Delivery]:
    """Take due deliveries, the longest due first, for nobody else to attempt until the lease ends.

    As many as there is room for; none for endpoints that are disabled, nor any that another worker is just claiming.
    """
    values = {
        "now": now,
        "leased_until": now + LEASE,
        "most": room.most,
        "most_per_endpoint": room.most_per_endpoint,
        "except_for": list(room.except_for),
    }
    claimed = await (await session.connection()).execute(_CLAIMING, values)
    return [Delivery(*each) for each in claimed]


async def find_outdated(session: AsyncSession, claimed: Sequence[Delivery]) -> list[Delivery]:
    """Those of the claimed whose endpoint was changed, switched off or deleted after that."""
    row = WebhookEndpointRow
    ids = array_of({each.endpoint_id for each in claimed}, Uuid())
    query = select(row.id, row.updated_at).where(row.id == func.any(ids))
    known = dict((await session.execute(query)).tuples().all())
    return [each for each in claimed if known.get(each.endpoint_id) != each.endpoint_updated_at]


async def release(session: AsyncSession, claimed: Sequence[Delivery], *, now: datetime) -> None:
    """Have what was claimed and never sent be due again at once, for others to claim."""
    if not claimed:
        return
    row = WebhookDeliveryRow
    is_ours = row.next_attempt_at == func.any(array_of({each.leased_until for each in claimed}, _INSTANT))
    held = (
        select(row.id)
        .where(
            row.id == func.any(array_of([each.id for each in claimed], BigInteger())), row.status == "pending", is_ours
        )
        .order_by(row.id)
        .with_for_update()
        .cte("held")
    )
    freed = update(row).where(row.id == held.c.id).values(next_attempt_at=now)
    await session.execute(freed.execution_options(synchronize_session=False))


async def next_due_at(session: AsyncSession, *, after: datetime) -> datetime | None:
    """When the next delivery after this instant is due; None if there is nothing to wait for."""
    due_at = _awaited(WebhookDeliveryRow.next_attempt_at).where(WebhookDeliveryRow.next_attempt_at > after)
    first: datetime | None = await session.scalar(due_at.order_by(WebhookDeliveryRow.next_attempt_at).limit(1))
    return first


async def is_any_due(session: AsyncSession, *, now: datetime) -> bool:
    """Whether a delivery waits to be sent."""
    due = _awaited(WebhookDeliveryRow.id).where(WebhookDeliveryRow.next_attempt_at <= now)
    return await session.scalar(due.limit(1)) is not None


async def _one(session: AsyncSession, query: Select[Any], endpoint_id: UUID, delivery_id: int) -> Any:
    query = query.where(WebhookDeliveryRow.id == delivery_id, WebhookDeliveryRow.endpoint_id == endpoint_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise DeliveryNotFound
    return found[0] if len(found) == 1 else found


def _listed() -> Select[Any]:
    return select(_LISTED).join(EventRow, EventRow.id == WebhookDeliveryRow.event_id)


def _awaited(column: InstrumentedAttribute[Any]) -> Select[Any]:
    return (
        select(column)
        .join(WebhookEndpointRow, WebhookEndpointRow.id == WebhookDeliveryRow.endpoint_id)
        .where(WebhookEndpointRow.is_enabled, WebhookDeliveryRow.status == "pending")
    )


def _claiming() -> Any:
    row = WebhookDeliveryRow
    due = (
        select(row.id, row.next_attempt_at)
        .where(row.endpoint_id == WebhookEndpointRow.id, row.status == "pending")
        .where(row.next_attempt_at <= bindparam("now", type_=_INSTANT))
        .order_by(row.next_attempt_at, row.id)
        .limit(bindparam("most_per_endpoint", type_=Integer()))
        .with_for_update(skip_locked=True)
        .lateral("due")
    )
    chosen = (
        select(due.c.id, *_OF_ENDPOINT, WebhookEndpointRow.updated_at)
        .join(due, true())
        .where(WebhookEndpointRow.is_enabled)
        .where(WebhookEndpointRow.id != all_(bindparam("except_for", type_=ARRAY(Uuid()))))
        .order_by(due.c.next_attempt_at, due.c.id)
        .limit(bindparam("most", type_=Integer()))
        .cte("chosen")
    )
    return (
        update(row)
        .where(row.id == chosen.c.id, EventRow.id == row.event_id)
        .values(next_attempt_at=bindparam("leased_until", type_=_INSTANT))
        .returning(
            row.id,
            row.attempts,
            row.schedule_began_after,
            row.endpoint_id,
            *(chosen.c[column.key] for column in _OF_ENDPOINT),
            row.event_id,
            EventRow.payload,
            EventRow.sequence,
            row.next_attempt_at,
            chosen.c.updated_at,
        )
    )


_CLAIMING = _claiming()
