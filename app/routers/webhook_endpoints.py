"""Webhook endpoints of a business, and what was sent to them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from app.auth.dependencies import CanReadWebhooks, CanWriteWebhooks, Keys, Now, TenantSession
from app.errors import CursorInvalid, WebhookEndpointLimit, WebhookEndpointNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.runtime import Runtime
from app.tenancy.dependencies import CurrentTenant
from app.webhooks import deliveries, endpoints
from app.webhooks.schemas import (
    DeliveryFilters,
    DeliveryRead,
    WebhookEndpointCreate,
    WebhookEndpointCreated,
    WebhookEndpointFilters,
    WebhookEndpointRead,
    WebhookEndpointUpdate,
)

router = ApiRouter(prefix="/webhook-endpoints", tags=["Webhooks"], responses=problems(*PERMITTED))


async def loopback_allowed(request: Request) -> bool:
    runtime: Runtime = request.app.state.runtime
    return runtime.settings.webhook_allow_loopback


LoopbackAllowed = Annotated[bool, Depends(loopback_allowed)]


@router.post("", status_code=201, summary="Add a webhook endpoint", responses=problems(WebhookEndpointLimit))
async def create_webhook_endpoint(
    body: WebhookEndpointCreate,
    _actor: CanWriteWebhooks,
    session: TenantSession,
    keyring: Keys,
    allow_loopback: LoopbackAllowed,
    now: Now,
) -> WebhookEndpointCreated:
    """Have events sent to a URL from now on. The secret that verifies them is shown in this answer and never again."""
    row, secret = await endpoints.create(session, keyring, body, allow_loopback=allow_loopback, now=now)
    return WebhookEndpointCreated(**WebhookEndpointRead.model_validate(row).model_dump(), secret=secret)


@router.get("", summary="List webhook endpoints", responses=problems(CursorInvalid))
async def list_webhook_endpoints(
    _actor: CanReadWebhooks, session: TenantSession, filters: Annotated[WebhookEndpointFilters, Query()]
) -> PageRead[WebhookEndpointRead]:
    """The endpoints of the caller's mode, newest first: a test token sees the sandbox's."""
    return PageRead[WebhookEndpointRead].model_validate(await endpoints.find(session, filters))


@router.get("/{endpoint_id}", summary="Get a webhook endpoint", responses=problems(WebhookEndpointNotFound))
async def get_webhook_endpoint(
    endpoint_id: UUID, _actor: CanReadWebhooks, session: TenantSession
) -> WebhookEndpointRead:
    """One endpoint, without its secret."""
    return WebhookEndpointRead.model_validate(await endpoints.require(session, endpoint_id))


@router.patch("/{endpoint_id}", summary="Change a webhook endpoint", responses=problems(WebhookEndpointNotFound))
async def update_webhook_endpoint(
    endpoint_id: UUID,
    body: WebhookEndpointUpdate,
    actor: CanWriteWebhooks,
    tenant: CurrentTenant,
    session: TenantSession,
    allow_loopback: LoopbackAllowed,
    now: Now,
) -> WebhookEndpointRead:
    """Change where events go, which, or whether. Fields left out stay as they are; the secret stays the same.

    An endpoint that was disabled begins anew when it is enabled: what waits for it is sent at once. What happened
    meanwhile is not sent there.
    """
    row = await endpoints.update(
        session, endpoint_id, body, tenant_id=tenant.id, mode=actor.mode, allow_loopback=allow_loopback, now=now
    )
    return WebhookEndpointRead.model_validate(row)


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    summary="Delete a webhook endpoint",
    responses=problems(WebhookEndpointNotFound),
)
async def delete_webhook_endpoint(endpoint_id: UUID, _actor: CanWriteWebhooks, session: TenantSession) -> None:
    """Send nothing more there, and forget what was sent. What is being sent in this moment may still arrive."""
    await endpoints.delete(session, endpoint_id)


@router.get(
    "/{endpoint_id}/deliveries",
    summary="List deliveries to a webhook endpoint",
    responses=problems(WebhookEndpointNotFound, CursorInvalid),
)
async def list_webhook_deliveries(
    endpoint_id: UUID,
    _actor: CanReadWebhooks,
    session: TenantSession,
    filters: Annotated[DeliveryFilters, Query()],
) -> PageRead[DeliveryRead]:
    """What was sent or is still to be sent, newest first, each with its latest attempt."""
    return PageRead[DeliveryRead].model_validate(await deliveries.find(session, endpoint_id, filters))
