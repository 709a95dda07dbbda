"""How long a log-in lasts: unused, and at all. Whoever can reach many businesses is asked again sooner."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.auth.roles import Role


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """`idle` counts from the last refresh, `absolute` from the log-in."""

    idle: timedelta
    absolute: timedelta

    def end(self, *, rotated_at: datetime, expires_at: datetime) -> datetime:
        """When a session ends that was last refreshed then and is to last until then at most."""
        return min(rotated_at + self.idle, expires_at)


PLATFORM = SessionLimits(idle=timedelta(hours=1), absolute=timedelta(hours=12))
BUSINESS = SessionLimits(idle=timedelta(days=7), absolute=timedelta(days=30))
MASQUERADE_TTL = timedelta(minutes=30)


def limits_of(role: Role) -> SessionLimits:
    """The limits for users of this role."""
    return PLATFORM if role.is_platform else BUSINESS
