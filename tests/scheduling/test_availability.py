from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.scheduling.availability import (
    MAX_REQUIREMENTS,
    Alignment,
    Pool,
    Refusal,
    ResourceCalendar,
    ServiceTerms,
    Slot,
    check_start,
    find_slots,
    reach,
)
from app.scheduling.opening_hours import Interval, WeeklyRule, expand, instant

MINUTE = 60
HOUR = 60 * MINUTE
ANNA, BEN, CARA, ROOM, LASER = (UUID(int=number) for number in range(1, 6))
BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
DAY = date(2026, 1, 5)
EVE = int(datetime(2026, 1, 4, 12, tzinfo=UTC).timestamp())

HOURLY = ServiceTerms(duration=HOUR, slot_step=HOUR)


def at(text: str) -> int:
    """London's winter clock is UTC, which keeps the tables below readable."""
    return instant(DAY, time.fromisoformat(text), LONDON)


def spans(*texts: str) -> list[Interval]:
    return [(at(start), at(end)) for start, end in (text.split("-") for text in texts)]


def calendar(*windows: str, busy: Sequence[str] = ()) -> ResourceCalendar:
    return ResourceCalendar(LONDON, spans(*windows), spans(*busy))


def slots(
    terms: ServiceTerms,
    calendars: dict[UUID, ResourceCalendar],
    requirements: Sequence[Pool] = ((ANNA,),),
    now: int = EVE,
) -> list[Slot]:
    return find_slots(terms, requirements, calendars, at("00:00"), at("00:00") + 24 * HOUR, now=now)


def starts(found: Sequence[Slot], zone: ZoneInfo = LONDON) -> str:
    return " ".join(f"{datetime.fromtimestamp(slot.start, zone):%H:%M}" for slot in found)


def whole_day(zone: ZoneInfo, day: date, terms: ServiceTerms) -> list[Slot]:
    """The slots of a day on which the resource never closes."""
    rules = [WeeklyRule(weekday, time.min, time.min) for weekday in range(1, 8)]
    begin, end = (instant(day + timedelta(days=days), time.min, zone) for days in (0, 1))
    windows = expand(rules, (), zone, *reach(terms, begin, end))
    return find_slots(terms, [(ANNA,)], {ANNA: ResourceCalendar(zone, windows, ())}, begin, end, now=begin - HOUR)


class TestWindowAlignment:
    OFFERS = {  # noqa: RUF012 - a constant table
        "from the window's start": (["09:00-12:00"], [], "09:00 10:00 11:00"),
        "whatever that start is": (["09:15-12:00"], [], "09:15 10:15"),
        "too short a window": (["09:00-09:59"], [], ""),
        "touching intervals are free": (["09:00-12:00"], ["10:00-11:00"], "09:00 11:00"),
        "restarts after something busy": (["09:00-13:00"], ["10:00-10:10"], "09:00 10:10 11:10"),
        "busy outside the window touches it": (["09:00-12:00"], ["08:00-09:00", "12:00-13:00"], "09:00 10:00 11:00"),
        "busy into the window": (["09:00-12:00"], ["08:30-09:20"], "09:20 10:20"),
        "busy times overlap each other": (
            ["09:00-13:00"],
            ["09:00-10:30", "09:10-09:20", "10:15-11:00"],
            "11:00 12:00",
        ),
        "busy throughout": (["09:00-12:00"], ["08:00-13:00"], ""),
        "each window for itself": (["09:00-10:30", "13:10-15:10"], [], "09:00 13:10 14:10"),
        "touching windows are one opening and restart the grid": (
            ["09:00-11:30", "11:30-13:00"],
            [],
            "09:00 10:00 11:00 11:30",
        ),
        "never open": ([], [], ""),
    }

    @pytest.mark.parametrize(("windows", "busy", "expected"), OFFERS.values(), ids=OFFERS)
    def test_offers(self, windows: list[str], busy: list[str], expected: str) -> None:
        assert starts(slots(HOURLY, {ANNA: calendar(*windows, busy=busy)})) == expected

    def test_a_step_shorter_than_the_appointment_gives_overlapping_slots(self) -> None:
        terms = replace(HOURLY, slot_step=30 * MINUTE)

        assert starts(slots(terms, {ANNA: calendar("09:00-11:00")})) == "09:00 09:30 10:00"

    def test_an_appointment_may_run_past_midnight_when_the_window_does(self) -> None:
        overnight = ResourceCalendar(LONDON, [(at("22:00"), at("22:00") + 4 * HOUR)], ())

        assert starts(slots(HOURLY, {ANNA: overnight})) == "22:00 23:00"

    def test_a_business_that_never_closes_has_the_same_grid_every_day(self) -> None:
        terms = ServiceTerms(duration=50 * MINUTE, slot_step=50 * MINUTE)

        found = [starts(whole_day(LONDON, date(2026, 1, day), terms)) for day in (5, 6)]

        assert found[0] == found[1]
        assert found[0].startswith("00:00 00:50 01:40")
        assert found[0].endswith("22:30 23:20")


