"""What checks make of a domain, as a table."""

from datetime import timedelta

import pytest

from app.core.clock import utcnow
from app.domains.lifecycle import PATIENCE, DomainStatus, Finding, after_check, wait_after

_NOW = utcnow()
_LONG_AGO, _LATELY = _NOW - PATIENCE, _NOW - timedelta(hours=1)
_TABLE = [
    # status      failures  finding          since       becomes      failures  next
    ("pending", 0, None, _LATELY, "active", 0, timedelta(days=1)),
    ("pending", 0, "txt-missing", _LATELY, "pending", 1, timedelta(minutes=1)),
    ("pending", 4, "txt-wrong", _LATELY, "pending", 5, timedelta(minutes=16)),
    ("pending", 40, "txt-missing", _LATELY, "pending", 41, timedelta(hours=6)),
    ("pending", 9, "txt-missing", _LONG_AGO, "failed", 10, None),
    ("verified", 1, "not-pointing", _LATELY, "verified", 2, timedelta(minutes=2)),
    ("verified", 1, "taken", _LATELY, "verified", 2, timedelta(minutes=2)),
    ("verified", 1, "txt-missing", _LATELY, "verified", 2, timedelta(minutes=2)),
    ("verified", 9, "not-pointing", _LONG_AGO, "failed", 10, None),
    ("active", 0, "not-pointing", _LONG_AGO, "active", 1, timedelta(days=1)),
    ("active", 1, "txt-missing", _LONG_AGO, "active", 2, timedelta(days=1)),
    ("active", 2, "not-pointing", _LONG_AGO, "suspended", 3, timedelta(days=1)),
    ("active", 2, None, _LONG_AGO, "active", 0, timedelta(days=1)),
    ("suspended", 3, "not-pointing", _LONG_AGO, "suspended", 4, timedelta(days=1)),
    ("suspended", 9, None, _LONG_AGO, "active", 0, timedelta(days=1)),
    ("failed", 9, "txt-missing", _LATELY, "failed", 10, None),
    ("failed", 9, None, _LONG_AGO, "active", 0, timedelta(days=1)),
]


@pytest.mark.parametrize(("status", "failures", "finding", "since", "becomes", "then", "wait"), _TABLE)
def test_a_check_leads_where_the_table_says(
    status: str, failures: int, finding: str | None, since: object, becomes: str, then: int, wait: timedelta | None
) -> None:
    found = after_check(
        DomainStatus(status),
        failures,
        Finding(finding) if finding else None,
        since=since,  # type: ignore[arg-type]
        now=_NOW,
    )
    due_at = _NOW + wait if wait else None
    assert (found.status, found.failures, found.next_check_at) == (becomes, then, due_at)


def test_waits_grow_to_six_hours() -> None:
    waits = [wait_after(failures) for failures in range(1, 12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(hours=6))
