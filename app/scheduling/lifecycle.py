"""The life of an appointment: what can follow what."""

from datetime import datetime
from enum import StrEnum

from app.errors import InvalidTransition
from app.models.tenant import AppointmentRow


class Status(StrEnum):
    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


S = Status
TEMPORARY = frozenset({S.HELD, S.PENDING})
"""These keep their slot until `expires_at`."""

FOLLOWERS: dict[Status, frozenset[Status]] = {
    S.HELD: frozenset({S.CONFIRMED, S.PENDING, S.EXPIRED}),
    S.PENDING: frozenset({S.CONFIRMED, S.DECLINED, S.EXPIRED}),
    S.CONFIRMED: frozenset({S.CHECKED_IN, S.NO_SHOW, S.CANCELLED}),
    S.CHECKED_IN: frozenset({S.COMPLETED}),
    # A confirmation that comes late still counts while the slot is free.
    S.EXPIRED: frozenset({S.CONFIRMED, S.PENDING}),
    S.COMPLETED: frozenset(),
    S.NO_SHOW: frozenset(),
    S.CANCELLED: frozenset(),
    S.DECLINED: frozenset(),
}


def status_at(row: AppointmentRow, now: datetime) -> Status:
    """The status at that instant: whether or not the sweep has come by, what is past its time has expired."""
    status = Status(row.status)
    if status in TEMPORARY and row.expires_at is not None and row.expires_at <= now:
        return Status.EXPIRED
    return status


def check_transition(status: Status, to: Status) -> None:
    """Raise InvalidTransition, naming the status and what can follow, unless `to` can."""
    if to not in FOLLOWERS[status]:
        raise InvalidTransition(
            "The appointment is {status}. What can follow: {followers}.",
            params={"status": status, "followers": sorted(FOLLOWERS[status])},
        )
