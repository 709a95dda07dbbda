from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.scheduling.opening_hours import Override, WeeklyRule, clock_spans, expand, instant

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")

MONDAY, FRIDAY, SATURDAY, SUNDAY = 1, 5, 6, 7


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def wall(text: str) -> time:
    return time.fromisoformat(text)


def rule(weekday: int, start: str, end: str) -> WeeklyRule:
    return WeeklyRule(weekday, wall(start), wall(end))


def override(day: str, *windows: tuple[str, str]) -> Override:
    return Override(date.fromisoformat(day), tuple((wall(start), wall(end)) for start, end in windows))


def opening(
    zone: ZoneInfo, start: str, end: str, rules: list[WeeklyRule], *overrides: Override
) -> list[tuple[str, str]]:
    """Expand, and read the result as UTC wall-clock times."""
    return [
        (f"{datetime.fromtimestamp(opens, UTC):%d %H:%M}", f"{datetime.fromtimestamp(closes, UTC):%d %H:%M}")
        for opens, closes in expand(rules, overrides, zone, utc(start), utc(end))
    ]


class TestWeeklyRules:
    def test_opens_on_its_weekday_in_the_resources_own_zone(self) -> None:
        # 5 January 2026 is a Monday; Berlin is an hour ahead of UTC in winter.
        assert opening(BERLIN, "2026-01-04", "2026-01-18", [rule(MONDAY, "09:00", "17:00")]) == [
            ("05 08:00", "05 16:00"),
            ("12 08:00", "12 16:00"),
        ]

    def test_windows_are_given_whole_when_the_range_cuts_them(self) -> None:
        assert opening(BERLIN, "2026-01-05T10:00", "2026-01-05T11:00", [rule(MONDAY, "09:00", "17:00")]) == [
            ("05 08:00", "05 16:00")
        ]

    def test_the_range_is_half_open(self) -> None:
        rules = [rule(MONDAY, "09:00", "17:00")]

        assert opening(BERLIN, "2026-01-05T16:00", "2026-01-06", rules) == []
        assert opening(BERLIN, "2026-01-05T00:00", "2026-01-05T08:00", rules) == []

    def test_no_rules_are_never_open(self) -> None:
        assert opening(BERLIN, "2026-01-01", "2026-02-01", []) == []

    @pytest.mark.parametrize(
        ("first", "second"),
        [(("09:00", "12:00"), ("12:00", "17:00")), (("09:00", "13:00"), ("12:00", "17:00"))],
        ids=["touching", "overlapping"],
    )
    def test_windows_of_one_day_that_meet_are_one(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        rules = [rule(MONDAY, *second), rule(MONDAY, *first)]

        assert opening(BERLIN, "2026-01-05", "2026-01-06", rules) == [("05 08:00", "05 16:00")]

    def test_a_lunch_break_stays(self) -> None:
        rules = [rule(MONDAY, "09:00", "12:00"), rule(MONDAY, "13:00", "17:00")]

        assert opening(BERLIN, "2026-01-05", "2026-01-06", rules) == [
            ("05 08:00", "05 11:00"),
            ("05 12:00", "05 16:00"),
        ]


class TestOvernight:
    def test_an_end_before_the_start_runs_into_the_next_day(self) -> None:
        assert opening(BERLIN, "2026-01-09", "2026-01-11", [rule(FRIDAY, "22:00", "02:00")]) == [
            ("09 21:00", "10 01:00")
        ]

    def test_a_window_from_the_day_before_the_range_is_found(self) -> None:
        assert opening(BERLIN, "2026-01-10T00:30", "2026-01-11", [rule(FRIDAY, "22:00", "02:00")]) == [
            ("09 21:00", "10 01:00")
        ]

    def test_an_end_equal_to_the_start_is_a_whole_day(self) -> None:
        assert opening(BERLIN, "2026-01-09", "2026-01-12", [rule(FRIDAY, "08:00", "08:00")]) == [
            ("09 07:00", "10 07:00")
        ]

    def test_a_later_days_window_cuts_the_night_before_it_and_opening_goes_on(self) -> None:
        rules = [rule(FRIDAY, "22:00", "10:00"), rule(SATURDAY, "09:00", "09:30")]

        assert opening(BERLIN, "2026-01-09", "2026-01-11", rules) == [
            ("09 21:00", "10 08:00"),
            ("10 08:00", "10 09:00"),
        ]

    def test_a_business_that_never_closes_has_a_window_a_day_that_touches_the_next(self) -> None:
        rules = [rule(weekday, "00:00", "00:00") for weekday in range(1, 8)]

        assert opening(BERLIN, "2026-01-09T12:00", "2026-01-10T12:00", rules) == [
            ("08 23:00", "09 23:00"),
            ("09 23:00", "10 23:00"),
        ]


class TestOverrides:
    RULES = (rule(FRIDAY, "22:00", "02:00"), rule(SATURDAY, "10:00", "14:00"))

    def test_replaces_the_whole_day(self) -> None:
        special = override("2026-01-10", ("18:00", "20:00"))

        assert opening(BERLIN, "2026-01-10T06:00", "2026-01-11", [*self.RULES], special) == [("10 17:00", "10 19:00")]

    def test_without_windows_closes_the_day_and_leaves_the_night_shift_that_began_before(self) -> None:
        closed = override("2026-01-10")

        assert opening(BERLIN, "2026-01-09", "2026-01-11", [*self.RULES], closed) == [("09 21:00", "10 01:00")]

    def test_on_the_day_a_night_shift_begins_removes_all_of_it(self) -> None:
        closed = override("2026-01-09")

        assert opening(BERLIN, "2026-01-09", "2026-01-11", [*self.RULES], closed) == [("10 09:00", "10 13:00")]

    def test_opens_a_day_that_is_usually_closed(self) -> None:
        special = override("2026-01-11", ("23:00", "01:00"))

        assert opening(BERLIN, "2026-01-11", "2026-01-12", [], special) == [("11 22:00", "12 00:00")]


class TestClockChanges:
    @pytest.mark.parametrize(
        ("zone", "day", "hours"),
        [
            (BERLIN, "2026-03-29", 23),
            (BERLIN, "2026-10-25", 25),
            (NEW_YORK, "2026-03-08", 23),
            (NEW_YORK, "2026-11-01", 25),
            (LORD_HOWE, "2026-10-04", 23.5),
            (LORD_HOWE, "2026-04-05", 24.5),
        ],
    )
    def test_a_whole_day_has_the_hours_that_day_really_has(self, zone: ZoneInfo, day: str, hours: float) -> None:
        noon = instant(date.fromisoformat(day), time(12), zone)
        [(opens, closes)] = expand([rule(SUNDAY, "00:00", "00:00")], (), zone, noon, noon + 1)

        assert closes - opens == hours * 3600

    def test_hours_after_the_change_follow_the_clock(self) -> None:
        rules = [rule(SATURDAY, "09:00", "17:00"), rule(SUNDAY, "09:00", "17:00")]

        assert opening(BERLIN, "2026-03-28", "2026-03-30", rules) == [
            ("28 08:00", "28 16:00"),
            ("29 07:00", "29 15:00"),
        ]

    def test_a_start_that_spring_skips_is_read_with_the_offset_from_before(self) -> None:
        # 02:30 does not exist in Berlin on 29 March 2026; by the winter offset it is 01:30 UTC, shown as 03:30.
        assert opening(BERLIN, "2026-03-29", "2026-03-30", [rule(SUNDAY, "02:30", "05:00")]) == [
            ("29 01:30", "29 03:00")
        ]

    def test_a_window_inside_the_skipped_hour_that_would_end_before_it_starts_is_none(self) -> None:
        assert opening(BERLIN, "2026-03-29", "2026-03-30", [rule(SUNDAY, "02:30", "03:00")]) == []

    def test_a_time_that_autumn_repeats_means_the_first(self) -> None:
        assert opening(BERLIN, "2026-10-25", "2026-10-26", [rule(SUNDAY, "02:30", "04:00")]) == [
            ("25 00:30", "25 03:00")
        ]

    def test_half_an_hours_change_shifts_by_half_an_hour(self) -> None:
        # Lord Howe goes from +10:30 to +11:00 at 02:00 on 4 October 2026: 02:15 is shown as 02:45.
        assert opening(LORD_HOWE, "2026-10-03", "2026-10-04", [rule(SUNDAY, "02:15", "04:00")]) == [
            ("03 15:45", "03 17:00")
        ]

    def test_a_day_the_zone_skipped_altogether_joins_the_next(self) -> None:
        # Samoa crossed the date line: Friday, 30 December 2011 never was, and its hours fall on the Saturday.
        rules = [rule(FRIDAY, "09:00", "12:00"), rule(SATURDAY, "09:00", "13:00")]

        assert opening(ZoneInfo("Pacific/Apia"), "2011-12-30", "2011-12-31", rules) == [("30 19:00", "30 23:00")]


class TestClockSpans:
    def test_an_even_day_is_one_span_reckoned_from_its_midnight(self) -> None:
        midnight = utc("2026-01-04T23:00")

        assert clock_spans(BERLIN, midnight + 3600, midnight + 7200) == [(midnight, midnight + 24 * 3600, midnight)]

    def test_a_clock_change_splits_the_day_and_moves_the_midnight_it_is_reckoned_from(self) -> None:
        midnight, change = utc("2026-03-28T23:00"), utc("2026-03-29T01:00")

        assert clock_spans(BERLIN, midnight, midnight + 1) == [
            (midnight, change, midnight),
            (change, utc("2026-03-29T22:00"), midnight - 3600),
        ]