class TestClockAlignment:
    CLOCK = replace(HOURLY, alignment=Alignment.CLOCK)

    @pytest.mark.parametrize(
        ("windows", "busy", "step", "expected"),
        [
            (["09:15-12:00"], [], 60, "10:00 11:00"),
            (["09:00-13:00"], ["10:00-10:10"], 60, "09:00 11:00 12:00"),
            (["09:00-12:00"], [], 45, "09:00 09:45 10:30"),
            (["10:00-14:00"], [], 100, "10:00 11:40"),
        ],
        ids=["on the hour", "stays on the hour", "three quarters", "counted from midnight"],
    )
    def test_offers(self, windows: list[str], busy: list[str], step: int, expected: str) -> None:
        terms = replace(self.CLOCK, slot_step=step * MINUTE)

        assert starts(slots(terms, {ANNA: calendar(*windows, busy=busy)})) == expected

    @pytest.mark.parametrize(
        ("name", "first"), [("Asia/Kathmandu", "03:15"), ("Asia/Kolkata", "03:30"), ("Asia/Tokyo", "00:00")]
    )
    def test_is_on_the_hour_of_the_schedules_own_zone(self, name: str, first: str) -> None:
        zone = ZoneInfo(name)
        opens = instant(DAY, time(8, 45), zone)
        known = {ANNA: ResourceCalendar(zone, [(opens, opens + 3 * HOUR)], ())}

        found = find_slots(self.CLOCK, [(ANNA,)], known, opens, opens + 24 * HOUR, now=EVE - 24 * HOUR)

        assert starts(found, zone) == "09:00 10:00"
        assert starts(found[:1], ZoneInfo("UTC")) == first

    @pytest.mark.parametrize("alignment", Alignment)
    @pytest.mark.parametrize(
        ("name", "day", "count"),
        [
            ("Europe/Berlin", date(2026, 3, 29), 23),
            ("Europe/Berlin", date(2026, 10, 25), 25),
            ("America/New_York", date(2026, 3, 8), 23),
            ("America/New_York", date(2026, 11, 1), 25),
            ("Europe/Berlin", date(2026, 6, 1), 24),
        ],
    )
    def test_a_day_of_clock_change_has_as_many_hourly_slots_as_hours(
        self, name: str, day: date, count: int, alignment: Alignment
    ) -> None:
        found = whole_day(ZoneInfo(name), day, replace(HOURLY, alignment=alignment))

        assert len(found) == count

    def test_the_skipped_hour_is_not_offered_and_the_repeated_one_is_twice(self) -> None:
        spring = whole_day(BERLIN, date(2026, 3, 29), self.CLOCK)
        autumn = whole_day(BERLIN, date(2026, 10, 25), self.CLOCK)

        assert starts(spring[:4], BERLIN) == "00:00 01:00 03:00 04:00"
        assert starts(autumn[:5], BERLIN) == "00:00 01:00 02:00 02:00 03:00"

    def test_stays_on_the_hour_after_a_change_of_half_an_hour(self) -> None:
        lord_howe = ZoneInfo("Australia/Lord_Howe")

        spring = whole_day(lord_howe, date(2026, 10, 4), self.CLOCK)
        autumn = whole_day(lord_howe, date(2026, 4, 5), self.CLOCK)

        assert starts(spring[:4], lord_howe) == "00:00 01:00 03:00 04:00"
        assert starts(autumn[:4], lord_howe) == "00:00 01:00 02:00 03:00"
        assert [slot.start - autumn[0].start for slot in autumn[:3]] == [0, HOUR, 2.5 * HOUR]


