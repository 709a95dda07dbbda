"""Webhook endpoints and their deliveries as they travel."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.core.filters import Changing, Dated
from app.core.pagination import ORDER, Ids, Numbers, PageRequest, Separated
from app.core.patch import PatchModel, Settable
from app.core.schemas import Moment, RequestModel, ResponseModel, SearchText
from app.errors import InvalidValue
from app.events.catalogue import SUBSCRIPTIONS, EventType
from app.models.tenant import EventRow, WebhookEndpointRow
from app.webhooks.headers import CustomHeaders

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
Description = Annotated[str, StringConstraints(max_length=500), Field(examples=["The till in the shop"])]


class WebhookEndpointCreate(RequestModel):
    url: Url
    """Where events are sent: an https address that the internet reaches."""
    events: Subscriptions
    """Event types, all of a family as `appointment.*`, or `*` for everything."""
    description: Description = ""
    headers: CustomHeaders = Field({})
    """Sent along with each event; at most 20. Their values are never shown again."""


class WebhookEndpointUpdate(PatchModel):
    url: Settable[Url] = None
    events: Settable[Subscriptions] = None
    description: Settable[Description] = None
    headers: Settable[CustomHeaders] = None
    """Replaces all of them."""
    is_enabled: Settable[bool] = None
    """True to have events sent there again, beginning with what waits; false to have none sent."""


class WebhookEndpointRead(ResponseModel):
    id: UUID
    url: Url
    events: Annotated[list[str], Field(examples=[["appointment.*"]])]
    description: Annotated[str, Field(examples=["The till in the shop"])]
    header_names: Annotated[list[str], Field(examples=[["X-Api-Key"]])]
    """The headers of its own that it is sent; what they say is not shown."""
    is_enabled: bool
    disabled_reason: str | None
    """Why nothing is sent there any more; null while it is enabled."""
    failing_since: datetime | None
    """When the first of the failures came that no success has followed."""
    previous_secret_expires_at: datetime | None
    """Until when the secret before the latest one signs too."""
    created_at: datetime
    updated_at: datetime


class WebhookEndpointWithSecret(WebhookEndpointRead):
    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]
    """Verifies the signatures (Standard Webhooks, `whsec_…`). Shown in this answer and never again."""

    @classmethod
    def of(cls, row: WebhookEndpointRow, secret: str) -> Self:
        """A stored endpoint, and its secret where it has just been made."""
        return cls(**WebhookEndpointRead.model_validate(row).model_dump(), secret=secret)


class SecretRotate(RequestModel):
    overlap_seconds: int = Field(86_400, ge=0, le=86_400, examples=[3600])
    """How long the old secret goes on signing beside the new one: a day, if left out; 0 ends it at once."""


class WebhookLatency(ResponseModel):
    """In milliseconds, of the answers that came."""

    p50: int
    p95: int


class WebhookEndpointHealthRead(ResponseModel):
    """How an endpoint fares: of its last 1,000 deliveries those of the last 24 hours."""

    attempted: int
    succeeded: int
    waiting: int
    """How many are still to be attempted, or to be attempted again."""
    success_rate: float | None
    """The part of what was attempted that has succeeded; null if nothing was."""
    latency_ms: WebhookLatency | None
    """How long the latest attempts took that were answered; null if none was."""
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    """When the first of the failures came that no success has followed."""


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
    id: Annotated[int, Field(examples=[4711])]
    endpoint_id: UUID
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
    replay_id: UUID | None
    """The replay that has sent it once more."""
    created_at: datetime


class DeliveryDetails(DeliveryRead):
    request_body: Annotated[str | None, Field(examples=['{"type":"customer.created",…}'])]
    """The bytes that are signed and sent, the same each time. Null if they tell of what the caller may not read."""


class AttemptRead(ResponseModel):
    """One sending of a delivery."""

    id: Annotated[int, Field(examples=[8150])]
    started_at: datetime
    duration_ms: Annotated[int, Field(examples=[87])]
    request_headers: Annotated[dict[str, str], Field(examples=[{"webhook-id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"}])]
    """What was sent besides the body. Of the endpoint's own headers `***` stands for what they said."""
    response_status: Annotated[int | None, Field(examples=[200])]
    """The HTTP status of the answer; null if none came."""
    response_headers: Annotated[dict[str, str], Field(examples=[{"content-type": "text/plain"}])]
    """At most 50, and 8 kB of them."""
    response_excerpt: Annotated[str, Field(examples=["OK"])]
    """The first 4 kB of the answer."""
    error: str | None
    """What kept it from an answer."""


