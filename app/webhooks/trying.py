"""Trying an endpoint out: an event that goes there alone, and only once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.errors import WebhookEndpointDisabled
from app.events.catalogue import EventType
from app.events.outbox import Event, payload_of, wrote
from app.models.tenant import EventRow, WebhookDeliveryRow
from app.tenancy.tenant import home_of
from app.webhooks import deliveries, endpoints
from app.webhooks.retries import LAST_ATTEMPT
from app.webhooks.schemas import WebhookEndpointRead


async def send_test(session: AsyncSession, endpoint_id: UUID, *, now: datetime) -> Row[Any]:
    """Have a `webhook.test` sent to the endpoint, whatever it subscribes to; its delivery, which is made once.

    Raises WebhookEndpointNotFound and WebhookEndpointDisabled.
    """
    endpoint = await endpoints.require(session, endpoint_id, for_update=True)
    if not endpoint.is_enabled:
        raise WebhookEndpointDisabled
    data = WebhookEndpointRead.model_validate(endpoint).model_dump()
    event = Event(EventType.WEBHOOK_TEST, now, endpoint.id, data)
    row = EventRow(id=uuid7(), type=event.type, occurred_at=now, payload=payload_of(event), subject_id=event.subject_id)
    session.add(row)
    await session.flush()
    due_at = utcnow()
    delivery = WebhookDeliveryRow(
        event_id=row.id,
        endpoint_id=endpoint.id,
        status="pending",
        attempts=0,
        next_attempt_at=due_at,
        created_at=due_at,
        schedule_began_after=LAST_ATTEMPT,
    )
    session.add(delivery)
    await session.flush()
    wrote(session, home_of(session), deliveries=1)
    return await deliveries.require(session, endpoint.id, delivery.id)
