"""Which starts a service can be booked at, and who could serve them. Pure: no I/O, no clock, integers only.

Instants are epoch seconds and lengths are seconds. Every interval is half-open, so an appointment may begin
at the second another ends. Three questions are kept apart:

- When could a resource begin? `_openings`: inside its hours, clear of everything busy, buffers included.
- Which of those starts are offered? `_candidates`: the grid of the service, window or clock.
- Who is free then, for how many bookings? `_staffed`: one sweep over bit masks.

A service needs one resource of each requirement, all different. The first requirement leads (by convention
the staff): each of its members contributes the grid of the stretches in which it is free *and* each later
requirement has somebody else free. A room that becomes free at 10:10 therefore restarts the grid at 10:10,
exactly as the end of an appointment in the member's own calendar would.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import chain, compress
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.scheduling.opening_hours import Interval, clock_spans, instant

Pool = Sequence[UUID]

# Shared resources are counted over every subset of the requirements; services list two or three.
MAX_REQUIREMENTS = 8

# One day's windows can merge into 48 hours of opening, 49 when the clocks go back.
_LONGEST_WINDOW = 49 * 3600


class Alignment(StrEnum):
    """Where the grid of starts begins: at the window and after every busy time, or at local midnight."""

    WINDOW = "window"
    CLOCK = "clock"


class Refusal(StrEnum):
    """Why a start cannot be booked."""

    NOTICE = "notice"
    WINDOW = "window"
    OUTSIDE_HOURS = "outside_hours"
    BUSY = "busy"
    BUFFER = "buffer"
    ALIGNMENT = "alignment"


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """What a service asks of a start; lengths in seconds. `booking_window` bounds the start, half-open."""

    duration: int
    slot_step: int
    alignment: Alignment = Alignment.WINDOW
    buffer_before: int = 0
    buffer_after: int = 0
    minimum_notice: int = 0
    booking_window: Interval | None = None

    def __post_init__(self) -> None:
        if self.duration <= 0 or self.slot_step <= 0:
            raise ValueError("duration and slot_step must be positive")
        if self.buffer_before < 0 or self.buffer_after < 0:
            raise ValueError("buffers cannot be negative")


@dataclass(frozen=True, slots=True)
class ResourceCalendar:
    """One resource's hours, as `opening_hours.expand` gives them, and its busy intervals sorted by start.

    A busy interval of another appointment already holds that one's buffers; a block has none. The buffers of
    the new appointment are kept clear of both, so buffers stack.
    """

    zone: ZoneInfo
    windows: Sequence[Interval]
    busy: Sequence[Interval]


class Slot(NamedTuple):
    """A start on offer: everybody free for it, and how many bookings of the service it could still take.

    A tuple, because a month holds thousands of them and a frozen dataclass costs three times as much to make.
    """

    start: int
    end: int
    resource_ids: tuple[UUID, ...]
    remaining: int


def rolling_calendar_days(now: int, days: int, zone: ZoneInfo) -> int:
    """Find the end, exclusive, of the local day `days` after today: 0 is the rest of today."""
    today = datetime.fromtimestamp(now, zone).date()
    return instant(today + timedelta(days=days + 1), time.min, zone)


def reach(terms: ServiceTerms, range_start: int, range_end: int) -> Interval:
    """Tell which stretch of windows and busy times `find_slots` needs to answer for starts in the range.

    It looks back, because a grid begins at its window's start or after the last busy time in it.
    """
    return (
        range_start - _LONGEST_WINDOW - terms.buffer_before,
        range_end + terms.duration + terms.buffer_after,
    )


def find_slots(
    terms: ServiceTerms,
    requirements: Sequence[Pool],
    calendars: Mapping[UUID, ResourceCalendar],
    range_start: int,
    range_end: int,
    *,
    now: int,
) -> list[Slot]:
    """List the offered starts in [range_start, range_end), sorted. A service that requires nothing has none.

    `calendars` has every member of every requirement, covering `reach(terms, range_start, range_end)`.
    """
    if not requirements:
        return []
    earliest = max(range_start, now + terms.minimum_notice)
    until = range_end
    if terms.booking_window is not None:
        earliest = max(earliest, terms.booking_window[0])
        until = min(until, terms.booking_window[1])
    if earliest >= until:
        return []
    openings = {member: _openings(terms, calendars[member]) for member in dict.fromkeys(chain(*requirements))}
    starts = _candidates(terms, requirements, calendars, openings, (earliest, until))
    return _staffed(terms.duration, requirements, openings, sorted(starts))


def out_of_bounds(terms: ServiceTerms, start: int, *, now: int) -> Refusal | None:
    """Tell whether a start is too soon or too far ahead."""
    if start < now + terms.minimum_notice:
        return Refusal.NOTICE
    if terms.booking_window and not terms.booking_window[0] <= start < terms.booking_window[1]:
        return Refusal.WINDOW
    return None


def check_start(
    terms: ServiceTerms,
    requirements: Sequence[Pool],
    calendars: Mapping[UUID, ResourceCalendar],
    start: int,
    *,
    now: int,
    any_start: bool = False,
) -> tuple[tuple[UUID, ...], ...] | Refusal:
    """Give the members free at exactly this start, a tuple a requirement, or why it cannot be booked.

    Only an offered start is accepted; `any_start` lets staff book off the grid, every other rule still holds.
    `calendars` covers `reach(terms, start, start + 1)`.
    """
    if (untimely := out_of_bounds(terms, start, now=now)) is not None:
        return untimely
    free = []
    for pool in requirements:
        obstacles = {member: _obstacle(terms, calendars[member], start) for member in pool}
        members = tuple(member for member, obstacle in obstacles.items() if obstacle is None)
        if not members:
            return _nearest_miss(obstacles.values())
        free.append(members)
    if assign(free, order_key=lambda _: ()) is None:
        return Refusal.BUSY  # each requirement has somebody, but two of them only the same one
    if not any_start and not find_slots(terms, requirements, calendars, start, start + 1, now=now):
        return Refusal.ALIGNMENT
    return tuple(free)


def assign(
    free: Sequence[Pool],
    order_key: Callable[[UUID], tuple[int, ...]],
    preferred: UUID | None = None,
) -> tuple[UUID, ...] | None:
    """Choose one resource for each requirement, no two the same, from the members `check_start` found free.

    Earlier requirements choose first, each the member with the smallest `order_key` (bookings that day,
    priority, last booked at) that leaves enough for the rest; ties go to the order of the pool. A `preferred`
    resource serves or nobody does. None if it cannot be done.
    """
    bits, masks = _bits(free)
    unused = sum(bits.values())
    chosen: list[UUID] = []
    for position, members in enumerate(free, start=1):
        rest = _bounds(masks[position:])
        for member in sorted(members, key=lambda member: (member != preferred, order_key(member))):
            if unused & bits[member] and _places(unused & ~bits[member], rest):
                unused &= ~bits[member]
                chosen.append(member)
                break
        else:
            return None
    return None if preferred is not None and preferred not in chosen else tuple(chosen)


def _openings(terms: ServiceTerms, calendar: ResourceCalendar) -> list[Interval]:
    """List the stretches of starts at which the resource is free for a whole appointment with its buffers."""
    before = terms.buffer_before
    # A start this many seconds before something busy is the first that runs into it.
    tail = terms.duration + terms.buffer_after - 1
    openings: list[Interval] = []
    busy, position, count = calendar.busy, 0, len(calendar.busy)
    windows = _union([calendar.windows])
    start = windows[0][0] if windows else 0
    for opens, closes in windows:
        start = max(start, opens)
        end = closes - terms.duration + 1
        while position < count:
            taken_from, taken_until = busy[position]
            if (blocked_from := taken_from - tail) >= end:
                break
            if start < blocked_from:
                openings.append((start, blocked_from))
            position += 1
            start = max(start, taken_until + before)
        if start < end:
            openings.append((start, end))
    return openings


def _candidates(
    terms: ServiceTerms,
    requirements: Sequence[Pool],
    calendars: Mapping[UUID, ResourceCalendar],
    openings: Mapping[UUID, list[Interval]],
    bounds: Interval,
) -> set[int]:
    """Collect the starts on the grid of each leading member, within the bounds."""
    leads, *later = requirements
    pooled: dict[tuple[UUID, ...], list[Interval]] = {}
    spans: dict[ZoneInfo, list[tuple[int, int, int]]] = {}
    starts: set[int] = set()
    for lead in leads:
        runs = openings[lead]
        for pool in later:
            others = tuple(member for member in pool if member != lead)
            if others not in pooled:
                pooled[others] = _union([openings[member] for member in others])
            runs = _intersection(runs, pooled[others])
        calendar = calendars[lead]
        cells: Sequence[tuple[int, int, int | None]] = [(*window, None) for window in calendar.windows]
        if terms.alignment is Alignment.CLOCK:
            if calendar.zone not in spans:
                spans[calendar.zone] = clock_spans(calendar.zone, *bounds)
            cells = spans[calendar.zone]
        for grid in _grids(runs, cells, terms.slot_step, bounds):
            starts.update(grid)
    return starts


def _grids(
    runs: Sequence[Interval],
    cells: Sequence[tuple[int, int, int | None]],
    step: int,
    bounds: Interval,
) -> Iterator[range]:
    """Step through each run, cell by cell, counted from the cell's origin or its first free second."""
    earliest, until = bounds
    first_cell, count = 0, len(cells)
    for run_start, run_end in runs:
        if run_end <= earliest:
            continue
        if run_start >= until:
            return
        while first_cell < count and cells[first_cell][1] <= run_start:
            first_cell += 1
        for position in range(first_cell, count):
            cell_start, cell_end, origin = cells[position]
            if cell_start >= run_end:
                break
            free_from = max(run_start, cell_start)
            start = max(free_from, earliest)
            offset = ((free_from if origin is None else origin) - start) % step
            yield range(start + offset, min(run_end, cell_end, until), step)


