"""Ranges of time that a caller asks for, half-open."""

from datetime import datetime

from app.errors import FieldError, ValidationFailed


def check_order(start: datetime | None, end: datetime | None) -> None:
    """Raise ValidationFailed if a range ends at or before its start. A bound that is None is open."""
    if start is not None and end is not None and end <= start:
        raise ValidationFailed(errors=[FieldError("end", "must be after the start", code="not-after-start")])
