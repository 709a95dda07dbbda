"""How a demo business is described."""

from dataclasses import dataclass
from datetime import time

from app.scheduling.opening_hours import Interval
from app.scheduling.schemas.resources import ResourceKind
from app.scheduling.schemas.schedules import WeeklyWindow, Window

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Absence:
    """Whole days away: the first counted from this week's Monday, and how many."""

    first_day: int
    days: int
    reason: str


@dataclass(frozen=True, slots=True)
class Asset:
    """Somebody or something that bookings need. `hours` is read by `weekly`; `lunch` lasts half an hour."""

    kind: ResourceKind
    name: str
    hours: str
    lunch: time | None = None
    absences: tuple[Absence, ...] = ()
    other_hours: tuple[tuple[int, str], ...] = ()
    """Dates, counted from this week's Monday, with the one window that replaces their hours."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A service. `needs` names a pool of assets for each requirement; `weight` says how often it is booked."""

    name: str
    description: str
    minutes: int
    price_minor: int
    needs: tuple[tuple[str, ...], ...]
    before: int = 0
    after: int = 0
    notice_minutes: int = 60
    requires_approval: bool = False
    weight: int = 4

    def stay(self, start: int) -> Interval:
        """The time of an appointment that starts at this epoch second."""
        return start, start + self.minutes * 60

    def claim(self, start: int) -> Interval:
        """That time with the buffers."""
        opens, closes = self.stay(start)
        return opens - self.before * 60, closes + self.after * 60


@dataclass(frozen=True, slots=True)
class Shop:
    """A demo business. `phone` is a pattern for its customers' numbers, all of them reserved for fiction."""

    slug: str
    name: str
    timezone: str
    currency: str
    owner: str
    assets: tuple[Asset, ...]
    treatments: tuple[Treatment, ...]
    customers: int
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    phone: str


def weekly(hours: str) -> list[WeeklyWindow]:
    """Read `Mon-Thu 09:00-13:00 15:00-19:00; Sat 09:00-14:00`."""
    windows = []
    for rule in hours.split("; "):
        days, *spans = rule.split()
        first, _, last = days.partition("-")
        for weekday in range(_WEEKDAYS.index(first), _WEEKDAYS.index(last or first) + 1):
            for span in spans:
                hours_of_day = window(span)
                windows.append(WeeklyWindow(weekday=weekday + 1, start=hours_of_day.start, end=hours_of_day.end))
    return windows


def window(span: str) -> Window:
    """Read `09:00-13:00`."""
    start, end = map(time.fromisoformat, span.split("-"))
    return Window(start=start, end=end)
