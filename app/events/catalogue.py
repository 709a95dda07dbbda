"""Every event that a business's software can hear of."""

from enum import StrEnum
from typing import Self

_FIRST = "2026-11-01"


class EventType(StrEnum):
    """An event, what it means, and since which version of the API there is such a one.

    What its `data` holds is told by the feature that it is about: `app.webhooks.event_types` brings them together.
    """

    description: str
    since: str

    def __new__(cls, name: str, description: str, since: str = _FIRST) -> Self:
        """Take what is told of the type beside its name."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.description = description
        kind.since = since
        return kind

    @property
    def family(self) -> str:
        """What it is about: `appointment` of `appointment.created`."""
        return self.partition(".")[0]

    APPOINTMENT_HELD = (
        "appointment.held",
        "A slot is kept for somebody who has not confirmed yet, until `expires_at`.",
    )
    APPOINTMENT_HOLD_EXPIRED = (
        "appointment.hold_expired",
        "A hold or a request was not confirmed in time, or a hold was given up. Its slot is free again.",
    )
    APPOINTMENT_CREATED = "appointment.created", "An appointment was booked and is confirmed."
    APPOINTMENT_PENDING = (
        "appointment.pending",
        "An appointment was requested and waits for the business's approval, until `expires_at`.",
    )
    APPOINTMENT_CONFIRMED = (
        "appointment.confirmed",
        "A hold was turned into a booking, or a request was approved.",
    )
    APPOINTMENT_DECLINED = "appointment.declined", "A request was refused. Its slot is free again."
    APPOINTMENT_RESCHEDULED = (
        "appointment.rescheduled",
        (
            "An appointment was moved. `data` is the new one; `rescheduled_from_id` names the one it replaces, which "
            "is cancelled by the system without an event of its own."
        ),
    )
    APPOINTMENT_CANCELLED = (
        "appointment.cancelled",
        "An appointment was cancelled. `cancelled_by` and `cancel_reason` say by whom and why. Its slot is free again.",
    )
    APPOINTMENT_CHECKED_IN = "appointment.checked_in", "The customer has come."
    APPOINTMENT_COMPLETED = "appointment.completed", "The customer has been served."
    APPOINTMENT_NO_SHOW = "appointment.no_show", "The customer did not come."
    APPOINTMENT_UPDATED = (
        "appointment.updated",
        "Something about the appointment was changed that is neither its status nor its time: its notes.",
    )

    WAITLIST_JOINED = "waitlist.joined", "A customer waits for a place."
    WAITLIST_OFFERED = (
        "waitlist.offered",
        "A place is held for who was first in line, until `expires_at`. `appointment_id` is the hold.",
    )
    WAITLIST_ACCEPTED = "waitlist.accepted", "What was offered was taken: the hold is a booking, or a request, by now."
    WAITLIST_EXPIRED = (
        "waitlist.expired",
        "What was offered was not taken in time, and goes to who is next; or the time that was waited for has passed.",
    )
    WAITLIST_LEFT = "waitlist.left", "A customer waits no more."

    SESSION_FULL = "session.full", "The last seat of a class was taken. `data` is the session: one start of the class."
    SESSION_SPOT_OPENED = "session.spot_opened", "A class that was full has seats again."

    TICKET_CREATED = "ticket.created", "A ticket was opened, by a customer or for one."
    TICKET_REPLIED = (
        "ticket.replied",
        "Somebody has replied to a ticket, which may have taken it up or opened it again. `data.message` is the reply.",
    )
    TICKET_UPDATED = "ticket.updated", "What a ticket is about, its priority, or who looks after it was changed."
    TICKET_STATUS_CHANGED = "ticket.status_changed", "A ticket goes on, has ended, or begins again."
    TICKET_OVERDUE = (
        "ticket.overdue",
        "A ticket was to be answered or resolved by now, as the desk has promised, and is not.",
    )

    CUSTOMER_CREATED = "customer.created", "A customer was recorded, or signed up."
    CUSTOMER_UPDATED = "customer.updated", "A customer's record was changed, or got a log-in."

    SERVICE_CREATED = "service.created", "A service is on offer from now on."
    SERVICE_UPDATED = (
        "service.updated",
        "A service was changed for the bookings to come, be it that a resource it could be met by was archived.",
    )
    SERVICE_ARCHIVED = "service.archived", "A service is no longer on offer. What is booked stays booked."

    RESOURCE_CREATED = "resource.created", "Somebody or something that bookings occupy was added."
    RESOURCE_UPDATED = "resource.updated", "A resource was renamed, moved to another time zone or linked to a log-in."
    RESOURCE_ARCHIVED = "resource.archived", "A resource is no longer in use."
    RESOURCE_SCHEDULE_CHANGED = (
        "resource.schedule_changed",
        "A resource's schedule was set. `data` is the resource; its schedule is read by itself.",
    )
    RESOURCE_BLOCKED = "resource.blocked", "A resource takes no bookings for a time. `data` is the block."
    RESOURCE_UNBLOCKED = "resource.unblocked", "A block was removed. `data` is the block as it was."

    DOMAIN_ADDED = "domain.added", "A host name of the business's own was named. Its records are looked for."
    DOMAIN_VERIFIED = "domain.verified", "The TXT record was found: the host name is the business's."
    DOMAIN_ACTIVATED = "domain.activated", "The host name leads here, and the business answers at it."
    DOMAIN_FAILED = "domain.failed", "The records were not found for so long that they are looked for no more."
    DOMAIN_SUSPENDED = (
        "domain.suspended",
        "An active host name has lost its records, three checks in a row: the business answers there no more.",
    )
    DOMAIN_RELEASED = "domain.released", "A host name was let go."
    DOMAIN_UPDATED = "domain.updated", "A host name became the one that the business is known by."

    TOKEN_CREATED = (
        "token.created",
        "An API token was made; where it replaces one, `rolled_from_id` names that. The token itself is not told.",
    )
    TOKEN_REVOKED = "token.revoked", "An API token was revoked before its time."

    WEBHOOK_TEST = (
        "webhook.test",
        "Somebody tries a webhook endpoint out. It is sent there alone, and once; nobody can subscribe to it.",
    )


SUBSCRIBABLE = [kind for kind in EventType if kind is not EventType.WEBHOOK_TEST]
SUBSCRIPTIONS = sorted({"*", *SUBSCRIBABLE, *(f"{kind.family}.*" for kind in SUBSCRIBABLE)})
"""What an endpoint may subscribe to: an event type, `<resource>.*`, or `*`."""
