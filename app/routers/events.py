"""What has happened in a business, as its webhooks tell of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadWebhooks, TenantSession
from app.errors import CursorInvalid, EventNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.webhooks import history
from app.webhooks.schemas import EventDetails, EventFilters, EventRead

router = ApiRouter(prefix="/events", tags=["Webhooks"], responses=problems(*PERMITTED))


@router.get("", summary="List events", responses=problems(CursorInvalid))
async def list_events(
    actor: CanReadWebhooks, session: TenantSession, filters: Annotated[EventFilters, Query()]
) -> PageRead[EventRead]:
    """What has happened, the latest first, for as long as it is kept, whether or not a webhook was sent of it.

    Events about what the caller may not read are left out: who may not read customers hears of none.
    """
    return PageRead[EventRead].model_validate(await history.find(session, actor, filters))


@router.get("/{event_id}", summary="Get an event", responses=problems(EventNotFound))
async def get_event(event_id: UUID, actor: CanReadWebhooks, session: TenantSession) -> EventDetails:
    """An event, and where it was sent."""
    return await history.read(session, actor, event_id)
