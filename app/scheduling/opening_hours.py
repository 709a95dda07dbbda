"""From a resource's weekly rules and date overrides to the instants between which it is open.

Rules are written in wall-clock time of the resource's own zone; everything after this module works on epoch
seconds. A wall-clock time that the spring change skips is read with the offset from before the change, one
that the autumn change repeats means its first occurrence (RFC 5545, which is `fold=0` in zoneinfo).
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Interval = tuple[int, int]

_DAY = timedelta(days=1)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """Open every `weekday` (ISO, Monday is 1); an `end` at or before the `start` is the next day's."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Override:
    """Replaces every window that starts on `date`; without windows the day is closed. At most one a date.

    A night shift belongs to the day it begins: closing the 25th leaves the shift from the 24th, 22:00 to
    02:00, as it is. To send that shift home at midnight, override the 24th.
    """

    date: date
    windows: tuple[tuple[time, time], ...]


def expand(
    rules: Iterable[WeeklyRule],
    overrides: Iterable[Override],
    zone: ZoneInfo,
    start_epoch: int,
    end_epoch: int,
) -> list[Interval]:
    """Give the windows that intersect [start_epoch, end_epoch): whole, sorted, never overlapping.

    Overlapping or touching windows of one day are one. Where a later day's window begins before an earlier
    day's ends, or just then, the earlier one is cut: the two touch, opening goes on across the seam, the slot
    grid restarts at it. So the grid of a business that never closes does not depend on the range asked for.
    """
    weekly: dict[int, list[tuple[time, time]]] = {}
    for rule in rules:
        weekly.setdefault(rule.weekday, []).append((rule.start, rule.end))
    replaced = {override.date: override.windows for override in overrides}

    # A window reaches into the next day, and a clock change at midnight can move it by one more.
    day = datetime.fromtimestamp(start_epoch, zone).date() - 2 * _DAY
    last = datetime.fromtimestamp(end_epoch, zone).date() + _DAY
    found: list[tuple[int, int, date]] = []
    while day <= last:
        for opens, closes in replaced.get(day, weekly.get(day.isoweekday(), ())):
            start = instant(day, opens, zone)
            end = instant(day if opens < closes else day + _DAY, closes, zone)
            if start < end:  # a window inside the skipped hour of spring does not exist
                found.append((start, end, day))
        day += _DAY
    return [(start, end) for start, end in _joined(found) if start < end_epoch and start_epoch < end]


@lru_cache(maxsize=16_384)  # staff share their hours, and every request asks for the same days again
def instant(day: date, wall: time, zone: ZoneInfo) -> int:
    """Find the epoch second at which the clocks of `zone` show `wall` on `day`."""
    return int(datetime.combine(day, wall.replace(fold=0), zone).timestamp())


def clock_spans(zone: ZoneInfo, start_epoch: int, end_epoch: int) -> list[tuple[int, int, int]]:
    """Cut the local days of a range into sorted spans in which the clock runs evenly: (start, end, midnight).

    All are epoch seconds. `midnight` is where 00:00 of that local day lies by the offset of the span, so the
    clock shows `second - midnight` seconds past midnight. A day has one span, or two if the clocks change.
    """
    spans = []
    day = datetime.fromtimestamp(start_epoch, zone).date()
    start = instant(day, time.min, zone)
    while start < end_epoch:
        end = instant(day + _DAY, time.min, zone)
        utc_midnight = (day.toordinal() - _EPOCH_ORDINAL) * _SECONDS_A_DAY
        before, after = _offset(start, zone), _offset(end - 1, zone)
        if before != after:
            seconds = range(start, end)
            change = start + bisect_left(seconds, True, key=lambda second: _offset(second, zone) != before)
            spans.append((start, change, utc_midnight - before))
            start = change
        spans.append((start, end, utc_midnight - after))
        day += _DAY
        start = end
    return spans


def _offset(epoch: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(epoch, zone)
    return int((local.utcoffset() or timedelta()).total_seconds())


def _joined(found: list[tuple[int, int, date]]) -> list[Interval]:
    joined: list[tuple[int, int, date]] = []
    for start, end, day in sorted(found):
        if joined and start <= joined[-1][1]:
            earlier, until, its_day = joined.pop()
            if day == its_day or start == earlier:
                joined.append((earlier, max(until, end), its_day))
                continue
            joined.append((earlier, start, its_day))
            joined.append((start, max(until, end), day))
        else:
            joined.append((start, end, day))
    return [(start, end) for start, end, _ in joined]
