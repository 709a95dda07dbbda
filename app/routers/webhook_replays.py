"""Sending a webhook endpoint once more what happened in a stretch of time."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadWebhooks, CanWriteWebhooks, Now, TenantSession
from app.errors import (
    CursorInvalid,
    ReplayNotFound,
    ReplayRunning,
    WebhookEndpointDisabled,
    WebhookEndpointNotFound,
)
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.webhooks import replays
from app.webhooks.schemas import ReplayCreate, ReplayFilters, ReplayRead

router = ApiRouter(prefix="/webhook-endpoints/{endpoint_id}/replays", tags=["Webhooks"], responses=problems(*PERMITTED))


@router.post(
    "",
    status_code=202,
    summary="Replay events to a webhook endpoint",
    responses=problems(WebhookEndpointNotFound, WebhookEndpointDisabled, ReplayRunning),
)
async def create_webhook_replay(
    endpoint_id: UUID, body: ReplayCreate, actor: CanWriteWebhooks, session: TenantSession, now: Now
) -> ReplayRead:
    """Send what happened since an instant: what has not arrived there, or all of it.

    It goes on in the background, after what happens meanwhile: `GET` it to see how far it is. Each event comes under
    the `webhook-id` that it has always had. It ends if its endpoint is found to be disabled. The caller must be
    allowed to read what the events are about.
    """
    return await replays.create(session, actor, endpoint_id, body, now=now)


@router.get(
    "", summary="List replays to a webhook endpoint", responses=problems(WebhookEndpointNotFound, CursorInvalid)
)
async def list_webhook_replays(
    endpoint_id: UUID, _actor: CanReadWebhooks, session: TenantSession, filters: Annotated[ReplayFilters, Query()]
) -> PageRead[ReplayRead]:
    """The replays to an endpoint, newest first."""
    return PageRead[ReplayRead].model_validate(await replays.find(session, endpoint_id, filters))


@router.get("/{replay_id}", summary="Get a replay", responses=problems(ReplayNotFound))
async def get_webhook_replay(
    endpoint_id: UUID, replay_id: UUID, _actor: CanReadWebhooks, session: TenantSession
) -> ReplayRead:
    """A replay, and how far it is."""
    return await replays.read(session, endpoint_id, replay_id)


@router.post("/{replay_id}/cancel", summary="Cancel a replay", responses=problems(ReplayNotFound))
async def cancel_webhook_replay(
    endpoint_id: UUID, replay_id: UUID, _actor: CanWriteWebhooks, session: TenantSession, now: Now
) -> ReplayRead:
    """End a replay. What it has put on the way already is still sent. One that has ended stays as it is."""
    return await replays.cancel(session, endpoint_id, replay_id, now=now)
