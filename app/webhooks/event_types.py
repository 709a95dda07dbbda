"""The types of events as developers see them: what each means, the JSON Schema of its message, and an example."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, create_model

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.auth.schemas import TokenData
from app.core.examples import example_of
from app.core.schemas import ResponseModel
from app.domains.schemas import DomainData
from app.errors import EventTypeNotFound
from app.events.catalogue import SUBSCRIBABLE, EventType
from app.events.matching import subscriptions_matching
from app.people.schemas import CustomerRead
from app.scheduling.schemas.appointments import AppointmentData
from app.scheduling.schemas.blocks import BlockRead
from app.scheduling.schemas.class_sessions import ClassSessionRead
from app.scheduling.schemas.resources import ResourceRead
from app.scheduling.schemas.services import ServiceRead
from app.scheduling.schemas.waitlist import WaitlistEntryRead
from app.tickets.schemas.tickets import TicketRead, TicketReply
from app.webhooks.schemas import EventMessage, EventTypeDetails, EventTypeRead, WebhookEndpointRead

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DATA: Mapping[str, type[ResponseModel]] = MappingProxyType(
    {
        "appointment": AppointmentData,
        "waitlist": WaitlistEntryRead,
        "session": ClassSessionRead,
        "ticket": TicketRead,
        EventType.TICKET_REPLIED: TicketReply,
        "customer": CustomerRead,
        "service": ServiceRead,
        "resource": ResourceRead,
        "domain": DomainData,
        "token": TokenData,
        "webhook": WebhookEndpointRead,
        EventType.RESOURCE_BLOCKED: BlockRead,
        EventType.RESOURCE_UNBLOCKED: BlockRead,
    }
)
"""What the `data` of an event is: of a family, or of one type that differs from its family."""

READ_BY: Mapping[str, Permission] = MappingProxyType(
    {
        "appointment": Permission.APPOINTMENTS_READ,
        "waitlist": Permission.APPOINTMENTS_READ,
        "session": Permission.APPOINTMENTS_READ,
        "ticket": Permission.DESK_READ,
        "customer": Permission.CUSTOMERS_READ,
        "service": Permission.SERVICES_READ,
        "resource": Permission.RESOURCES_READ,
        "domain": Permission.BUSINESS_READ,
        "token": Permission.TOKENS_READ,
        "webhook": Permission.WEBHOOKS_READ,
    }
)
"""Who may read what a family's events are about, and so the events."""

