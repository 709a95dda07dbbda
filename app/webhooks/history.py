"""What happened, with what was sent of it, for as long as it is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.ids import first_uuid7
from app.core.pagination import Page
from app.db.conditions import equals, is_among, is_within
from app.db.pages import Orders, find_page
from app.errors import EventNotFound
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow, WebhookReplayRow
from app.webhooks import deliveries, event_types
from app.webhooks.schemas import DeliveryRead, EventDetails, EventFilters, EventRead

_ORDERS: Orders = {"sequence": EventRow.sequence}


async def find(session: AsyncSession, actor: Principal, filters: EventFilters) -> Page[EventRead]:
    """A page of what happened to what the caller may read. Raises CursorInvalid."""
    query = select(EventRow).where(
        EventRow.type.in_(event_types.readable_by(actor)),
        is_among(EventRow.type, filters.type),
        equals(EventRow.subject_id, filters.subject_id),
        is_within(EventRow.occurred_at, filters.since, filters.until),
    )
    found = await find_page(session, query, filters, _ORDERS, by=EventRow.id, ids=filters.ids)
    return found.holding([EventRead.of(row) for row in found.items])


async def read(session: AsyncSession, actor: Principal, event_id: UUID) -> EventDetails:
    """An event, and where it was sent. Raises EventNotFound, also for one about what the caller may not read."""
    row = await session.get(EventRow, event_id)
    if row is None or row.type not in event_types.readable_by(actor):
        raise EventNotFound
    sent = [DeliveryRead.model_validate(each) for each in await deliveries.find_of(session, event_id)]
    return EventDetails(**EventRead.of(row).model_dump(), deliveries=sent)


async def forget(session: AsyncSession, *, before: datetime, most: int) -> None:
    """Delete the oldest events that were written before this instant, and their deliveries; at most so many events.

    One that is on its way still stays until it has arrived or failed for good. What waits for an endpoint that is
    disabled is on its way to nobody.
    """
    on_its_way = exists().where(
        WebhookDeliveryRow.event_id == EventRow.id,
        WebhookDeliveryRow.status == "pending",
        WebhookEndpointRow.id == WebhookDeliveryRow.endpoint_id,
        WebhookEndpointRow.is_enabled,
    )
    outlived = (
        select(EventRow.id)
        .where(EventRow.id < first_uuid7(before), ~on_its_way)
        .order_by(EventRow.id)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("outlived")
    )
    statement = delete(EventRow).where(EventRow.id == outlived.c.id)
    await session.execute(statement.execution_options(synchronize_session=False))


async def forget_replays(session: AsyncSession, *, before: datetime, most: int) -> None:
    """Delete replays that ended before this instant, once all that they have sent is forgotten; so many at most."""
    is_named = exists().where(WebhookDeliveryRow.replay_id == WebhookReplayRow.id)
    outlived = (
        select(WebhookReplayRow.id)
        .where(WebhookReplayRow.ended_at < before, ~is_named)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("outlived")
    )
    statement = delete(WebhookReplayRow).where(WebhookReplayRow.id == outlived.c.id)
    await session.execute(statement.execution_options(synchronize_session=False))
