"""Who does what from where, as the audit trail keeps it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.clock import utcnow
from app.tenancy.mode import Mode


class Result(StrEnum):
    SUCCESS = "success"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about: `Subject("user", user.id)`."""

    type: str
    id: UUID | str


@dataclass(frozen=True, slots=True)
class AuditContext:
    """The request, job or command that a transaction serves.

    `actor_id` is who really acts, `user_id` in whose name: they differ while masquerading. The e-mail addresses are for
    the log files alone.
    """

    at: datetime = field(default_factory=utcnow)
    request_id: str | None = None
    actor_id: UUID | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None
    token_id: UUID | None = None
    grant_id: UUID | None = None
    """The lent permission without which this would have been refused."""
    tenant_id: UUID | None = None
    mode: Mode | None = None
    method: str | None = None
    route: str | None = None
    status: int | None = None
    """What is answered if all goes well; a problem that keeps changes puts its own in its place."""
    ip_address: str | None = None
    user_agent: str | None = None
    actor_email: str | None = None
    user_email: str | None = None
