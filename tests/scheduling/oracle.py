"""The rules of availability written to be obviously right, however slow: every five minutes is looked at by itself.

Shares no code with what it judges. All times given to it must lie on five-minute boundaries.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import product
from uuid import UUID
from zoneinfo import ZoneInfo

from app.scheduling.availability import Alignment, Pool, ResourceCalendar, ServiceTerms
from app.scheduling.opening_hours import Override, WeeklyRule

UNIT = 300
DAY = timedelta(days=1)


def wall_to_epoch(day: date, wall: time, zone: ZoneInfo) -> int:
    """Walk along the clock until it shows the time; if it jumps over it, count on with the offset from before."""
    wanted = datetime.combine(day, wall)
    noon_before = datetime.combine(day - DAY, time(12), zone)
    epoch = int(noon_before.timestamp())
    while True:
        shown = datetime.fromtimestamp(epoch, zone)
        if shown.replace(tzinfo=None) == wanted:
            return epoch
        if shown.replace(tzinfo=None) > wanted:
            before = datetime.fromtimestamp(epoch - UNIT, zone).replace(tzinfo=None)
            return epoch - UNIT + int((wanted - before).total_seconds())
        epoch += UNIT


def open_units(
    rules: Sequence[WeeklyRule], overrides: Sequence[Override], zone: ZoneInfo, start: int, end: int
) -> set[int]:
    """The beginnings of all open five minutes in the range."""
    replaced = {override.date: override.windows for override in overrides}
    units: set[int] = set()
    day = datetime.fromtimestamp(start, zone).date() - DAY
    while day <= datetime.fromtimestamp(end, zone).date():
        regular = tuple((rule.start, rule.end) for rule in rules if rule.weekday == day.isoweekday())
        for opens, closes in replaced.get(day, regular):
            last_day = day if closes > opens else day + DAY
            units.update(range(wall_to_epoch(day, opens, zone), wall_to_epoch(last_day, closes, zone), UNIT))
        day += DAY
    return {unit for unit in units if start <= unit < end}


def free_starts(terms: ServiceTerms, calendar: ResourceCalendar, first: int, last: int) -> set[int]:
    """Where every unit of the appointment is open, and no unit of it and its buffers is busy."""
    at_work = {unit for opens, closes in calendar.windows for unit in range(opens, closes, UNIT)}
    busy = {unit for begins, ends in calendar.busy for unit in range(begins, ends, UNIT)}
    return {
        start
        for start in range(first, last, UNIT)
        if at_work.issuperset(range(start, start + terms.duration, UNIT))
        and busy.isdisjoint(range(start - terms.buffer_before, start + terms.duration + terms.buffer_after, UNIT))
    }


def dealings(pools: Sequence[Pool]) -> Iterator[tuple[UUID, ...]]:
    """Every way to give each pool one of its members, all different."""
    return (chosen for chosen in product(*pools) if len(set(chosen)) == len(chosen))


def places(pools: Sequence[Pool]) -> int:
    """How many times over all pools can be dealt at once."""
    times = 0
    while next(dealings(list(pools) * (times + 1)), None) is not None:
        times += 1
    return times


def slots(
    terms: ServiceTerms,
    requirements: Sequence[Pool],
    calendars: Mapping[UUID, ResourceCalendar],
    bounds: tuple[int, int],
    now: int,
) -> list[tuple[int, tuple[UUID, ...], int]]:
    """(start, who is free, places left) of every offered start, by walking along each leader's calendar."""
    first = min((opens for calendar in calendars.values() for opens, _ in calendar.windows), default=bounds[1])
    free_at = {member: free_starts(terms, calendar, first, bounds[1]) for member, calendar in calendars.items()}
    offered: dict[int, tuple[tuple[UUID, ...], int]] = {}
    for lead in requirements[0]:
        calendar = calendars[lead]
        window_starts = {opens for opens, _ in calendar.windows}
        anchor: int | None = None
        for start in range(first, bounds[1], UNIT):
            free = [tuple(member for member in pool if start in free_at[member]) for pool in requirements]
            others_free = all(any(member != lead for member in members) for members in free[1:])
            if lead not in free[0] or not others_free:
                anchor = None
                continue
            if anchor is None or start in window_starts:
                anchor = start
            on_grid = (start - anchor) % terms.slot_step == 0
            if terms.alignment is Alignment.CLOCK:
                shown = datetime.fromtimestamp(start, calendar.zone)
                on_grid = (shown.hour * 3600 + shown.minute * 60) % terms.slot_step == 0
            if on_grid and is_allowed(terms, start, bounds, now) and (remaining := places(free)):
                everybody = dict.fromkeys(member for members in free for member in members)
                offered[start] = (tuple(everybody), remaining)
    return [(start, *offered[start]) for start in sorted(offered)]


def is_allowed(terms: ServiceTerms, start: int, bounds: tuple[int, int], now: int) -> bool:
    if terms.booking_window and not terms.booking_window[0] <= start < terms.booking_window[1]:
        return False
    return bounds[0] <= start < bounds[1] and start - now >= terms.minimum_notice
