"""What a desk has promised, as a ticket goes through its life."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.models.tenant import TicketRow
from app.tickets.changes import become
from app.tickets.lifecycle import TicketStatus
from app.tickets.schemas.settings import DeskSettingsRead
from app.tickets.terms import Terms

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
TERMS = Terms.of(
    DeskSettingsRead.model_validate(
        {
            "hours": [],
            "closed_on": [],
            "targets": {
                "normal": {"first_response_minutes": 60, "resolution_minutes": 480},
                "urgent": {"first_response_minutes": 10, "resolution_minutes": 60},
            },
            "auto_close_days": None,
            "updated_at": None,
        }
    ),
    "UTC",
)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def opened(by: str = "customer") -> TicketRow:
    row = TicketRow(id=uuid4(), status="open", priority="normal", opened_by=by, created_at=START, clock_spent_seconds=0)
    TERMS.reckon(row, now=START)
    return row


def turn(row: TicketRow, to: str, minutes: int) -> None:
    become(row, TicketStatus(to), now=at(minutes))
    TERMS.reckon(row, now=at(minutes))


class TestReckon:
    def test_promises_both_from_the_start(self) -> None:
        row = opened()
        assert (row.first_response_due_at, row.resolution_due_at) == (at(60), at(480))

    def test_owes_no_answer_to_the_staff_themselves(self) -> None:
        row = opened("staff")
        assert (row.first_response_due_at, row.resolution_due_at) == (None, at(480))

    def test_stands_still_while_the_customer_is_waited_for(self) -> None:
        row = opened()
        turn(row, "waiting", 100)
        assert row.resolution_due_at is None
        turn(row, "in_progress", 1000)
        assert row.resolution_due_at == at(1000 + 380)

    def test_goes_on_from_where_it_stood_when_it_is_opened_again(self) -> None:
        row = opened()
        turn(row, "resolved", 400)
        assert row.resolution_due_at == at(480)  # what it was due by
        turn(row, "open", 5000)
        assert row.resolution_due_at == at(5080)

    def test_leaves_what_is_overdue_as_it_was(self) -> None:
        row = opened()
        turn(row, "in_progress", 500)
        turn(row, "waiting", 600)
        assert row.resolution_due_at == at(480)

    def test_follows_the_priority(self) -> None:
        row = opened()
        row.priority = "urgent"
        TERMS.reckon(row, now=at(5))
        assert (row.first_response_due_at, row.resolution_due_at) == (at(10), at(60))
        row.priority = "low"  # of which nothing is promised
        TERMS.reckon(row, now=at(6))
        assert (row.first_response_due_at, row.resolution_due_at) == (None, None)

    def test_keeps_by_when_the_first_answer_was_due(self) -> None:
        row = opened()
        row.first_responded_at = at(20)
        row.priority = "urgent"
        TERMS.reckon(row, now=at(30))
        assert row.first_response_due_at == at(60)

    def test_makes_nothing_due_later_by_a_priority_that_has_it_overdue(self) -> None:
        row = opened()
        row.priority = "urgent"
        TERMS.reckon(row, now=at(200))
        assert row.resolution_due_at == at(200)