_LATER = "2026-12-01T10:00:00Z"
_UNPROVED: dict[str, Any] = {"verified_at": None, "activated_at": None}
_HOLD = "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"
_BLANK: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "appointment": {
            "status": "confirmed",
            "expires_at": None,
            "cancelled_at": None,
            "cancelled_by": None,
            "cancel_reason": None,
            "rescheduled_from_id": None,
            "rescheduled_to_id": None,
            "class_session_id": None,
        },
        "waitlist": {"appointment_id": None, "expires_at": None},
        "ticket": {
            "status": "open",
            "priority": "normal",
            "appointment_id": None,
            "assignee_id": None,
            "first_responded_at": None,
            "resolved_at": None,
            "closed_at": None,
            "merged_into_id": None,
            "rating": None,
            "rating_comment": None,
            "rated_at": None,
        },
        "service": {"archived_at": None},
        "resource": {"archived_at": None, "user_id": None},
        "domain": {"status": "active", "problem": None, "failures": 0, "released_at": None},
        "token": {"expires_at": None, "last_used_at": None, "rolled_from_id": None},
        "webhook": dict.fromkeys(("disabled_reason", "failing_since", "previous_secret_expires_at")),
    }
)
_TELLING: Mapping[EventType, Mapping[str, Any]] = MappingProxyType(
    {
        EventType.APPOINTMENT_HELD: {"status": "held", "expires_at": _LATER},
        EventType.APPOINTMENT_HOLD_EXPIRED: {"status": "expired", "expires_at": _LATER},
        EventType.APPOINTMENT_PENDING: {"status": "pending", "expires_at": _LATER},
        EventType.APPOINTMENT_DECLINED: {"status": "declined", "expires_at": _LATER},
        EventType.APPOINTMENT_RESCHEDULED: {"rescheduled_from_id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e78"},
        EventType.APPOINTMENT_CANCELLED: {
            "status": "cancelled",
            "cancelled_at": _LATER,
            "cancelled_by": "customer",
            "cancel_reason": "The customer is ill",
        },
        EventType.APPOINTMENT_CHECKED_IN: {"status": "checked_in"},
        EventType.APPOINTMENT_COMPLETED: {"status": "completed"},
        EventType.APPOINTMENT_NO_SHOW: {"status": "no_show"},
        EventType.WAITLIST_OFFERED: {"status": "offered", "appointment_id": _HOLD, "expires_at": _LATER},
        EventType.WAITLIST_ACCEPTED: {"status": "accepted", "appointment_id": _HOLD, "expires_at": _LATER},
        EventType.WAITLIST_EXPIRED: {"status": "expired", "appointment_id": _HOLD, "expires_at": _LATER},
        EventType.WAITLIST_LEFT: {"status": "left"},
        EventType.SESSION_FULL: {"seats_taken": 12},
        EventType.TICKET_REPLIED: {"status": "in_progress", "first_responded_at": "2026-12-01T09:00:00Z"},
        EventType.TICKET_STATUS_CHANGED: {"status": "resolved", "resolved_at": "2026-12-01T09:00:00Z"},
        EventType.DOMAIN_ADDED: _UNPROVED | {"status": "pending", "checked_at": None},
        EventType.DOMAIN_VERIFIED: {
            "status": "verified",
            "activated_at": None,
            "problem": "not-pointing",
            "failures": 1,
        },
        EventType.DOMAIN_FAILED: _UNPROVED | {"status": "failed", "problem": "txt-missing", "next_check_at": None},
        EventType.DOMAIN_SUSPENDED: {"status": "suspended", "problem": "not-pointing", "failures": 3},
        EventType.DOMAIN_RELEASED: {"status": "released", "released_at": _LATER, "next_check_at": None},
        EventType.SERVICE_ARCHIVED: {"archived_at": _LATER},
        EventType.RESOURCE_ARCHIVED: {"archived_at": _LATER},
    }
)
"""What an example has that no other of its family has."""


def find_all() -> list[EventTypeRead]:
    """Every type, by what it is about."""
    return [_read(kind) for kind in EventType]


def readable_by(actor: Principal) -> list[EventType]:
    """The types of events about what the caller may read."""
    return [kind for kind in EventType if READ_BY[kind.family] in actor.permissions]


def require_readable(actor: Principal, subscriptions: Iterable[str]) -> None:
    """Raise PermissionDenied if the caller may not read what one of these subscriptions tells of."""
    readable = readable_by(actor)
    for kind in SUBSCRIBABLE:
        if kind not in readable and not set(subscriptions_matching(kind)).isdisjoint(subscriptions):
            actor.require(READ_BY[kind.family])


def require(name: str) -> EventType:
    """The type of this name. Raises EventTypeNotFound."""
    known = {kind.value: kind for kind in EventType}
    if name not in known:
        raise EventTypeNotFound
    return known[name]


@cache
def read(kind: EventType) -> EventTypeDetails:
    """A type with the schema of its message and an example."""
    schema = model_of(kind).model_json_schema(mode="serialization")
    return EventTypeDetails(
        **_read(kind).model_dump(), example=example(kind), json_schema={"$schema": DIALECT, **schema}
    )


@cache
def example(kind: EventType) -> dict[str, Any]:
    """A message of this type, as it could be sent."""
    schema = _data_of(kind).model_json_schema(mode="serialization")
    shown = example_of(schema, schema) | _BLANK.get(kind.family, {}) | _TELLING.get(kind, {})
    data = {name: value for name, value in shown.items() if name in schema["properties"]}
    return {"type": kind.value, "timestamp": "2026-12-01T09:00:00Z", "data": data, "sequence": 1042}


@cache
def model_of(kind: EventType) -> type[BaseModel]:
    """The message of this type."""
    name = "".join(part.title() for part in kind.value.replace(".", "_").split("_")) + "Event"
    fields: dict[str, Any] = {"type": (Literal[kind.value], ...), "data": (_data_of(kind), ...)}
    return create_model(name, __base__=EventMessage, __doc__=kind.description, **fields)


def _data_of(kind: EventType) -> type[ResponseModel]:
    return DATA.get(kind) or DATA[kind.family]


def _read(kind: EventType) -> EventTypeRead:
    return EventTypeRead(type=kind, description=kind.description, since=kind.since)
