"""Ranges of time that a caller asks for, half-open."""

from datetime import datetime, timedelta

from app.errors import FieldError, InvalidValue, ValidationFailed


def check_order(start: datetime | None, end: datetime | None) -> None:
    """Raise ValidationFailed if a range ends at or before its start. A bound that is None is open."""
    if start is not None and end is not None and end <= start:
        raise ValidationFailed(errors=[FieldError("end", "must be after the start", code="not-after-start")])


def check_span(start: datetime | None, end: datetime, longest: timedelta) -> None:
    """Raise InvalidValue for the end of a range that is not after its start, or too long after it.

    A start that is None was wrong itself.
    """
    if start is not None and end <= start:
        raise InvalidValue("must be after the start", code="not-after-start")
    if start is not None and end - start > longest:
        days = longest.days
        raise InvalidValue("must be at most {days} days after the start", code="too-far", params={"days": days})