class TestBuffers:
    BUFFERED = replace(HOURLY, buffer_before=10 * MINUTE, buffer_after=20 * MINUTE)

    def test_may_reach_outside_the_hours(self) -> None:
        assert starts(slots(self.BUFFERED, {ANNA: calendar("09:00-11:00")})) == "09:00 10:00"

    def test_stack_on_the_buffers_that_a_claim_already_holds(self) -> None:
        # An appointment 10:00-11:00 holds 09:50-11:20; another's own ten minutes come after that.
        known = {ANNA: calendar("08:00-14:00", busy=["09:50-11:20"])}

        assert starts(slots(self.BUFFERED, known)) == "08:00 11:30 12:30"

    @pytest.mark.parametrize(("until", "expected"), [("10:20", "09:00"), ("10:15", "")])
    def test_an_after_buffer_must_fit_before_the_next_busy_time(self, until: str, expected: str) -> None:
        known = {ANNA: calendar("09:00-11:00", busy=[f"{until}-12:00"])}

        assert starts(slots(self.BUFFERED, known)) == expected

    def test_hold_against_a_block_outside_the_hours(self) -> None:
        known = {ANNA: calendar("09:00-12:00", busy=["08:00-08:55"])}

        assert starts(slots(self.BUFFERED, known)) == "09:05 10:05"


class TestBounds:
    KNOWN = {ANNA: calendar("09:00-13:00")}  # noqa: RUF012 - a constant table

    @pytest.mark.parametrize(("now", "expected"), [("08:00", "10:00 11:00 12:00"), ("08:01", "11:00 12:00")])
    def test_a_start_exactly_the_notice_away_is_offered(self, now: str, expected: str) -> None:
        terms = replace(HOURLY, minimum_notice=2 * HOUR)

        assert starts(slots(terms, self.KNOWN, now=at(now))) == expected

    def test_the_past_is_not_offered_and_does_not_move_the_grid(self) -> None:
        assert starts(slots(HOURLY, self.KNOWN, now=at("10:20"))) == "11:00 12:00"

    def test_the_range_is_half_open_on_the_start(self) -> None:
        found = find_slots(HOURLY, [(ANNA,)], self.KNOWN, at("10:00"), at("12:00"), now=EVE)

        assert starts(found) == "10:00 11:00"

    def test_the_booking_window_is_half_open_on_the_start(self) -> None:
        terms = replace(HOURLY, booking_window=(at("10:00"), at("12:00")))

        assert starts(slots(terms, self.KNOWN)) == "10:00 11:00"

    def test_nothing_is_offered_when_the_notice_reaches_past_the_range(self) -> None:
        assert slots(replace(HOURLY, minimum_notice=48 * HOUR), self.KNOWN) == []

    def test_a_service_that_requires_nothing_offers_nothing(self) -> None:
        assert slots(HOURLY, {}, requirements=()) == []

    @pytest.mark.parametrize("nonsense", [(0, HOUR, 0, 0), (HOUR, 0, 0, 0), (HOUR, HOUR, -1, 0), (HOUR, HOUR, 0, -1)])
    def test_terms_that_make_no_sense_are_refused(self, nonsense: tuple[int, int, int, int]) -> None:
        duration, slot_step, before, after = nonsense

        with pytest.raises(ValueError, match=r"must be positive|cannot be negative"):
            ServiceTerms(duration, slot_step, buffer_before=before, buffer_after=after)


