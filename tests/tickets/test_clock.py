"""The clock of a desk, by itself."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.scheduling.opening_hours import Override, WeeklyRule
from app.tickets.clock import DeskHours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = DeskHours(BERLIN, [WeeklyRule(weekday, time(9), time(17)) for weekday in range(1, 6)])
ALWAYS = DeskHours(BERLIN, [])
HOUR = 3600


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


class TestAfter:
    @pytest.mark.parametrize(
        ("start", "hours", "due"),
        [
            ("2026-12-01T10:00", 2, "2026-12-01T12:00"),
            ("2026-12-01T16:00", 2, "2026-12-02T10:00"),  # over night
            ("2026-12-04T16:30", 1, "2026-12-07T09:30"),  # over a weekend
            ("2026-12-05T12:00", 1, "2026-12-07T10:00"),  # from within one
            ("2026-12-01T07:00", 8, "2026-12-01T17:00"),  # to the very end of the day
            ("2027-03-26T16:00", 2, "2027-03-29T10:00"),  # over the change of the clocks
            ("2026-12-01T09:00", 40, "2026-12-07T17:00"),
        ],
    )
    def test_counts_while_the_desk_is_open(self, start: str, hours: int, due: str) -> None:
        assert OFFICE.after(berlin(start), hours * HOUR) == berlin(due)

    def test_leaves_out_the_days_that_it_is_closed_on(self) -> None:
        closed = DeskHours(BERLIN, OFFICE.weekly, [Override(date(2026, 12, 2), ())])
        assert closed.after(berlin("2026-12-01T16:00"), 2 * HOUR) == berlin("2026-12-03T10:00")

    def test_goes_round_the_clock_without_hours(self) -> None:
        assert ALWAYS.after(berlin("2026-12-05T23:30"), HOUR) == berlin("2026-12-06T00:30")

    def test_comes_to_no_end_where_the_desk_opens_too_seldom(self) -> None:
        seldom = DeskHours(BERLIN, [WeeklyRule(1, time(9), time(10))])
        assert seldom.after(berlin("2026-12-01T10:00"), 100 * HOUR) is None

    def test_is_right_across_the_stretches_that_it_looks_at(self) -> None:
        assert OFFICE.after(berlin("2026-12-01T09:00"), 8 * 60 * HOUR) == berlin("2027-02-22T17:00")


class TestBetween:
    @pytest.mark.parametrize(
        ("start", "end", "hours"),
        [
            ("2026-12-01T10:00", "2026-12-01T12:00", 2),
            ("2026-12-01T16:00", "2026-12-02T10:00", 2),
            ("2026-12-05T00:00", "2026-12-06T23:00", 0),
            ("2026-12-01T12:00", "2026-12-01T10:00", 0),
        ],
    )
    def test_counts_while_the_desk_is_open(self, start: str, end: str, hours: int) -> None:
        assert OFFICE.between(berlin(start), berlin(end)) == hours * HOUR

    def test_turns_round_what_after_says(self) -> None:
        start = datetime(2026, 12, 1, 3, 17, 4, tzinfo=UTC)
        for minutes in (1, 59, 480, 481, 5_000, 20_000):
            due = OFFICE.after(start, minutes * 60)
            assert due is not None
            assert OFFICE.between(start, due) == minutes * 60
