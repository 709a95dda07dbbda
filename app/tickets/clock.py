"""The clock of a desk: it goes while the desk is open, in the zone of the business. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.scheduling.opening_hours import Interval, Override, WeeklyRule, expand

_AHEAD = timedelta(weeks=4)  # looked at at once
_LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class DeskHours:
    """When the desk is open: by the week, but for the dates that it is closed on. Without any rule it never closes."""

    zone: ZoneInfo
    weekly: Sequence[WeeklyRule]
    closures: Sequence[Override] = ()

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """The instant by which the desk has been open for so long; None if it has not within a year or so."""
        if not self.weekly:
            return start + timedelta(seconds=seconds)
        left = seconds
        for opens, closes in self._open(start, start + _LONGEST):
            if left <= closes - opens:
                return datetime.fromtimestamp(opens + left, UTC)
            left -= closes - opens
        return None

    def between(self, start: datetime, end: datetime) -> int:
        """For how many seconds the desk is open between two instants."""
        if not self.weekly:
            return max(int((end - start).total_seconds()), 0)
        return sum(closes - opens for opens, closes in self._open(start, end))

    def _open(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """The stretches of time, cut at both ends."""
        since = start
        while since < end:
            until = min(since + _AHEAD, end)
            first, last = int(since.timestamp()), int(until.timestamp())
            for opens, closes in expand(self.weekly, self.closures, self.zone, first, last):
                yield max(opens, first), min(closes, last)
            since = until
