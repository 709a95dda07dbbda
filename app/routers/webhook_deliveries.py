"""What was sent to a webhook endpoint, and sending it once more."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from app.auth.dependencies import CanReadWebhooks, CanWriteWebhooks, TenantSession
from app.errors import (
    CursorInvalid,
    DeliveryNotFound,
    DeliveryPending,
    WebhookEndpointDisabled,
    WebhookEndpointNotFound,
)
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.webhooks import deliveries
from app.webhooks.schemas import AttemptFilters, AttemptRead, DeliveryDetails, DeliveryFilters, DeliveryRead

router = ApiRouter(
    prefix="/webhook-endpoints/{endpoint_id}/deliveries", tags=["Webhooks"], responses=problems(*PERMITTED)
)

DeliveryId = Annotated[int, Path(ge=0, le=2**63 - 1, examples=[4711])]


@router.get(
    "", summary="List deliveries to a webhook endpoint", responses=problems(WebhookEndpointNotFound, CursorInvalid)
)
async def list_webhook_deliveries(
    endpoint_id: UUID, _actor: CanReadWebhooks, session: TenantSession, filters: Annotated[DeliveryFilters, Query()]
) -> PageRead[DeliveryRead]:
    """What was sent or is still to be sent, newest first, each with its latest attempt."""
    return PageRead[DeliveryRead].model_validate(await deliveries.find(session, endpoint_id, filters))


@router.get("/{delivery_id}", summary="Get a delivery", responses=problems(DeliveryNotFound))
async def get_webhook_delivery(
    endpoint_id: UUID, delivery_id: DeliveryId, actor: CanReadWebhooks, session: TenantSession
) -> DeliveryDetails:
    """A delivery with the body that is sent."""
    return await deliveries.read(session, actor, endpoint_id, delivery_id)


@router.get(
    "/{delivery_id}/attempts",
    summary="List attempts at a delivery",
    responses=problems(DeliveryNotFound, CursorInvalid),
)
async def list_webhook_attempts(
    endpoint_id: UUID,
    delivery_id: DeliveryId,
    _actor: CanReadWebhooks,
    session: TenantSession,
    filters: Annotated[AttemptFilters, Query()],
) -> PageRead[AttemptRead]:
    """Every attempt, newest first, with what was sent and answered. The body was the same each time."""
    return PageRead[AttemptRead].model_validate(
        await deliveries.find_attempts(session, endpoint_id, delivery_id, filters)
    )


@router.post(
    "/{delivery_id}/resend",
    status_code=202,
    summary="Send an event once more",
    responses=problems(DeliveryNotFound, DeliveryPending, WebhookEndpointDisabled),
)
async def resend_webhook_delivery(
    endpoint_id: UUID, delivery_id: DeliveryId, _actor: CanWriteWebhooks, session: TenantSession
) -> DeliveryRead:
    """Send what has arrived or has failed for good again, under the same `webhook-id`, as often as if it were new."""
    return DeliveryRead.model_validate(await deliveries.resend(session, endpoint_id, delivery_id))
