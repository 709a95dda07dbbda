from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.scheduling.availability import rolling_calendar_days

BERLIN = ZoneInfo("Europe/Berlin")


class TestRollingCalendarDays:
    @pytest.mark.parametrize(
        ("now", "days", "expected"),
        [
            ("2026-01-05T10:00", 0, "2026-01-05T23:00"),
            ("2026-01-05T22:59", 1, "2026-01-06T23:00"),
            ("2026-01-05T23:00", 1, "2026-01-07T23:00"),
            ("2026-03-28T10:00", 1, "2026-03-29T22:00"),
        ],
        ids=["rest of today", "to the end of tomorrow", "today is the zone's", "across a clock change"],
    )
    def test_ends_with_the_whole_last_local_day(self, now: str, days: int, expected: str) -> None:
        asked, end = (int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) for text in (now, expected))

        assert rolling_calendar_days(asked, days, BERLIN) == end
