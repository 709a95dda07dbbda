"""What happened, with what was sent of it, for as long as it is kept."""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_uuid7
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow


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