def _staffed(
    duration: int,
    requirements: Sequence[Pool],
    openings: Mapping[UUID, list[Interval]],
    starts: Sequence[int],
) -> list[Slot]:
    """Keep the starts that have enough free members, and say who they are."""
    bits, masks = _bits(requirements)
    bounds = _bounds(masks)
    # Openings of one resource never overlap, so each boundary flips its bit from the next start on.
    flips = [0] * (len(starts) + 1)
    for member, bit in bits.items():
        for boundary in chain(*openings[member]):
            flips[bisect_left(starts, boundary)] ^= bit
    known: dict[int, tuple[tuple[UUID, ...], int]] = {}
    slots: list[Slot] = []
    free, remaining = 0, 0
    resource_ids: tuple[UUID, ...] = ()
    for start, flipped in zip(starts, flips, strict=False):
        if flipped:
            free ^= flipped
            if free not in known:
                known[free] = (tuple(compress(bits, map(free.__and__, bits.values()))), _places(free, bounds))
            resource_ids, remaining = known[free]
        if remaining:
            # What `Slot(…)` does, at half its price.
            slots.append(tuple.__new__(Slot, (start, start + duration, resource_ids, remaining)))
    return slots


def _bits(pools: Sequence[Pool]) -> tuple[dict[UUID, int], list[int]]:
    """Give every resource a bit, in order of first mention, and every pool as a mask of them."""
    bits = {member: 1 << index for index, member in enumerate(dict.fromkeys(chain(*pools)))}
    return bits, [sum(bits[member] for member in set(pool)) for pool in pools]


