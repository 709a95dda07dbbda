"""Four weeks of a demo business's diary, made up but possible: within hours, clear of blocks, buffers kept.

Pure: the same arguments give the same diary. All instants are epoch seconds; starts lie on the clock's quarters.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from app.demo.description import Treatment
from app.scheduling.lifecycle import Status
from app.scheduling.opening_hours import Interval

GRID = 15 * 60
DAY = 86_400
WEEK = 7 * DAY

_CANCELLED_SHARE = 0.08
_NO_SHOW_SHARE = 0.05
_PENDING_SHARE = 0.75
_PENDING_LEAD = 3 * DAY  # so that nobody has to decide before its time to live is over
_REASONS = ("Ill", "Something came up at work", "Found an earlier date", None)


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment. `needs` holds one asset for each requirement, `customer` counts from 0."""

    treatment: Treatment
    assets: tuple[str, ...]
    customer: int
    start: int
    status: Status
    booked: int
    """When it was booked."""
    changed: int
    """When it last changed."""
    reason: str | None = None
    """Why it was cancelled, if somebody said."""

    @property
    def end(self) -> int:
        return self.treatment.stay(self.start)[1]

    @property
    def claim(self) -> Interval:
        """Its time with the buffers."""
        return self.treatment.claim(self.start)


@dataclass(slots=True)
class Calendar:
    """One asset's opening hours and what is in its way, neither in any order that matters."""

    windows: Sequence[Interval]
    busy: list[Interval] = field(default_factory=list)

    def is_free(self, stay: Interval, claim: Interval) -> bool:
        """Whether the stay lies in the hours, and its claim (buffers inside) meets nothing."""
        return any(opens <= stay[0] and stay[1] <= closes for opens, closes in self.windows) and not any(
            start < claim[1] and claim[0] < end for start, end in self.busy
        )


def write(
    treatments: Sequence[Treatment], calendars: Mapping[str, Calendar], *, customers: int, now: int, chance: Random
) -> list[Entry]:
    """Fill the calendars' hours, less densely the farther ahead; what is busy in them is extended."""
    entries: list[Entry] = []
    guests: defaultdict[int, set[int]] = defaultdict(set)  # nobody comes twice on a day
    for lead, opens, closes in _shifts(treatments, calendars):
        start = _on_grid(opens)
        while start < closes:
            following = start + GRID
            is_asked_for = chance.random() < _density(start, now)
            found = _first_fit(treatments, calendars, start, lead, chance) if is_asked_for else None
            if found is not None:
                customer = _newcomer(guests[start // DAY], customers, chance)
                entry = _entry(*found, start, customer, now, chance)
                entries.append(entry)
                if entry.status is not Status.CANCELLED:
                    for asset in entry.assets:
                        calendars[asset].busy.append(entry.claim)
                    following = _on_grid(entry.claim[1])
            start = following
    return entries


def _shifts(treatments: Sequence[Treatment], calendars: Mapping[str, Calendar]) -> Iterator[tuple[str, int, int]]:
    """Every window of everybody who leads a treatment, in the order of time."""
    leads = {name for treatment in treatments for name in treatment.needs[0]}
    windows = [(opens, name, closes) for name in leads for opens, closes in calendars[name].windows]
    for opens, name, closes in sorted(windows):
        yield name, opens, closes


def _newcomer(guests: set[int], customers: int, chance: Random) -> int:
    customer = chance.choice([number for number in range(customers) if number not in guests])
    guests.add(customer)
    return customer


def _first_fit(
    treatments: Sequence[Treatment], calendars: Mapping[str, Calendar], start: int, lead: str, chance: Random
) -> tuple[Treatment, tuple[str, ...]] | None:
    """What somebody could have with this member now, the usual things likely first, and who and what serves."""
    offered = [treatment for treatment in treatments if lead in treatment.needs[0]]
    for treatment in sorted(offered, key=lambda each: chance.random() ** (1 / each.weight), reverse=True):
        stay, claim = treatment.stay(start), treatment.claim(start)
        pools = [[lead], *(chance.sample(pool, len(pool)) for pool in treatment.needs[1:])]
        free = [next((name for name in pool if calendars[name].is_free(stay, claim)), None) for pool in pools]
        assets = tuple(name for name in free if name is not None)
        if len(assets) == len(pools):
            return treatment, assets
    return None


def _entry(treatment: Treatment, assets: tuple[str, ...], start: int, customer: int, now: int, chance: Random) -> Entry:
    notice = treatment.notice_minutes * 60
    booked = min(start - notice - chance.randrange(DAY, 14 * DAY), now - chance.randrange(600, DAY))
    if chance.random() < _CANCELLED_SHARE:
        cancelled = chance.randrange(booked + 300, min(start, now))
        reason = chance.choice(_REASONS)
        return Entry(treatment, assets, customer, start, Status.CANCELLED, booked, cancelled, reason)
    status = _status(treatment, start, now=now, chance=chance)
    if status is Status.PENDING:
        booked = now - chance.randrange(600, DAY)
    changed = booked if start > now else min(treatment.stay(start)[1], now)
    return Entry(treatment, assets, customer, start, status, booked, changed)


def _status(treatment: Treatment, start: int, *, now: int, chance: Random) -> Status:
    if treatment.stay(start)[1] <= now:
        return Status.NO_SHOW if chance.random() < _NO_SHOW_SHARE else Status.COMPLETED
    if start <= now:
        return Status.CHECKED_IN
    waits = treatment.requires_approval and start - treatment.notice_minutes * 60 > now
    if waits and start > now + _PENDING_LEAD and chance.random() < _PENDING_SHARE:
        return Status.PENDING
    return Status.CONFIRMED


def _density(moment: int, now: int) -> float:
    """How likely a free quarter is asked for: this week's are nearly gone, later ones are not."""
    if moment < now:
        return 0.5
    return 0.4 if moment < now + WEEK else 0.15


def _on_grid(moment: int) -> int:
    """The next quarter of an hour; every offset of the demo's zones is a multiple of it."""
    return -(-moment // GRID) * GRID
