"""The life of a ticket: what can follow what, and what a reply brings about."""

from enum import StrEnum

from app.errors import InvalidTransition


class TicketStatus(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


S = TicketStatus
FOLLOWERS: dict[TicketStatus, frozenset[TicketStatus]] = {
    S.OPEN: frozenset({S.IN_PROGRESS, S.WAITING, S.RESOLVED, S.CLOSED}),
    S.IN_PROGRESS: frozenset({S.OPEN, S.WAITING, S.RESOLVED, S.CLOSED}),
    S.WAITING: frozenset({S.IN_PROGRESS, S.RESOLVED, S.CLOSED}),
    # Opening it once more is the only way back.
    S.RESOLVED: frozenset({S.OPEN, S.CLOSED}),
    S.CLOSED: frozenset({S.OPEN}),
}
IN_HAND = frozenset({S.OPEN, S.IN_PROGRESS})
"""It is for the staff to do something."""
OVER = frozenset({S.RESOLVED, S.CLOSED})
OF_CUSTOMERS = frozenset({S.OPEN, S.CLOSED})
"""What customers can make of their tickets: they open them once more, or say that they are done."""


def check_transition(status: TicketStatus, to: TicketStatus) -> None:
    """Raise InvalidTransition, naming the status and what can follow, unless `to` can."""
    if to not in FOLLOWERS[status]:
        raise InvalidTransition(
            "The ticket is {status}. What can follow: {followers}.",
            params={"status": status, "followers": sorted(FOLLOWERS[status])},
        )


def after_reply(status: TicketStatus, *, by_customer: bool) -> TicketStatus:
    """The status that a reply leads to: whoever was waited for has answered, and what was over begins again.

    A reply of the staff takes up what nobody has looked at yet.
    """
    if by_customer:
        return {S.WAITING: S.IN_PROGRESS, S.RESOLVED: S.OPEN, S.CLOSED: S.OPEN}.get(status, status)
    return S.IN_PROGRESS if status is S.OPEN else status
