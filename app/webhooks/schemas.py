"""Webhook endpoints and their deliveries as they travel."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.filters import Changing, Dated
from app.core.pagination import ORDER, Ids, Numbers, PageRequest
from app.core.patch import PatchModel, Settable
from app.core.schemas import RequestModel, ResponseModel, SearchText
from app.errors import InvalidValue
from app.events.catalogue import SUBSCRIPTIONS, EventType

DeliveryStatus = Literal["pending", "succeeded", "failed"]


def _known_subscription(pattern: str) -> str:
    if pattern not in SUBSCRIPTIONS:
        raise InvalidValue(
            "'{event}' is no event; use a type like 'appointment.created', or 'appointment.*', or '*'",
            code="event",
            params={"event": pattern},
        )
    return pattern


Subscription = Annotated[str, AfterValidator(_known_subscription), Field(json_schema_extra={"enum": [*SUBSCRIPTIONS]})]


Subscriptions = Annotated[list[Subscription], Field(min_length=1, max_length=50, examples=[["appointment.*"]])]
Url = Annotated[str, Field(examples=["https://example.com/webhooks"])]


class WebhookEndpointCreate(RequestModel):
    url: Url
    """Where events are sent: an https address that the internet reaches."""
    events: Subscriptions
    """Event types, all of a family as `appointment.*`, or `*` for everything."""


class WebhookEndpointUpdate(PatchModel):
    url: Settable[Url] = None
    events: Settable[Subscriptions] = None
    is_enabled: Settable[bool] = None
    """True to have events sent there again, beginning with what waits; false to have none sent."""


class WebhookEndpointRead(ResponseModel):
    id: UUID
    url: str
    events: list[str]
    is_enabled: bool
    disabled_reason: str | None
    """Why nothing is sent there any more; null while it is enabled."""
    created_at: datetime
    updated_at: datetime


class WebhookEndpointCreated(WebhookEndpointRead):
    secret: str
    """Verifies the signatures (Standard Webhooks, `whsec_…`). Shown in this answer and never again."""


class EventTypeRead(ResponseModel):
    """A type of events."""

    type: EventType
    description: str
    since: Annotated[str, Field(examples=["2026-11-01"])]
    """The version of the API that brought it."""


class EventTypeDetails(EventTypeRead):
    """A type of events, with what is needed to receive them."""

    json_schema: dict[str, Any]
    """The JSON Schema (2020-12) of the whole message. Fields may be added to it; leave alone what you do not know."""
    example: dict[str, Any]
    """A message of this type."""


class EventMessage(ResponseModel):
    """What is sent of an event."""

    type: str
    timestamp: datetime
    """When it happened."""
    data: dict[str, Any]
    """What it is about, as it was when the event happened."""
    sequence: Annotated[int, Field(examples=[1042])]
    """Of two events about the same thing the later change has the higher number."""


class DeliveryRead(ResponseModel):
    id: int
    event_id: UUID
    """The `webhook-id` header, the same in every attempt: what to recognise a repetition by."""
    event_type: str
    status: DeliveryStatus
    attempts: int
    """How many attempts have ended."""
    next_attempt_at: datetime | None
    """When it is tried next; null once it has succeeded or failed for good."""
    last_attempt_at: datetime | None
    response_status: int | None
    """The HTTP status of the latest attempt; null if no answer came."""
    response_excerpt: str | None
    """The beginning of the latest answer."""
    error: str | None
    """What kept the latest attempt from an answer."""
    duration_ms: int | None
    created_at: datetime


class WebhookEndpointFilters(Changing, PageRequest):
    """Which endpoints are wanted, and which page of them."""

    sort: Annotated[Literal["url", "-url", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = (
        "-created_at"
    )
    ids: Ids = ()
    is_enabled: bool | None = None
    event_type: EventType | None = None
    """Only those that are sent events of this type."""
    q: SearchText | None = None
    """Part of the URL."""


class DeliveryFilters(Dated, PageRequest):
    """Which deliveries to an endpoint are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "-created_at"
    ids: Numbers = ()
    status: DeliveryStatus | None = None
    event_type: EventType | None = None
    event_id: UUID | None = None