def _bounds(pools: Sequence[int]) -> list[tuple[int, int]]:
    """Find the masks that limit how often all pools are served at once, each with how many pools share it.

    By Hall's theorem k resources can be dealt to each pool, all different, exactly if every set of n pools
    has at least n * k members between them. Pools without a common member need looking at only one by one.
    """
    if len(pools) > MAX_REQUIREMENTS:
        raise ValueError(f"at most {MAX_REQUIREMENTS} requirements")
    union = 0
    for pool in pools:
        union |= pool
    if union.bit_count() == sum(pool.bit_count() for pool in pools):
        return [(pool, 1) for pool in pools]
    shared: dict[int, int] = {}
    for pool in pools:
        for mask, size in [(0, 0), *shared.items()]:
            shared[mask | pool] = max(shared.get(mask | pool, 0), size + 1)
    return list(shared.items())


def _places(free: int, bounds: Sequence[tuple[int, int]]) -> int:
    return min([(free & mask).bit_count() // size for mask, size in bounds], default=1)


def _obstacle(terms: ServiceTerms, calendar: ResourceCalendar, start: int) -> Refusal | None:
    end = start + terms.duration
    if not any(opens <= start and end <= closes for opens, closes in _union([calendar.windows])):
        return Refusal.OUTSIDE_HOURS
    if any(begins < end and start < ends for begins, ends in calendar.busy):
        return Refusal.BUSY
    start, end = start - terms.buffer_before, end + terms.buffer_after
    if any(begins < end and start < ends for begins, ends in calendar.busy):
        return Refusal.BUFFER
    return None


def _nearest_miss(obstacles: Iterable[Refusal | None]) -> Refusal:
    """Pick the obstacle of the member that came closest to being free; an empty pool is never at work."""
    found = set(obstacles)
    return next((miss for miss in (Refusal.BUFFER, Refusal.BUSY) if miss in found), Refusal.OUTSIDE_HOURS)


def _union(sources: Iterable[Sequence[Interval]]) -> list[Interval]:
    """Sorted, with overlapping and touching intervals joined."""
    joined: list[Interval] = []
    for start, end in sorted(chain(*sources)):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _intersection(ours: Sequence[Interval], theirs: Sequence[Interval]) -> list[Interval]:
    """Where both lists, each sorted and disjoint, have an interval."""
    common: list[Interval] = []
    left = right = 0
    while left < len(ours) and right < len(theirs):
        start = max(ours[left][0], theirs[right][0])
        end = min(ours[left][1], theirs[right][1])
        if start < end:
            common.append((start, end))
        if ours[left][1] < theirs[right][1]:
            left += 1
        else:
            right += 1
    return common