class EventRead(ResponseModel):
    """An event as it is kept."""

    id: UUID
    """What its messages bear as `webhook-id`."""
    type: EventType
    timestamp: datetime
    """When it happened."""
    sequence: Annotated[int, Field(examples=[1042])]
    subject_id: UUID | None
    """What it is about: the appointment, the customer and so on."""
    data: dict[str, Any]
    """What is sent of it, as the catalogue describes it for the type."""

    @classmethod
    def of(cls, row: EventRow) -> Self:
        """A stored event."""
        told = orjson.loads(row.payload)
        return cls(id=row.id, sequence=row.sequence, subject_id=row.subject_id, **told)


class EventDetails(EventRead):
    deliveries: list[DeliveryRead]
    """One for each endpoint that it was sent to, or is to be."""


class EventFilters(PageRequest):
    """Which events are wanted, and which page of them."""

    sort: Annotated[Literal["sequence", "-sequence"], ORDER] = "-sequence"
    ids: Ids = ()
    type: Annotated[tuple[EventType, ...], Field(max_length=len(EventType)), Separated] = ()
    """Only those of one of these types: repeated, or separated by commas."""
    subject_id: UUID | None = None
    """Only those about this appointment, customer and so on."""
    since: Moment | None = None
    """Only what happened at this instant or later."""
    until: Moment | None = None
    """Only what happened before this instant."""


class AttemptFilters(PageRequest):
    """Which attempts at a delivery are wanted, and which page of them."""

    sort: Annotated[Literal["started_at", "-started_at"], ORDER] = "-started_at"
    ids: Numbers = ()


ReplayWanted = Literal["undelivered", "all"]
ReplayStatus = Literal["running", "completed", "cancelled"]


class ReplayCreate(RequestModel):
    # What the documentation page fills in: all that there must be.
    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-11-01T09:00:00Z"}]})

    since: Annotated[Moment, Field(examples=["2026-11-01T09:00:00Z"])]
    """What happened at this instant or later."""
    until: Moment | None = None
    """What happened before this instant; until now, if left out."""
    events: Subscriptions | None = None
    """Of these types alone; of those that the endpoint subscribes to, if left out."""
    wanted: ReplayWanted = "undelivered"
    """`undelivered` is what has failed for good there or was never sent; `all` is also what has arrived."""


class ReplayProgress(ResponseModel):
    """What has become of the events that a replay has put on the way, but for those that were sent once more since."""

    succeeded: int
    failed: int
    waiting: int


class ReplayRead(ResponseModel):
    id: UUID
    endpoint_id: UUID
    status: ReplayStatus
    since: datetime
    until: datetime
    events: Annotated[list[str], Field(examples=[["appointment.*"]])]
    wanted: ReplayWanted
    matching: Annotated[int, Field(examples=[1200])]
    """How many events there are of that time and these types."""
    passed: Annotated[int, Field(examples=[400])]
    """How many of them have been looked at: sent once more, or left out because they had arrived or are on the way."""
    deliveries: ReplayProgress
    created_at: datetime
    ended_at: datetime | None
    """When the last event was put on the way, or it was cancelled; null while it is running."""


class ReplayFilters(PageRequest):
    """Which replays to an endpoint are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "-created_at"
    ids: Ids = ()
    status: ReplayStatus | None = None


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
    """Part of the URL or of the description."""


class DeliveryFilters(Dated, PageRequest):
    """Which deliveries to an endpoint are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "-created_at"
    ids: Numbers = ()
    status: DeliveryStatus | None = None
    event_type: EventType | None = None
    event_id: UUID | None = None
    replay_id: UUID | None = None
    """Only those that this replay has sent once more."""
