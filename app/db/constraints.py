"""From a refused statement to the constraint that refused it, also when the refusal came through Citus."""

import re

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.errors import CONSTRAINT_PROBLEMS, Problem

DEADLOCK_DETECTED = "40P01"
LOCK_NOT_AVAILABLE = "55P03"
PASSING = (LOCK_NOT_AVAILABLE, "08", "57P")
"""SQLSTATEs, and classes of them, that say nothing against the statement: no lock, no connection, a server that ends"""

_NAME_IN_MESSAGE = re.compile(r'constraint "([^"]+)"')
_SHARD_SUFFIX = re.compile(r"_\d+$")


def sqlstate_of(error: DBAPIError) -> str | None:
    """The SQLSTATE of the driver's error, or None where it has none."""
    return getattr(error.orig, "sqlstate", None)


def constraint_of(error: DBAPIError) -> str | None:
    """The violated constraint's name: from the driver's field, else from the message without a shard's number."""
    cause = error.orig.__cause__ if error.orig is not None else None
    name = getattr(cause, "constraint_name", None)
    if name:
        return str(name)
    found = _NAME_IN_MESSAGE.search(str(error.orig))
    return _SHARD_SUFFIX.sub("", found.group(1)) if found else None


def problem_of(error: IntegrityError) -> Problem | IntegrityError:
    """The problem that the violated constraint stands for, or the error itself if it stands for none."""
    kind = CONSTRAINT_PROBLEMS.get(constraint_of(error) or "")
    return kind() if kind else error
