"""How hours are written in the demo."""

from datetime import time

from app.demo.description import weekly


class TestWeekly:
    def test_reads_single_days_ranges_of_days_and_split_shifts(self) -> None:
        assert [
            (each.weekday, each.start, each.end) for each in weekly("Mon-Tue 09:00-13:00 15:00-19:00; Sun 10:00-00:00")
        ] == [
            (1, time(9), time(13)),
            (1, time(15), time(19)),
            (2, time(9), time(13)),
            (2, time(15), time(19)),
            (7, time(10), time(0)),
        ]
