"""The table that both kinds of buckets keep to."""

from itertools import accumulate

import pytest

from app.core.gcra import SECOND, Quota, Standing, charge, whole_seconds

FIVE_A_SECOND_APART = Quota(5, seconds=5)
# Seconds at which a request comes; whether it is allowed, what remains, when to come again, when all is whole.
TABLE = [
    (0.0, (True, 4, 0.0, 1.0)),
    (0.0, (True, 3, 0.0, 2.0)),
    (0.0, (True, 2, 0.0, 3.0)),
    (0.0, (True, 1, 0.0, 4.0)),
    (0.0, (True, 0, 0.0, 5.0)),
    (0.0, (False, 0, 1.0, 5.0)),
    (0.5, (False, 0, 0.5, 4.5)),
    (3.0, (True, 2, 0.0, 3.0)),
    (60.0, (True, 4, 0.0, 1.0)),
]
CAME = [int(at * SECOND) for at, _ in TABLE]
STANDINGS = [
    Standing(allowed, remaining, int(again * SECOND), int(whole * SECOND))
    for _, (allowed, remaining, again, whole) in TABLE
]


class TestCharge:
    def test_keeps_to_the_table(self) -> None:
        def take(before: tuple[int, Standing | None], now: int) -> tuple[int, Standing | None]:
            return charge(before[0], FIVE_A_SECOND_APART, now)

        first: tuple[int, Standing | None] = (0, None)
        assert [standing for _, standing in accumulate(CAME, take, initial=first)][1:] == STANDINGS

    @pytest.mark.parametrize(("requests", "seconds"), [(60, 60), (7, 60), (6_000, 60), (1, 3_600), (1_000_000, 60)])
    def test_allows_the_whole_quota_at_once_and_no_more(self, requests: int, seconds: int) -> None:
        quota, full_at, allowed = Quota(requests, seconds), 0, 0
        for _ in range(min(requests, 10_000) + 1):
            full_at, standing = charge(full_at, quota, 0)
            allowed += standing.is_allowed
        assert allowed == min(requests, 10_001)


class TestWholeSeconds:
    @pytest.mark.parametrize(("microseconds", "seconds"), [(0, 0), (1, 1), (SECOND, 1), (SECOND + 1, 2)])
    def test_round_up(self, microseconds: int, seconds: int) -> None:
        assert whole_seconds(microseconds) == seconds
