"""Who is calling."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.auth.grants import Grant
from app.auth.permissions import LIVE_ONLY, Permission
from app.auth.roles import Role
from app.auth.token_networks import Networks
from app.errors import EnrolmentRequired, InPersonOnly, PermissionDenied, SandboxNotAllowed
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts in a user's place: a masquerade's real person, and the session they began it from."""

    user_id: UUID
    email: str
    role: Role
    session_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller: a user in a session, or an API token acting for the user who made it."""

    user_id: UUID
    email: str
    role: Role
    tenant: Tenant | None
    mode: Mode
    permissions: frozenset[Permission]
    session_id: UUID | None = None
    token_id: UUID | None = None
    api_version: str | None = None
    """The version of the API that an API token is pinned to; None for a session, which speaks the latest."""
    expires_at: datetime | None = None
    """When the session or token ends, unless it is used or revoked before."""
    actor: Actor | None = None
    """Set while somebody else acts in the user's place."""
    grants: tuple[Grant, ...] = ()
    """What is lent to the caller beyond their role, as far as it counts. The permissions are among the others."""
    allowed_networks: Networks = ()
    """Where a token may be used from; anywhere, if there are none."""
    must_enrol: bool = False
    """Whether the role may only be used with a second factor, and none is set up yet."""

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied unless the caller has this permission. The only place that asks.

        Raises SandboxNotAllowed for what there is in live mode alone.
        """
        if permission in self.permissions:
            if self.mode is Mode.SANDBOX and permission in LIVE_ONLY:
                raise SandboxNotAllowed
            return
        if self.must_enrol:
            raise EnrolmentRequired
        raise PermissionDenied("This needs the permission '{permission}'.", params={"permission": permission})

    def grant_for(self, permission: Permission) -> UUID | None:
        """The grant without which the caller would not have this permission, if there is one: the last to end."""
        return next((grant.id for grant in reversed(self.grants) if grant.permission is permission), None)

    def in_session(self) -> UUID:
        """The session, be it the user's own or a masquerade. Raises InPersonOnly for a token."""
        if self.session_id is None:
            raise InPersonOnly("This is not possible with an API token.")
        return self.session_id

    def in_person(self) -> UUID:
        """The session, if it is the user's own. Raises InPersonOnly for a token and while masquerading."""
        if self.session_id is None or self.actor is not None:
            raise InPersonOnly
        return self.session_id
