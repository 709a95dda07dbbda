"""What we write to people about: each kind of mail with what its words need to know."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal


class MailKind(StrEnum):
    INVITATION = "invitation"
    VERIFY_EMAIL = "verify_email"
    ALREADY_REGISTERED = "already_registered"
    RESET_PASSWORD = "reset_password"  # noqa: S105 — the name of a kind # nosec B105
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 — the name of a kind # nosec B105
    EMAIL_CHANGE_OLD = "email_change_old"
    EMAIL_CHANGE_NEW = "email_change_new"
    EMAIL_CHANGED = "email_changed"
    NEW_DEVICE = "new_device"
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    MASQUERADED = "masqueraded"
    GRANT_GIVEN = "grant_given"
    WEBHOOK_FAILING = "webhook_failing"
    WEBHOOK_DISABLED = "webhook_disabled"
    NOTIFICATION_DIGEST = "notification_digest"
    TICKET_RECEIVED = "ticket_received"
    TICKET_REPLIED = "ticket_replied"
    TICKET_NEWS = "ticket_news"
    PLATFORM_TICKET_REPLIED = "platform_ticket_replied"
    SUPPORT_TICKET = "support_ticket"


@dataclass(frozen=True, slots=True)
class Message:
    """The facts of one mail. A template of its kind may speak of these, of the recipient and of the sender."""

    kind: ClassVar[MailKind]


@dataclass(frozen=True, slots=True)
class Invitation(Message):
    """A place is kept for the recipient; the link takes it."""

    kind = MailKind.INVITATION

    inviter: str
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class VerifyEmail(Message):
    """The link shows that the recipient reads this address."""

    kind = MailKind.VERIFY_EMAIL

    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AlreadyRegistered(Message):
    """Somebody signed up with the address of an account that exists. Whoever did so is told nothing of it."""

    kind = MailKind.ALREADY_REGISTERED

    address: str
    """Where to log in."""


@dataclass(frozen=True, slots=True)
class ResetPassword(Message):
    """The link sets a new password."""

    kind = MailKind.RESET_PASSWORD

    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PasswordChanged(Message):
    """The password is another one now."""

    kind = MailKind.PASSWORD_CHANGED

    at: datetime


@dataclass(frozen=True, slots=True)
class EmailChangeOld(Message):
    """To the address that is to be given up: the link agrees to it."""

    kind = MailKind.EMAIL_CHANGE_OLD

    new_email: str
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EmailChangeNew(Message):
    """To the address that is to be used: the link agrees to it."""

    kind = MailKind.EMAIL_CHANGE_NEW

    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EmailChanged(Message):
    """To the address that was given up: it no longer logs anybody in."""

    kind = MailKind.EMAIL_CHANGED

    new_email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewDevice(Message):
    """Somebody logged in from where the recipient had not been before."""

    kind = MailKind.NEW_DEVICE

    device: str
    place: str | None
    ip_address: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SecondFactorChanged(Message):
    """What is asked for beside the password is another thing now."""

    kind = MailKind.SECOND_FACTOR_CHANGED

    change: Literal[
        "totp_added", "totp_removed", "totp_reset", "recovery_codes_made", "passkey_added", "passkey_removed"
    ]
    at: datetime


@dataclass(frozen=True, slots=True)
class Masqueraded(Message):
    """Somebody began to act in a user's place. To that user, or to the owner of the business."""

    kind = MailKind.MASQUERADED

    actor: str
    user: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GrantGiven(Message):
    """The recipient may do something for a while that others lend them."""

    kind = MailKind.GRANT_GIVEN

    grantor: str
    permission: str
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookFailing(Message):
    """To the owner of the business: a webhook endpoint has failed for days, and is going to be disabled."""

    kind = MailKind.WEBHOOK_FAILING

    host: str
    since: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookDisabled(Message):
    """To the owner of the business: nothing more is sent to a webhook endpoint."""

    kind = MailKind.WEBHOOK_DISABLED

    host: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotificationDigest(Message):
    """What a user has not read yet: one notification, or those of a day."""

    kind = MailKind.NOTIFICATION_DIGEST

    title: str
    """Of the first of them."""
    lines: tuple[str, ...]
    more: int
    """How many there are beyond the lines."""


@dataclass(frozen=True, slots=True)
class TicketReceived(Message):
    """To a customer who has opened a ticket."""

    kind = MailKind.TICKET_RECEIVED

    number: int
    ticket: str
    """What it is about."""
    can_reply: bool
    """Whether answers to the mail become part of the ticket."""


@dataclass(frozen=True, slots=True)
class TicketReplied(Message):
    """To a customer: what the staff have replied."""

    kind = MailKind.TICKET_REPLIED

    author: str
    number: int
    ticket: str
    lines: tuple[str, ...]
    can_reply: bool


@dataclass(frozen=True, slots=True)
class TicketNews(Message):
    """To the staff: what was said about a ticket, be it by a customer or as a note among themselves."""

    kind = MailKind.TICKET_NEWS

    author: str
    number: int
    ticket: str
    lines: tuple[str, ...]
    change: Literal["opened", "replied", "noted"]
    can_reply: bool
    is_verified: bool = True
    """Whether it is certain who wrote it: of a mail that is so if its sender's domain vouches for it."""


@dataclass(frozen=True, slots=True)
class PlatformTicketReplied(Message):
    """To whoever asked something of the platform for their business: the platform has answered."""

    kind = MailKind.PLATFORM_TICKET_REPLIED

    number: str
    subject: str
    lines: tuple[str, ...]
    address: str
    """Where to log in."""


@dataclass(frozen=True, slots=True)
class SupportTicket(Message):
    """To the platform's own people: a business has opened a ticket, has written about it, or it is theirs now."""

    kind = MailKind.SUPPORT_TICKET

    number: str
    subject: str
    business: str
    change: Literal["opened", "replied", "assigned"]
    link: str
    """Its page in the back office."""
