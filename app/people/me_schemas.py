"""The caller as `GET /me` describes them."""

from datetime import datetime
from uuid import UUID

from app.auth.permissions import Permission
from app.auth.roles import Role
from app.auth.schemas import TenantSummary, UserRead
from app.core.schemas import ResponseModel
from app.subscriptions.schemas import TierRead
from app.tenancy.mode import Mode


class ActorRead(ResponseModel):
    id: UUID
    email: str
    role: Role


class MasqueradeRead(ResponseModel):
    """Who really acts, while somebody acts in the user's place."""

    actor: ActorRead
    reason: str
    expires_at: datetime


class LentPermissionRead(ResponseModel):
    id: UUID
    permission: Permission
    grantor_id: UUID
    expires_at: datetime


class LocaleRead(ResponseModel):
    """How to show things: the user's own choice, else the business's."""

    locale: str
    timezone: str
    first_weekday: int
    """1 (Monday) to 7, as ISO 8601 counts."""
    currency: str | None
    """Null on the platform's host."""


class UnreadRead(ResponseModel):
    notifications: int


class MeRead(ResponseModel):
    user: UserRead
    avatar_url: str | None
    """A picture of the user that anybody may see. Null without one."""
    tenant: TenantSummary | None
    """Null on the platform's host."""
    tier: TierRead | None
    """What the business's subscription covers."""
    mode: Mode
    permissions: list[Permission]
    """All that counts now, lent ones included."""
    grants: list[LentPermissionRead]
    """The lent ones among them, and until when."""
    must_enrol_second_factor: bool
    """Whether nothing else is permitted before a second factor is set up."""
    masquerade: MasqueradeRead | None
    regional: LocaleRead
    unread: UnreadRead
    csrf_token: str | None
    """To be sent as `X-CSRF-Token` with every write that a cookie authenticates. Null for an API token."""
    websocket_url: str
    """Where live updates are served, by servers that have them."""
    build_id: str
    """Changes with each release: a client that finds another one than it was loaded with should reload."""
