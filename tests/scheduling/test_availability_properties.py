"""Opening hours and slots against the oracle, on days around clock changes, whatever the schedule."""

import itertools
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.scheduling.availability import (
    Alignment,
    Pool,
    Refusal,
    ResourceCalendar,
    ServiceTerms,
    assign,
    check_start,
    find_slots,
    reach,
)
from app.scheduling.opening_hours import Interval, Override, WeeklyRule, expand
from tests.scheduling import oracle

# Zone and a day on which its clocks change, or do not.
PLACES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Asia/Kathmandu", date(2026, 6, 15)),
]
MEMBERS = [UUID(int=number) for number in range(1, 5)]
HOUR = 3600

examples = settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

places = st.sampled_from(PLACES).map(lambda place: (ZoneInfo(place[0]), place[1]))
walls = st.integers(0, 24 * 12 - 1).map(lambda unit: time(unit // 12, unit % 12 * 5))
windows = st.tuples(walls, walls)
weekly_rules = st.lists(st.builds(WeeklyRule, st.integers(1, 7), walls, walls), max_size=10)


def minutes(*choices: int) -> st.SearchStrategy[int]:
    return st.sampled_from([choice * 60 for choice in choices])


@st.composite
def override_lists(draw: st.DrawFn, around: date) -> list[Override]:
    days = draw(st.lists(st.integers(-2, 2), unique=True, max_size=2))
    return [Override(around + timedelta(days=day), tuple(draw(st.lists(windows, max_size=2)))) for day in days]


@st.composite
def service_terms(draw: st.DrawFn) -> ServiceTerms:
    return ServiceTerms(
        duration=draw(minutes(5, 30, 60, 90)),
        slot_step=draw(minutes(10, 15, 25, 50, 60)),
        alignment=draw(st.sampled_from(Alignment)),
        buffer_before=draw(minutes(0, 0, 5, 20)),
        buffer_after=draw(minutes(0, 0, 10, 15)),
        minimum_notice=draw(minutes(0, 60, 120)),
    )


@st.composite
def calendars(draw: st.DrawFn, zone: ZoneInfo, span: Interval, busiest: Interval) -> ResourceCalendar:
    always = [WeeklyRule(weekday, time(0), time(0)) for weekday in range(1, 8)]
    rules = draw(st.one_of(weekly_rules, st.just(always)))
    units = st.integers(0, (busiest[1] - busiest[0]) // oracle.UNIT).map(lambda unit: busiest[0] + unit * oracle.UNIT)
    taken = st.tuples(units, minutes(5, 20, 60, 180)).map(lambda busy: (busy[0], busy[0] + busy[1]))
    busy = sorted(draw(st.lists(taken, max_size=6)))
    return ResourceCalendar(zone, expand(rules, (), zone, *span), busy)


Question = tuple[ServiceTerms, list[Pool], dict[UUID, ResourceCalendar], Interval, int]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A service, its pools (which may share members), the calendars, and seven hours around a clock change."""
    zone, day = draw(places)
    midnight = int(datetime.combine(day, time.min, zone).timestamp())
    bounds = (midnight - HOUR, midnight + 6 * HOUR)
    terms = draw(service_terms())
    span = reach(terms, *bounds)
    pool = st.lists(st.sampled_from(MEMBERS), unique=True, min_size=1, max_size=3).map(tuple)
    requirements: list[Pool] = list(draw(st.lists(pool, min_size=1, max_size=3)))
    needed = sorted({member for members in requirements for member in members})
    busiest = (bounds[0] - 3 * HOUR, bounds[1] + HOUR)
    known = {member: draw(calendars(zone, span, busiest)) for member in needed}
    if draw(st.booleans()):
        terms = replace(terms, booking_window=(midnight + HOUR, midnight + 4 * HOUR))
    return terms, requirements, known, bounds, midnight - 2 * HOUR


class TestExpand:
    @examples
    @given(st.data(), places, weekly_rules)
    def test_is_open_exactly_when_the_oracle_says(
        self, data: st.DataObject, place: tuple[ZoneInfo, date], rules: list[WeeklyRule]
    ) -> None:
        zone, day = place
        overrides = data.draw(override_lists(day))
        start = int(datetime.combine(day, time.min, zone).timestamp()) - 6 * HOUR
        end = start + 36 * HOUR

        expanded = expand(rules, overrides, zone, start, end)

        covered = {unit for opens, closes in expanded for unit in range(opens, closes, oracle.UNIT)}
        assert {unit for unit in covered if start <= unit < end} == oracle.open_units(
            rules, overrides, zone, start, end
        )
        ends_before_next = itertools.pairwise(expanded)
        assert all(earlier[1] <= later[0] for earlier, later in ends_before_next)

    @examples
    @given(places, weekly_rules, st.integers(-24, 24))
    def test_a_window_starts_where_it_does_whatever_range_is_asked_for(
        self, place: tuple[ZoneInfo, date], rules: list[WeeklyRule], hours: int
    ) -> None:
        zone, day = place
        moment = int(datetime.combine(day, time(12), zone).timestamp()) + hours * HOUR
        week = expand(rules, (), zone, moment - 72 * HOUR, moment + 72 * HOUR)

        assert expand(rules, (), zone, moment, moment + 1) == [
            window for window in week if window[0] <= moment < window[1]
        ]


class TestFindSlots:
    @examples
    @given(questions())
    def test_offers_what_the_oracle_offers(self, question: Question) -> None:
        terms, requirements, known, bounds, now = question

        found = find_slots(terms, requirements, known, *bounds, now=now)

        assert [(slot.start, slot.resource_ids, slot.remaining) for slot in found] == oracle.slots(
            terms, requirements, known, bounds, now
        )
        assert all(slot.end - slot.start == terms.duration for slot in found)

    @examples
    @given(questions(), st.integers(0, 7 * 12 - 1))
    def test_a_narrow_question_gets_the_answer_of_the_wide_one(self, question: Question, unit: int) -> None:
        terms, requirements, known, bounds, now = question
        start = bounds[0] + unit * oracle.UNIT
        low, high = reach(terms, start, start + 1)
        nearby = {
            member: replace(
                calendar,
                windows=[window for window in calendar.windows if window[0] < high and low < window[1]],
                busy=[busy for busy in calendar.busy if busy[0] < high and low < busy[1]],
            )
            for member, calendar in known.items()
        }

        wide = find_slots(terms, requirements, known, *bounds, now=now)

        assert find_slots(terms, requirements, nearby, start, start + 1, now=now) == [
            slot for slot in wide if slot.start == start
        ]


class TestCheckStart:
    @examples
    @given(questions())
    def test_accepts_exactly_the_offered_starts(self, question: Question) -> None:
        terms, requirements, known, bounds, now = question
        free_at = {member: oracle.free_starts(terms, calendar, *bounds) for member, calendar in known.items()}
        offered = {slot.start for slot in find_slots(terms, requirements, known, *bounds, now=now)}

        for start in range(*bounds, oracle.UNIT):
            free = check_start(terms, requirements, known, start, now=now)
            assert isinstance(free, Refusal) == (start not in offered)
            if not isinstance(free, Refusal):
                assert free == tuple(
                    tuple(member for member in pool if start in free_at[member]) for pool in requirements
                )


class TestAssign:
    pools = st.lists(st.lists(st.sampled_from(MEMBERS), unique=True, max_size=4), max_size=4)

    @examples
    @given(pools, st.permutations(range(len(MEMBERS))))
    def test_chooses_the_first_of_all_dealings_in_order(self, free: list[Pool], ranks: list[int]) -> None:
        rank = dict(zip(MEMBERS, ranks, strict=True))

        chosen = assign(free, order_key=lambda member: (rank[member],))

        assert chosen == min(oracle.dealings(free), key=lambda dealt: [rank[member] for member in dealt], default=None)

    @examples
    @given(pools, st.sampled_from(MEMBERS))
    def test_gives_the_preferred_resource_a_part_whenever_it_can_have_one(
        self, free: list[Pool], preferred: UUID
    ) -> None:
        possible = [dealt for dealt in oracle.dealings(free) if preferred in dealt]

        chosen = assign(free, order_key=lambda _: (), preferred=preferred)

        assert chosen in possible if possible else chosen is None
