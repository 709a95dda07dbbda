"""What a business's software can hear of."""

from typing import Annotated

from fastapi import Path

from app.auth.dependencies import CanReadWebhooks
from app.errors import EventTypeNotFound
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.webhooks import event_types
from app.webhooks.schemas import EventTypeDetails, EventTypeRead

router = ApiRouter(prefix="/event-types", tags=["Webhooks"], responses=problems(*PERMITTED))


@router.get("", summary="List event types")
async def list_event_types(_actor: CanReadWebhooks) -> list[EventTypeRead]:
    """Every type of events that can be sent to an endpoint."""
    return event_types.find_all()


@router.get("/{event_type}", summary="Get an event type", responses=problems(EventTypeNotFound))
async def get_event_type(
    event_type: Annotated[str, Path(examples=["appointment.created"])], _actor: CanReadWebhooks
) -> EventTypeDetails:
    """A type with the JSON Schema of its message, and an example."""
    return event_types.read(event_types.require(event_type))
