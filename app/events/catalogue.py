"""Every event that a business's software can hear of, and what its `data` holds."""

from enum import StrEnum


class EventType(StrEnum):
    APPOINTMENT_HELD = "appointment.held"
    APPOINTMENT_HOLD_EXPIRED = "appointment.hold_expired"
    APPOINTMENT_CREATED = "appointment.created"
    APPOINTMENT_PENDING = "appointment.pending"
    APPOINTMENT_CONFIRMED = "appointment.confirmed"
    APPOINTMENT_DECLINED = "appointment.declined"
    APPOINTMENT_RESCHEDULED = "appointment.rescheduled"
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    APPOINTMENT_CHECKED_IN = "appointment.checked_in"
    APPOINTMENT_COMPLETED = "appointment.completed"
    APPOINTMENT_NO_SHOW = "appointment.no_show"
    APPOINTMENT_UPDATED = "appointment.updated"


SUBSCRIPTIONS = sorted({"*", *EventType, *(f"{kind.partition('.')[0]}.*" for kind in EventType)})
"""What an endpoint may subscribe to: an event type, `<resource>.*`, or `*`."""


def subscriptions_matching(kind: EventType) -> list[str]:
    """The subscriptions that an event of this type meets."""
    return [kind.value, f"{kind.partition('.')[0]}.*", "*"]
