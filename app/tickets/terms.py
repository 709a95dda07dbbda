"""What the desk has promised, and what that means for a ticket: by when it is to be answered, and resolved.

The clock of a ticket goes while it is open or in progress, and in the desk's hours alone. It stands still while the
customer is waited for, and once the ticket is resolved; opened again, it goes on from where it stood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.models.tenant import TicketRow
from app.scheduling.opening_hours import Override, WeeklyRule
from app.tickets.clock import DeskHours
from app.tickets.lifecycle import IN_HAND, OVER, TicketStatus
from app.tickets.schemas.settings import DeskSettingsRead, Target


@dataclass(frozen=True, slots=True)
class Terms:
    """The hours of a desk, and what it promises for each priority."""

    hours: DeskHours
    targets: Mapping[str, Target]

    @classmethod
    def of(cls, settings: DeskSettingsRead, timezone: str) -> "Terms":
        """What these settings promise, in the zone of the business."""
        weekly = [WeeklyRule(window.weekday, window.start, window.end) for window in settings.hours]
        closures = [Override(day, ()) for day in settings.closed_on]
        return cls(
            DeskHours(ZoneInfo(timezone), weekly, closures),
            {str(each): target for each, target in settings.targets.items()},
        )

    def reckon(self, row: TicketRow, *, now: datetime) -> None:
        """Note by when a ticket is due, after its status or its priority is another one, or it was answered."""
        target = self.targets.get(row.priority) or Target(first_response_minutes=None, resolution_minutes=None)
        status = TicketStatus(row.status)
        if row.clock_started_at is not None:
            row.clock_spent_seconds += self.hours.between(row.clock_started_at, now)
        row.clock_started_at = now if status in IN_HAND else None
        if status not in OVER:  # what is over keeps what it was due by
            row.resolution_due_at = self._due(row, target, now)
            row.first_response_due_at = self._answer_due(row, target)

    def _due(self, row: TicketRow, target: Target, now: datetime) -> datetime | None:
        if target.resolution_minutes is None:
            return None
        left = target.resolution_minutes * 60 - row.clock_spent_seconds
        if left <= 0:  # what is overdue stays so, whoever is waited for
            return min(row.resolution_due_at or now, now)
        return self.hours.after(now, left) if row.clock_started_at is not None else None

    def _answer_due(self, row: TicketRow, target: Target) -> datetime | None:
        """The staff owe an answer to who wrote to them, and not to each other. It is due while it is not given."""
        if row.first_responded_at is not None:
            return row.first_response_due_at
        if row.opened_by != "customer" or target.first_response_minutes is None:
            return None
        return self.hours.after(row.created_at, target.first_response_minutes * 60)
