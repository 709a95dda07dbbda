"""Entries of the audit trail as they travel."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.audit.context import Result
from app.audit.events import AuditEvent
from app.core.pagination import ORDER, PageRequest
from app.core.schemas import Instant, ResponseModel, SearchText
from app.errors import InvalidValue
from app.tenancy.mode import Mode

_EVENTS_AND_FAMILIES = sorted({*AuditEvent, *(f"{event.family}.*" for event in AuditEvent)})


def _event_or_family(pattern: str) -> str:
    if pattern not in _EVENTS_AND_FAMILIES:
        raise InvalidValue("is neither an event nor a family of events, as `masquerade.*`", code="event")
    return pattern


def _hexadecimal(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


EventPattern = Annotated[
    str,
    AfterValidator(_event_or_family),
    Field(max_length=80, examples=["masquerade.*"], json_schema_extra={"enum": [*_EVENTS_AND_FAMILIES]}),
]


class AuditFilters(BaseModel):
    """Which entries are wanted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    tenant_id: UUID | None = None
    """On the platform's host: the trail of this business, in place of the platform's own."""
    event: EventPattern | None = None
    """Only this event, or only those of a family: `session.refused`, `masquerade.*`."""
    result: Result | None = None
    actor_id: UUID | None = None
    """Only what this user did, under their own name or another's."""
    user_id: UUID | None = None
    """Only what was done in this user's name."""
    since: Instant | None = None
    """Only what happened at this instant or later."""
    until: Instant | None = None
    """Only what happened before this instant."""
    object_type: SearchText | None = None
    object_id: SearchText | None = None


class AuditQuery(AuditFilters, PageRequest):
    """Which entries are wanted, and which page of them."""

    sort: Annotated[Literal["seq", "-seq"], ORDER] = "-seq"


class AuditEntryRead(ResponseModel):
    seq: int
    """Its number in the chain. There is no gap in them."""
    at: datetime
    event: str
    result: Result
    reason: str | None
    actor_id: UUID | None
    """Who really acted; null for the system itself and for strangers."""
    user_id: UUID | None
    """In whose name. Another than `actor_id` while masquerading."""
    object_type: str | None
    object_id: str | None
    diff: dict[str, Any]
    """What changed, from what to what; of what is secret or personal only that it changed."""
    session_id: UUID | None
    token_id: UUID | None
    grant_id: UUID | None
    tenant_id: UUID | None
    mode: Mode | None
    request_id: str | None
    method: str | None
    route: str | None
    status: int | None
    ip_address: str | None
    user_agent: str | None
    hash: Annotated[str, BeforeValidator(_hexadecimal)]
    """What ties it to the entry before. Whoever keeps it can tell later whether the trail was rewritten."""
