"""Who is calling."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.auth.permissions import Permission
from app.auth.roles import Role
from app.errors import PermissionDenied
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller: a user in a session, or an API token acting for the user who made it."""

    user_id: UUID
    role: Role
    tenant: Tenant | None
    mode: Mode
    permissions: frozenset[Permission]
    session_id: UUID | None = None
    token_id: UUID | None = None
    expires_at: datetime | None = None

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied unless the caller has this permission. The only place that asks."""
        if permission not in self.permissions:
            raise PermissionDenied(f"This needs the permission {permission.value!r}.")
