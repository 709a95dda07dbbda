from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.webhooks.retries import next_attempt, parse_retry_after

NOW = datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def wait(attempts_made: int, jitter: float = 0, retry_after: int | None = None) -> float:
    """Give the seconds until the next attempt."""
    due_at = next_attempt(attempts_made, NOW, jitter, retry_after)
    assert due_at is not None
    return (due_at - NOW).total_seconds()


class TestNextAttempt:
    def test_follows_the_published_schedule(self) -> None:
        assert [wait(made) for made in range(1, 10)] == [
            5,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ]

    def test_the_tenth_failure_is_the_last(self) -> None:
        assert next_attempt(10, NOW, 0, retry_after=60) is None

    def test_refuses_a_retry_of_nothing(self) -> None:
        with pytest.raises(ValueError, match="at least one attempt"):
            next_attempt(0, NOW, 0)

    @pytest.mark.parametrize(("jitter", "seconds"), [(-1, 240), (-0.5, 270), (0.5, 330), (1, 360)])
    def test_jitter_moves_a_wait_by_up_to_a_fifth(self, jitter: float, seconds: float) -> None:
        assert wait(2, jitter) == seconds

    def test_retry_after_puts_an_attempt_off(self) -> None:
        assert wait(1, retry_after=90) == 90

    def test_retry_after_never_brings_an_attempt_forward(self) -> None:
        assert wait(2, retry_after=1) == 5 * MINUTE

    @pytest.mark.parametrize(("jitter", "seconds"), [(-1, 120), (-0.5, 110), (0, 100), (0.5, 110), (1, 120)])
    def test_jitter_never_comes_before_the_second_the_receiver_named(self, jitter: float, seconds: float) -> None:
        assert wait(1, jitter, retry_after=100) == seconds

    def test_counts_in_utc_across_a_change_of_the_clocks(self) -> None:
        assert next_attempt(1, NOW, 0) == datetime(2026, 3, 29, 1, 0, 3, tzinfo=UTC)


class TestParseRetryAfter:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("0", 0),
            ("120", 120),
            (" 007 ", 7),
            ("86401", DAY),
            ("9" * 4_000, DAY),
            ("Sun, 29 Mar 2026 01:01:00 GMT", 62),
            ("Sunday, 29-Mar-26 01:01:00 GMT", 62),
            ("Sun, 29 Mar 2026 01:01:00 -0000", 62),
            ("Sun, 29 Mar 2026 03:01:00 +0200", 62),
            ("Sat, 28 Mar 2026 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ],
    )
    def test_reads_seconds_and_http_dates_within_a_day(self, header: str, seconds: int) -> None:
        assert parse_retry_after(header, NOW) == seconds

    def test_rounds_a_date_up_to_whole_seconds(self) -> None:
        now = NOW + timedelta(milliseconds=250)
        assert parse_retry_after("Sun, 29 Mar 2026 01:00:00 GMT", now) == 2

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "soon",
            "-5",
            "1.5",
            "1e3",
            "٣",
            "9" * 5_000,
            "Sun, 99 Mar 2026 01:01:00 GMT",
            "Mon, 01 Jan 99999999999 00:00:00 GMT",
            "Mon, 01 Jan 2026 00:00:00 +99999999999999",
        ],
    )
    def test_ignores_what_is_neither(self, header: str | None) -> None:
        assert parse_retry_after(header, NOW) is None

    @settings(deadline=None)
    @given(st.text())
    def test_never_fails_on_a_strange_header(self, header: str) -> None:
        seconds = parse_retry_after(header, NOW)
        assert seconds is None or 0 <= seconds <= DAY
