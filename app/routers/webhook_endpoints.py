"""Webhook endpoints of a business, and what was sent to them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from app.auth.dependencies import CanReadWebhooks, CanWriteWebhooks, Keys, Now, TenantSession
from app.errors import CursorInvalid, WebhookEndpointDisabled, WebhookEndpointLimit, WebhookEndpointNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.runtime import Runtime
from app.webhooks import endpoints, health, trying
from app.webhooks.schemas import (
    DeliveryRead,
    SecretRotate,
    WebhookEndpointCreate,
    WebhookEndpointFilters,
    WebhookEndpointHealthRead,
    WebhookEndpointRead,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
)

router = ApiRouter(prefix="/webhook-endpoints", tags=["Webhooks"], responses=problems(*PERMITTED))


async def loopback_allowed(request: Request) -> bool:
    runtime: Runtime = request.app.state.runtime
    return runtime.settings.webhook_allow_loopback


LoopbackAllowed = Annotated[bool, Depends(loopback_allowed)]


@router.post("", status_code=201, summary="Add a webhook endpoint", responses=problems(WebhookEndpointLimit))
async def create_webhook_endpoint(
    body: WebhookEndpointCreate,
    actor: CanWriteWebhooks,
    session: TenantSession,
    keyring: Keys,
    allow_loopback: LoopbackAllowed,
    now: Now,
) -> WebhookEndpointWithSecret:
    """Have events sent to a URL from now on. The secret that verifies them is shown in this answer and never again.

    The caller must be allowed to read what the events are about: `*` is for owners.
    """
    row, secret = await endpoints.create(session, actor, keyring, body, allow_loopback=allow_loopback, now=now)
    return WebhookEndpointWithSecret.of(row, secret)


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
    session: TenantSession,
    keyring: Keys,
    allow_loopback: LoopbackAllowed,
    now: Now,
) -> WebhookEndpointRead:
    """Change where events go, which, or whether. Fields left out stay as they are; the secret stays the same.

    An endpoint that was disabled begins anew when it is enabled: what waits for it is sent at once. What happened
    meanwhile is not sent there.
    """
    row = await endpoints.update(session, actor, keyring, endpoint_id, body, allow_loopback=allow_loopback, now=now)
    return WebhookEndpointRead.model_validate(row)


@router.post(
    "/{endpoint_id}/rotate-secret", summary="Rotate a signing secret", responses=problems(WebhookEndpointNotFound)
)
async def rotate_webhook_secret(
    endpoint_id: UUID,
    _actor: CanWriteWebhooks,
    session: TenantSession,
    keyring: Keys,
    now: Now,
    body: SecretRotate | None = None,
) -> WebhookEndpointWithSecret:
    """Sign with a new secret from now on, which is shown in this answer and never again.

    Until the overlap is over each message bears a signature of the old one as well.
    """
    data = body or SecretRotate.model_validate({})
    return WebhookEndpointWithSecret.of(*await endpoints.rotate_secret(session, keyring, endpoint_id, data, now=now))


@router.post(
    "/{endpoint_id}/test",
    status_code=202,
    summary="Try a webhook endpoint",
    responses=problems(WebhookEndpointNotFound, WebhookEndpointDisabled),
)
async def try_webhook_endpoint(
    endpoint_id: UUID, _actor: CanWriteWebhooks, session: TenantSession, now: Now
) -> DeliveryRead:
    """Send a `webhook.test` there and nowhere else, once. The delivery's own address tells what came of it."""
    return DeliveryRead.model_validate(await trying.send_test(session, endpoint_id, now=now))


@router.get("/{endpoint_id}/health", summary="See how an endpoint fares", responses=problems(WebhookEndpointNotFound))
async def get_webhook_health(
    endpoint_id: UUID, _actor: CanReadWebhooks, session: TenantSession, now: Now
) -> WebhookEndpointHealthRead:
    """How much of what was sent there has arrived, how long it took, and since when it fails."""
    return WebhookEndpointHealthRead.model_validate(await health.of(session, endpoint_id, now=now))


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    summary="Delete a webhook endpoint",
    responses=problems(WebhookEndpointNotFound),
)
async def delete_webhook_endpoint(endpoint_id: UUID, _actor: CanWriteWebhooks, session: TenantSession) -> None:
    """Send nothing more there, and forget what was sent. What is being sent in this moment may still arrive."""
    await endpoints.delete(session, endpoint_id)
