"""The one place that reads the wall clock."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Now, as an aware UTC instant."""
    return datetime.now(UTC)
