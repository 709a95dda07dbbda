"""What Pydantic finds wrong with a field, in our words: as its type of error says it, in every language we have."""

from collections.abc import Mapping
from typing import Any

from app.errors.problem import FieldError, InvalidValue
from app.errors.sentences import PLACE

_OBJECT = "must be a JSON object"
_LIST = "must be a list"
_TEXT = "must be a text"
_WHOLE_NUMBER = "must be a whole number"
_DATE = "must be a date, as 2026-12-24"
_INSTANT = "must be an instant, as 2026-12-01T09:00:00Z"
_UUID = "must be a UUID"
_ONE_OF = "must be one of these: {expected}"

COMPLAINTS = {
    "missing": "is missing",
    "extra_forbidden": "is no field that is known here",
    "invalid_key": "has a key that is no text",
    "model_type": _OBJECT,
    "model_attributes_type": "must be a JSON object, sent with `Content-Type: application/json`",
    "dict_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "string_type": _TEXT,
    "string_unicode": "must be a text in Unicode",
    "string_too_short": "is too short; its least length is {min_length}",
    "string_too_long": "is too long; its greatest length is {max_length}",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "too_short": "has too few items; the least number is {min_length}",
    "too_long": "has too many items; the greatest number is {max_length}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": "has too many digits",
    "int_from_float": _WHOLE_NUMBER,
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": "must end in `Z` or an offset, as `2026-12-01T09:00:00Z` does",
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "value_error": "must be an e-mail address, as grace@hopper.example",
}
"""What each of Pydantic's types of error is said as. Its `value_error` is the e-mail address's: ours have their own."""

UNHEARD_OF = "is not valid"


def complaint(pointer: str, found: Mapping[str, Any]) -> FieldError:
    """One of the `errors()` of a ValidationError, as an error of the field there."""
    context = found.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, InvalidValue):
        return cause.at(pointer)
    if isinstance(cause, ValueError):
        return FieldError(pointer, str(cause))
    kind = found["type"]
    template = COMPLAINTS.get(kind, UNHEARD_OF)
    if kind in {"enum", "literal_error"}:
        context = {"expected": context["expected"].replace(" or ", ", ")}
    params = {name: context[name] for name in PLACE.findall(template)}
    code = "email" if kind == "value_error" else kind.replace("_", "-")
    return FieldError(pointer, template, params, code)
