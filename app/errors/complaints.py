"""What Pydantic finds wrong with a field, in our words and codes: they stay what they are when Pydantic's change."""

from collections.abc import Mapping
from typing import Any

from app.errors.problem import FieldError, InvalidValue
from app.errors.sentences import PLACE

_OBJECT = ("object", "must be a JSON object")
_LIST = ("list", "must be a list")
_CHOICE = ("choice", "must be one of these: {expected}")
_BOOLEAN = ("boolean", "must be true or false")
_WHOLE_NUMBER = ("whole-number", "must be a whole number")
_DATE = ("date", "must be a date, as 2026-12-24")
_INSTANT = ("instant", "must be an instant, as 2026-12-01T09:00:00Z")
_UUID = ("uuid", "must be a UUID")

COMPLAINTS = {
    "missing": ("missing", "is missing"),
    "extra_forbidden": ("unknown-field", "is no field that is known here"),
    "invalid_key": ("key", "has a key that is no text"),
    "model_type": _OBJECT,
    "model_attributes_type": ("object", "must be a JSON object, sent with `Content-Type: application/json`"),
    "dict_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "string_type": ("text", "must be a text"),
    "string_unicode": ("text", "must be a text in Unicode"),
    "string_too_short": ("too-short", "is too short; its least length is {min_length}"),
    "string_too_long": ("too-long", "is too long; its greatest length is {max_length}"),
    "string_pattern_mismatch": ("pattern", "must match the pattern {pattern}"),
    "too_short": ("too-few", "has too few items; the least number is {min_length}"),
    "too_long": ("too-many", "has too many items; the greatest number is {max_length}"),
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": ("whole-number", "has too many digits"),
    "int_from_float": _WHOLE_NUMBER,
    "finite_number": ("whole-number", "must be a finite number"),
    "greater_than": ("too-small", "must be greater than {gt}"),
    "greater_than_equal": ("too-small", "must be at least {ge}"),
    "less_than": ("too-great", "must be less than {lt}"),
    "less_than_equal": ("too-great", "must be at most {le}"),
    "multiple_of": ("multiple", "must be a multiple of {multiple_of}"),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": ("instant", "must end in `Z` or an offset, as `2026-12-01T09:00:00Z` does"),
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "value_error": ("email", "must be an e-mail address, as grace@hopper.example"),
}
"""The code and the words for each of Pydantic's types of error.

Its `value_error` is the e-mail address's: ours, InvalidValue, have their own.
"""

UNHEARD_OF = ("invalid", "is not valid")


def complaint(pointer: str, found: Mapping[str, Any]) -> FieldError:
    """One of the `errors()` of a ValidationError, as an error of the field there."""
    context = found.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, InvalidValue):
        return cause.at(pointer)
    if isinstance(cause, ValueError):
        return FieldError(pointer, str(cause))
    code, template = COMPLAINTS.get(found["type"], UNHEARD_OF)
    if code == "choice":
        context = {"expected": context["expected"].replace(" or ", ", ")}
    return FieldError(pointer, template, {name: context[name] for name in PLACE.findall(template)}, code)
