"""What users are told of: each kind with its data, and the English words that it is read in."""

from abc import ABC, abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class NotificationKind(StrEnum):
    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 — the name of a kind # nosec B105
    EMAIL_CHANGED = "email_changed"
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    GRANT_GIVEN = "grant_given"
    GRANT_REVOKED = "grant_revoked"
    MASQUERADED = "masqueraded"
    ROLE_CHANGED = "role_changed"
    DEMO_EXPIRING = "demo_expiring"
    WEBHOOK_FAILING = "webhook_failing"
    WEBHOOK_DISABLED = "webhook_disabled"
    DOMAIN_CHANGED = "domain_changed"
    TICKET_ASSIGNED = "ticket_assigned"
    TICKET_NEWS = "ticket_news"
    TICKET_OVERDUE = "ticket_overdue"
    PLATFORM_TICKET_REPLIED = "platform_ticket_replied"
    SUPPORT_TICKET = "support_ticket"


class Notice(BaseModel, ABC):
    """The data of one kind. They are kept as they are; the words are found when they are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: ClassVar[str]

    @abstractmethod
    def text(self) -> str:
        """What happened, and what to do about it."""

    def link(self) -> str | None:
        """The address, on the same host, of what it is about."""
        return None

    def group(self) -> str | None:
        """What a burst of them is about: they are one, which counts. None if each is for itself."""
        return None


class NewDevice(Notice):
    title = "A log-in from a new device"

    device: str
    place: str | None = None
    ip_address: str | None = None

    def text(self) -> str:
        where = ", ".join(filter(None, (self.place, self.ip_address)))
        return f"Somebody logged in as you with {self.device}{f' ({where})' if where else ''}. {_IF_NOT_YOU}"

    def link(self) -> str:
        """See `Notice`."""
        return "/api/v1/me/sessions"


class PasswordChanged(Notice):
    title = "Your password was changed"

    def text(self) -> str:
        return f"Your other sessions were ended. {_IF_NOT_YOU_RESET}"


class EmailChanged(Notice):
    title = "Your e-mail address was changed"

    email: str

    def text(self) -> str:
        return f"You log in with {self.email} from now on."


class SecondFactorChanged(Notice):
    title = "Your second factor was changed"

    change: Literal[
        "totp_added", "totp_removed", "totp_reset", "recovery_codes_made", "passkey_added", "passkey_removed"
    ]

    def text(self) -> str:
        return f"{_SECOND_FACTOR_CHANGES[self.change]} {_IF_NOT_YOU}"


class GrantGiven(Notice):
    title = "You were given a permission"

    permission: str
    grantor: str
    reason: str
    expires_at: AwareDatetime

    def text(self) -> str:
        return f"{self.grantor} lends you {self.permission} until {_instant(self.expires_at)}: {self.reason}"


class GrantRevoked(Notice):
    title = "A permission has ended early"

    permission: str
    revoker: str | None = None

    def text(self) -> str:
        how = f"was taken back by {self.revoker}" if self.revoker else "has ended early"
        return f"{self.permission}, which was lent to you, {how}."


class Masqueraded(Notice):
    title = "Somebody acted in your place"

    actor: str
    reason: str

    def text(self) -> str:
        return f"{self.actor} began to use the service as you: {self.reason}"


class RoleChanged(Notice):
    title = "Your role was changed"

    role: str
    previous_role: str | None = None

    def text(self) -> str:
        before = f" It was {self.previous_role}." if self.previous_role else ""
        return f"Your role is {self.role} now.{before}"


class DemoExpiring(Notice):
    title = "The demo ends soon"

    expires_at: AwareDatetime

    def text(self) -> str:
        return f"On {_instant(self.expires_at)} this demo account and all its data will be erased."


class WebhookFailing(Notice):
    title = "A webhook endpoint fails"

    host: str
    ends_at: AwareDatetime

    def text(self) -> str:
        return f"{self.host} has taken no event for days. If that lasts, it is disabled on {_instant(self.ends_at)}."

    def link(self) -> str:
        """See `Notice`."""
        return "/api/v1/webhook-endpoints"


class WebhookDisabled(Notice):
    title = "A webhook endpoint was disabled"

    host: str
    reason: str

    def text(self) -> str:
        return f"Nothing is sent to {self.host} any more. {self.reason}"

    def link(self) -> str:
        """See `Notice`."""
        return "/api/v1/webhook-endpoints"


class DomainChanged(Notice):
    title = "A domain of yours"

    hostname: str
    status: Literal["verified", "active", "failed", "suspended", "released"]
    problem: str | None = None

    def text(self) -> str:
        return f"{self.hostname} {_DOMAIN_CHANGES[self.status]}"

    def link(self) -> str:
        """See `Notice`."""
        return "/api/v1/domains"


class TicketNotice(Notice):
    """About a ticket that the user sees."""

    ticket_id: UUID
    number: int
    subject: str

    def link(self) -> str:
        """See `Notice`."""
        return f"/api/v1/tickets/{self.ticket_id}"

    def group(self) -> str:
        """See `Notice`."""
        return str(self.ticket_id)


class TicketAssigned(TicketNotice):
    title = "A ticket is yours"

    assigner: str | None = None

    def text(self) -> str:
        by = f", as {self.assigner} says" if self.assigner else ""
        return f"You look after #{self.number} now{by}: {self.subject}"


class TicketNews(TicketNotice):
    title = "News of a ticket"

    author: str
    what: Literal["opened", "replied", "noted", "closed", "reopened"]
    is_verified: bool = True

    def text(self) -> str:
        doubt = "" if self.is_verified else " (it is not certain that it was them)"
        return f"{self.author} {_TICKET_NEWS[self.what]} #{self.number}{doubt}: {self.subject}"


class TicketOverdue(TicketNotice):
    title = "A ticket is overdue"

    def text(self) -> str:
        return f"#{self.number} was to be answered or resolved by now: {self.subject}"


class PlatformTicketReplied(Notice):
    title = "The platform has answered"

    ticket_id: UUID
    number: int
    subject: str

    def text(self) -> str:
        return f"There is an answer to your ticket {self.number} with the platform: {self.subject}"

    def link(self) -> str:
        """See `Notice`."""
        return f"/api/v1/platform-tickets/{self.ticket_id}"

    def group(self) -> str:
        """See `Notice`."""
        return str(self.ticket_id)


class SupportTicket(Notice):
    title = "A ticket of a business"

    ticket_id: UUID
    number: int
    subject: str
    business: str
    change: Literal["opened", "replied", "assigned"]

    def text(self) -> str:
        return f"{self.business} {_SUPPORT_CHANGES[self.change]} {self.number}: {self.subject}"

    def link(self) -> str:
        """See `Notice`."""
        return f"/api/v1/platform/tickets/{self.ticket_id}"

    def group(self) -> str:
        """See `Notice`."""
        return str(self.ticket_id)


NOTICES: dict[NotificationKind, type[Notice]] = {
    NotificationKind.NEW_DEVICE: NewDevice,
    NotificationKind.PASSWORD_CHANGED: PasswordChanged,
    NotificationKind.EMAIL_CHANGED: EmailChanged,
    NotificationKind.SECOND_FACTOR_CHANGED: SecondFactorChanged,
    NotificationKind.GRANT_GIVEN: GrantGiven,
    NotificationKind.GRANT_REVOKED: GrantRevoked,
    NotificationKind.MASQUERADED: Masqueraded,
    NotificationKind.ROLE_CHANGED: RoleChanged,
    NotificationKind.DEMO_EXPIRING: DemoExpiring,
    NotificationKind.WEBHOOK_FAILING: WebhookFailing,
    NotificationKind.WEBHOOK_DISABLED: WebhookDisabled,
    NotificationKind.DOMAIN_CHANGED: DomainChanged,
    NotificationKind.TICKET_ASSIGNED: TicketAssigned,
    NotificationKind.TICKET_NEWS: TicketNews,
    NotificationKind.TICKET_OVERDUE: TicketOverdue,
    NotificationKind.PLATFORM_TICKET_REPLIED: PlatformTicketReplied,
    NotificationKind.SUPPORT_TICKET: SupportTicket,
}

_IF_NOT_YOU = "If that was not you, change your password and end the sessions that you do not know."
_IF_NOT_YOU_RESET = "If that was not you, have a link sent by `Forgotten password`, and tell the business."
_TICKET_NEWS = {
    "opened": "opened",
    "replied": "replied to",
    "noted": "noted something about",
    "closed": "closed",
    "reopened": "opened once more",
}
_DOMAIN_CHANGES = {
    "verified": "is proved to be yours.",
    "active": "leads here: your business answers there.",
    "failed": "was given up: its DNS records were not found. Set them, and have it verified again.",
    "suspended": "is no longer served: its DNS records are gone. It comes back by itself once they are there again.",
    "released": "was let go. Remove its DNS records as well.",
}
_SUPPORT_CHANGES = {
    "opened": "has opened ticket",
    "replied": "has written about ticket",
    "assigned": "waits for you, who look after ticket",
}
_SECOND_FACTOR_CHANGES = {
    "totp_added": "An authenticator app was set up.",
    "totp_removed": "The authenticator app was removed.",
    "totp_reset": "The platform's support removed your authenticator app.",
    "recovery_codes_made": "New recovery codes were made; the old ones no longer count.",
    "passkey_added": "A passkey was added.",
    "passkey_removed": "A passkey was removed.",
}


def notice_of(kind: NotificationKind, data: dict[str, Any]) -> Notice:
    """The notice that these data make. Raises ValueError if they are not this kind's."""
    return NOTICES[kind].model_validate(data)


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
