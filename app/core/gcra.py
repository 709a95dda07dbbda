"""The generic cell rate algorithm: a quota that refills evenly, as one number for each bucket.

A bucket is known by its theoretical arrival time: the instant at which it would be full again. Microseconds, in whole
numbers, so that it comes to the same here and in the script that Redis runs.
"""

from dataclasses import dataclass

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in so many seconds, all of them at once if need be."""

    requests: int
    seconds: int = 60

    @property
    def interval(self) -> int:
        """Microseconds after which one more request is allowed."""
        return max(self.seconds * SECOND // self.requests, 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a request, and how its bucket stands after it. Times are in microseconds."""

    is_allowed: bool
    remaining: int
    retry_after: int
    """Until a request is allowed again; 0 if this one was."""
    full_after: int
    """Until the whole quota is there again."""


def charge(full_at: int, quota: Quota, now: int) -> tuple[int, Standing]:
    """Take one request out of a bucket that would be full at that instant; when it is now, and how it stands."""
    interval, full_at = quota.interval, max(full_at, now)
    wanted = full_at + interval
    early_by = wanted - interval * quota.requests - now
    if early_by > 0:
        return full_at, Standing(is_allowed=False, remaining=0, retry_after=early_by, full_after=full_at - now)
    return wanted, Standing(is_allowed=True, remaining=-early_by // interval, retry_after=0, full_after=wanted - now)


def whole_seconds(microseconds: int) -> int:
    """Rounded up: whoever waits that long has waited long enough."""
    return -(-microseconds // SECOND)
