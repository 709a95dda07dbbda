"""The life of a domain: what a check makes of it, and when the next one is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class DomainStatus(StrEnum):
    PENDING = "pending"
    VERIFIED = "verified"
    ACTIVE = "active"
    FAILED = "failed"
    SUSPENDED = "suspended"
    RELEASED = "released"


class Finding(StrEnum):
    """What is missing. Only the first two leave it open whose the name is."""

    TXT_MISSING = "txt-missing"
    TXT_WRONG = "txt-wrong"
    NOT_POINTING = "not-pointing"
    TAKEN = "taken"


S = DomainStatus
UNPROVED = frozenset({Finding.TXT_MISSING, Finding.TXT_WRONG})
PATIENCE = timedelta(days=14)
"""How long somebody has for setting the records."""
QUARANTINE = timedelta(days=30)
"""How long nobody else can have a host that was let go: its records may still be there."""
MOST_FAILURES = 3
DAILY = timedelta(days=1)

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_DOUBLINGS = 9  # then the longest wait is reached anyway


@dataclass(frozen=True, slots=True)
class Next:
    """What a domain is after a check."""

    status: DomainStatus
    failures: int
    next_check_at: datetime | None


def after_check(
    status: DomainStatus, failures: int, finding: Finding | None, *, since: datetime, now: datetime
) -> Next:
    """What a check makes of a domain that is pending, or proved to be theirs, since then.

    A proof counts until the host is served: then the records have to stay. An active one is suspended by the third
    failure in a row, and comes back by the first success. One that was never active fails in the end; it is checked
    again when somebody asks for it.
    """
    if finding is None:
        return Next(S.ACTIVE, 0, now + DAILY)
    failures += 1
    if status is S.ACTIVE and failures < MOST_FAILURES:
        return Next(S.ACTIVE, failures, now + DAILY)
    if status in {S.ACTIVE, S.SUSPENDED}:
        return Next(S.SUSPENDED, failures, now + DAILY)
    if status is S.FAILED or now - since >= PATIENCE:
        return Next(S.FAILED, failures, None)
    return Next(status, failures, now + wait_after(failures))


def wait_after(failures: int) -> timedelta:
    """How long to wait for the records after so many failures: twice as long each time, six hours at most."""
    return min(_FIRST_WAIT * (1 << min(failures - 1, _DOUBLINGS)), _LONGEST_WAIT)