class TestPools:
    def test_one_member_must_be_free_for_the_whole_slot(self) -> None:
        known = {ANNA: calendar("09:00-10:30"), BEN: calendar("10:30-12:00")}

        found = slots(HOURLY, known, [(ANNA, BEN)])

        assert [(starts([slot]), slot.resource_ids) for slot in found] == [
            ("09:00", (ANNA,)),
            ("10:30", (BEN,)),
        ]

    def test_a_start_names_everybody_free_and_counts_the_places(self) -> None:
        known = {
            ANNA: calendar("09:00-12:00"),
            BEN: calendar("09:00-12:00", busy=["10:00-11:00"]),
            CARA: calendar("11:00-12:00"),
        }

        found = slots(HOURLY, known, [(CARA, ANNA, BEN)])

        assert found == [
            Slot(at("09:00"), at("10:00"), (ANNA, BEN), 2),
            Slot(at("10:00"), at("11:00"), (ANNA,), 1),
            Slot(at("11:00"), at("12:00"), (CARA, ANNA, BEN), 3),
        ]

    def test_whoever_is_free_at_anothers_start_could_serve_it(self) -> None:
        known = {ANNA: calendar("09:00-11:00"), BEN: calendar("09:00-11:00", busy=["09:00-09:30"])}

        found = slots(HOURLY, known, [(ANNA, BEN)])

        assert [(starts([slot]), slot.remaining) for slot in found] == [
            ("09:00", 1),
            ("09:30", 2),
            ("10:00", 2),
        ]


class TestSeveralRequirements:
    def test_needs_one_of_each_and_the_scarcest_bounds_the_places(self) -> None:
        known = {
            ANNA: calendar("09:00-12:00"),
            BEN: calendar("09:00-12:00"),
            ROOM: calendar("10:00-12:00"),
        }

        assert slots(HOURLY, known, [(ANNA, BEN), (ROOM,)]) == [
            Slot(at("10:00"), at("11:00"), (ANNA, BEN, ROOM), 1),
            Slot(at("11:00"), at("12:00"), (ANNA, BEN, ROOM), 1),
        ]

    def test_a_room_that_becomes_free_restarts_the_grid_of_the_staff(self) -> None:
        known = {ANNA: calendar("09:00-13:00"), ROOM: calendar("08:00-20:00", busy=["09:30-10:10"])}

        assert starts(slots(HOURLY, known, [(ANNA,), (ROOM,)])) == "10:10 11:10"

    def test_one_room_after_another_does_not_restart_it(self) -> None:
        known = {
            ANNA: calendar("09:00-12:00"),
            ROOM: calendar("09:00-12:00", busy=["10:00-12:00"]),
            LASER: calendar("09:00-12:00", busy=["09:00-09:40"]),
        }

        found = slots(HOURLY, known, [(ANNA,), (ROOM, LASER)])

        assert starts(found) == "09:00 09:40 10:40"

    def test_the_first_requirement_gives_the_grid_whatever_the_room_opens_at(self) -> None:
        known = {ANNA: calendar("09:00-12:00"), ROOM: calendar("08:30-20:00")}

        assert starts(slots(HOURLY, known, [(ANNA,), (ROOM,)])) == "09:00 10:00 11:00"
        assert starts(slots(HOURLY, known, [(ROOM,), (ANNA,)])) == "09:00 10:00 11:00"

    def test_nobody_serves_two_requirements_of_one_appointment(self) -> None:
        known = {ANNA: calendar("09:00-11:00"), BEN: calendar("10:00-11:00")}
        both = (ANNA, BEN)

        assert slots(HOURLY, known, [both, both]) == [Slot(at("10:00"), at("11:00"), both, 1)]
        assert slots(HOURLY, known, [(ANNA,), (ANNA,)]) == []

    def test_the_grid_restarts_when_somebody_other_than_the_lead_becomes_free(self) -> None:
        known = {ANNA: calendar("09:00-13:00"), BEN: calendar("10:10-13:00")}

        assert starts(slots(HOURLY, known, [(ANNA,), (ANNA, BEN)])) == "10:10 11:10"

    def test_shared_members_are_counted_once_for_the_places(self) -> None:
        known = {member: calendar("09:00-10:00") for member in (ANNA, BEN, CARA)}

        [slot] = slots(HOURLY, known, [(ANNA, BEN, CARA), (BEN, CARA)])

        assert slot.remaining == 1

    def test_an_empty_pool_is_never_met(self) -> None:
        known = {ANNA: calendar("09:00-10:00")}

        assert slots(HOURLY, known, [(ANNA,), ()]) == []

    def test_more_requirements_than_can_be_counted_are_refused(self) -> None:
        known = {ANNA: calendar("09:00-10:00")}

        with pytest.raises(ValueError, match="at most 8 requirements"):
            slots(HOURLY, known, [(ANNA,)] * (MAX_REQUIREMENTS + 1))


