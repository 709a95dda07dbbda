"""How fast the pure sweep is, without database or HTTP: `python -m bench.sweep`."""

import statistics
import time
from datetime import UTC, datetime
from datetime import time as wall
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from app.scheduling.availability import ResourceCalendar, ServiceTerms, Slot, find_slots, reach
from app.scheduling.opening_hours import Interval, WeeklyRule, expand
from bench.pairs import milliseconds

ZONE = ZoneInfo("Europe/Berlin")
START = int(datetime(2026, 3, 9, tzinfo=UTC).timestamp())
DAY = 86_400
RULES = [WeeklyRule(weekday, wall(9), wall(17)) for weekday in range(1, 8)]
TERMS = ServiceTerms(duration=1800, slot_step=900, buffer_after=300)
ROUNDS = 50


def busy_times(random: Random, days: int, claims: int) -> list[Interval]:
    """Claims spread evenly over the days, side by side within each, on five-minute boundaries."""
    busy = []
    for index in range(claims):
        day, place = index * days // claims, index % (claims // days + 1)
        start = START + day * DAY + 8 * 3600 + place * 3600 + random.randrange(0, 1800, 300)
        busy.append((start, start + random.choice((1200, 1500, 1800))))
    return sorted(busy)


def measure(resources: int, days: int, claims: int) -> None:
    random = Random(1)  # noqa: S311 - a repeatable workload, no secret
    end = START + days * DAY
    span = reach(TERMS, START, end)
    ids = [UUID(int=index) for index in range(resources)]
    busy = [busy_times(random, days, claims // resources) for _ in ids]
    expanding, sweeping = [], []
    slots: list[Slot] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        windows = [expand(RULES, (), ZONE, *span) for _ in ids]
        expanded = time.perf_counter()
        calendars = {
            member: ResourceCalendar(ZONE, hours, taken)
            for member, hours, taken in zip(ids, windows, busy, strict=True)
        }
        slots = find_slots(TERMS, [ids], calendars, START, end, now=START)
        sweeping.append(time.perf_counter() - expanded)
        expanding.append(expanded - began)
    print(f"{resources} resources x {days} days, {claims} claims: {len(slots)} slots")
    print(f"  opening hours {milliseconds(statistics.median(expanding))}")
    print(f"  sweep         {milliseconds(statistics.median(sweeping))}")


def main() -> None:
    """Print the medians of the pure sweep."""
    measure(resources=10, days=30, claims=500)
    measure(resources=20, days=31, claims=4_000)


if __name__ == "__main__":
    main()
