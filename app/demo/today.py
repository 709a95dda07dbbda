"""The day that a demo business is made on, which its diary is written around."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.scheduling.opening_hours import Interval
from app.scheduling.opening_hours import instant as epoch_of

SPAN = timedelta(days=14)
"""How far the diary reaches, back and ahead."""


class Today:
    """Now, where the business is. Days are counted from this week's Monday, which is 0."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now = now.replace(microsecond=0)
        self.zone = zone
        self.date = now.astimezone(zone).date()
        self.span: Interval = (self.midnight(self.date - SPAN), self.midnight(self.date + SPAN))

    def day(self, number: int) -> date:
        """The date of a numbered day."""
        return self.date - timedelta(days=self.date.weekday()) + timedelta(days=number)

    def at(self, day: date, wall: time) -> int:
        """The epoch second at which the business's clocks show this."""
        return epoch_of(day, wall, self.zone)

    def midnight(self, day: date) -> int:
        """The epoch second at which the day begins there."""
        return self.at(day, time.min)

    def date_of(self, epoch: int) -> date:
        """The date there at an epoch second."""
        return datetime.fromtimestamp(epoch, self.zone).date()


def instant(epoch: int) -> datetime:
    """An epoch second as an aware UTC instant."""
    return datetime.fromtimestamp(epoch, UTC)
