"""What a socket can be told about, and who may ask for it."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.auth.roles import Role
from app.errors import FieldError, PermissionDenied, ValidationFailed
from app.events.catalogue import EventType
from app.webhooks.event_types import READ_BY

APPOINTMENTS, CALENDAR, TICKETS, NOTIFICATIONS = "appointments", "calendar", "tickets", "notifications"
OWN_TICKET = "ticket:"
MOST_TOPICS = 30
"""Of one socket."""

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "appointment": APPOINTMENTS,
        "waitlist": APPOINTMENTS,
        "session": APPOINTMENTS,
        "ticket": TICKETS,
        "customer": "customers",
        "service": "services",
        "resource": "resources",
    }
)
"""The topic under which each family of events is told; those of the others are told by webhooks alone."""

_NEEDED: Mapping[str, Permission] = MappingProxyType(
    {
        APPOINTMENTS: READ_BY["appointment"],
        CALENDAR: READ_BY["appointment"],
        TICKETS: Permission.TICKETS_READ,
        "customers": READ_BY["customer"],
        "services": READ_BY["service"],
        "resources": READ_BY["resource"],
    }
)
_OF_CUSTOMERS: Mapping[str, Permission | None] = MappingProxyType(
    {APPOINTMENTS: None, TICKETS: Permission.TICKETS_READ}
)
"""What customers can ask for: they hear of what is their own."""

CALENDAR_TYPES = frozenset(
    kind
    for kind in EventType
    if kind.family in {"appointment", "session", "service"}
    or kind
    in {
        EventType.RESOURCE_SCHEDULE_CHANGED,
        EventType.RESOURCE_BLOCKED,
        EventType.RESOURCE_UNBLOCKED,
        EventType.RESOURCE_CREATED,
        EventType.RESOURCE_UPDATED,
        EventType.RESOURCE_ARCHIVED,
    }
) - {EventType.APPOINTMENT_UPDATED}
"""What changes what a calendar shows."""


def check(topic: str) -> None:
    """Raise ValidationFailed for what is no topic."""
    if topic in _NEEDED or topic == NOTIFICATIONS or ticket_of(topic) is not None:
        return
    raise ValidationFailed(
        errors=[
            FieldError(
                "topics",
                "must be one of {topics}, or `ticket:` and the id of a ticket",
                code="topic",
                params={"topics": ", ".join(sorted({*_NEEDED, NOTIFICATIONS}))},
            )
        ]
    )


def ticket_of(topic: str) -> UUID | None:
    """The ticket that a topic is about."""
    if not topic.startswith(OWN_TICKET):
        return None
    try:
        ticket_id = UUID(topic.removeprefix(OWN_TICKET))
    except ValueError:
        return None
    return ticket_id if topic == f"{OWN_TICKET}{ticket_id}" else None  # as we write it ourselves


def require(listener: Principal, topic: str) -> None:
    """Raise PermissionDenied unless the caller may hear of the topic; of one ticket, if they may see any at all.

    Raises SandboxNotAllowed as `Principal.require` does.
    """
    if topic == NOTIFICATIONS:
        return
    kind = TICKETS if topic.startswith(OWN_TICKET) else topic
    if listener.tenant is None:
        raise PermissionDenied("On the platform's own hosts there are notifications alone.")
    if listener.role is not Role.CUSTOMER:
        listener.require(_NEEDED[kind])
        return
    if kind not in _OF_CUSTOMERS:
        raise PermissionDenied("Customers hear of their own appointments, tickets and notifications.")
    needed = _OF_CUSTOMERS[kind]
    if needed is not None:
        listener.require(needed)