class TestCheckStart:
    TERMS = replace(
        HOURLY,
        buffer_after=10 * MINUTE,
        minimum_notice=HOUR,
        booking_window=(at("00:00"), at("15:00")),
    )
    KNOWN = {  # noqa: RUF012 - a constant table
        ANNA: calendar("09:00-17:00", busy=["12:00-13:00"]),
        BEN: calendar("10:00-12:00"),
    }

    @pytest.mark.parametrize(
        ("start", "refusal"),
        [
            ("08:20", Refusal.NOTICE),
            ("15:00", Refusal.WINDOW),
            ("08:45", Refusal.OUTSIDE_HOURS),
            ("12:30", Refusal.BUSY),
            ("11:30", Refusal.BUSY),
            ("11:00", Refusal.BUFFER),
            ("09:30", Refusal.ALIGNMENT),
        ],
    )
    def test_says_why_a_start_is_refused(self, start: str, refusal: Refusal) -> None:
        refused = check_start(self.TERMS, [(ANNA,)], self.KNOWN, at(start), now=at("07:30"))

        assert refused == refusal

    def test_gives_the_free_members_of_each_requirement(self) -> None:
        known = {**self.KNOWN, ROOM: calendar("00:00-23:00"), LASER: calendar("00:00-09:30")}

        free = check_start(self.TERMS, [(ANNA, BEN), (ROOM, LASER)], known, at("10:00"), now=EVE)

        assert free == ((ANNA, BEN), (ROOM,))

    def test_staff_may_book_off_the_grid_but_not_into_something_busy(self) -> None:
        off_grid = check_start(self.TERMS, [(ANNA,)], self.KNOWN, at("09:30"), now=EVE, any_start=True)
        busy = check_start(self.TERMS, [(ANNA,)], self.KNOWN, at("11:30"), now=EVE, any_start=True)

        assert off_grid == ((ANNA,),)
        assert busy is Refusal.BUSY

    def test_a_pool_is_refused_for_the_member_that_came_closest(self) -> None:
        pool = [(BEN, ANNA)]

        assert check_start(self.TERMS, pool, self.KNOWN, at("12:00"), now=EVE) is Refusal.BUSY
        assert check_start(self.TERMS, [()], self.KNOWN, at("12:00"), now=EVE) is Refusal.OUTSIDE_HOURS

    def test_two_requirements_that_only_the_same_resource_could_meet_are_busy(self) -> None:
        same = [(ANNA,), (ANNA,)]

        assert check_start(self.TERMS, same, self.KNOWN, at("09:00"), now=EVE) is Refusal.BUSY
