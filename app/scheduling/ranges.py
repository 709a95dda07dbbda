"""Ranges of time that a caller asks for, half-open, and cursors in lists that are ordered by time."""

from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from app.core.schemas import Instant
from app.errors import FieldError, ValidationFailed

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def check_order(start: datetime | None, end: datetime | None) -> None:
    """Raise ValidationFailed if a range ends at or before its start. A bound that is None is open."""
    if start is not None and end is not None and end <= start:
        raise ValidationFailed(errors=[FieldError("end", "must be after the start", code="not-after-start")])


def start_position(values: list[str]) -> tuple[datetime, UUID]:
    """The position in a list that is ordered by start, then id."""
    start_at, id_ = values
    return _INSTANT.validate_python(start_at), UUID(id_)
