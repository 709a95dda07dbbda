"""What request and response models have in common."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from app.errors import InvalidValue

# Wide enough for every appointment; far enough from the ends of the calendar that no arithmetic falls off them.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


_MOST_FIELDS = 100
_DATE = re.compile(r"\d{4}-")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise InvalidValue("must not contain NUL characters", code="characters")
    return text


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


def _calendar_date(value: object) -> object:
    # Pydantic would read a number as the seconds since 1970.
    if isinstance(value, int | float) or (isinstance(value, str) and not _DATE.match(value)):
        raise PydanticKnownError("date_type")
    return value


_CHECKS = {"date": _calendar_date, "int": _number}


def _take_as_sent(part: object) -> None:
    """Have each value be of the kind that it is in JSON: `"5"` is no 5, 1 is not true and no date; but 5.0 is 5."""
    if isinstance(part, dict):
        if part.get("type") in {"bool", "float"}:
            part["strict"] = True
        elif part.get("type") in _CHECKS:
            taken = part.copy()
            part.clear()
            part |= core_schema.no_info_before_validator_function(_CHECKS[taken["type"]], taken)
            return
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        _take_as_sent(each)


class RequestModel(BaseModel):
    """A body as sent to us: unknown fields are refused, so that a typing mistake is not silently ignored.

    Nor may a text, alone or in a list, contain NUL: PostgreSQL cannot store it.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _take_as_sent(schema)
        return schema

    @model_validator(mode="before")
    @classmethod
    def _of_sane_size(cls, value: object) -> object:
        # Each unknown field is a complaint of its own: a mebibyte of them would take more than a second to make.
        if isinstance(value, dict) and len(value) > _MOST_FIELDS:
            raise InvalidValue("has more than {most} fields", code="too-many-fields", params={"most": _MOST_FIELDS})
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: object) -> object:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                _without_nul(each)
        return value


class ResponseModel(BaseModel):
    """A body as sent by us: every field is always there."""

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)


@cache  # it reads the whole zone database
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_zone(zone: str) -> str:
    """The zone, if there is one of this name. Raises InvalidValue."""
    if zone not in _zones():
        raise InvalidValue(
            "'{zone}' is not an IANA time zone; use a name like 'Europe/Berlin' or 'UTC'",
            code="time-zone",
            params={"zone": zone},
        )
    return zone


def _written_out(value: object) -> object:
    # Pydantic would read a number as the seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and ":" in value):
        return value
    raise PydanticKnownError("datetime_parsing", {"error": "it is not as RFC 3339 has it"})


def _sane(instant: datetime) -> datetime:
    if not EARLIEST <= instant < LATEST:
        years = {"first": EARLIEST.year, "last": LATEST.year}
        raise InvalidValue("must lie between the years {first} and {last}", code="year", params=years)
    return instant.astimezone(UTC)


def _whole(instant: datetime) -> datetime:
    if instant.microsecond:
        raise InvalidValue("must be a whole second", code="fraction")
    return instant


class Locale(StrEnum):
    """The languages and formats that the service knows."""

    EN = "en"


TimeZoneName = Annotated[str, AfterValidator(known_zone), Field(examples=["Europe/Berlin"])]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_written_out), AfterValidator(_sane), Field(examples=["2026-12-01T09:00:00Z"])
]
"""An RFC 3339 instant with an offset; kept in UTC."""
Instant = Annotated[Moment, AfterValidator(_whole)]
"""Likewise, to the second."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Text = Annotated[str, StringConstraints(max_length=2000)]
Reason = Annotated[str, StringConstraints(min_length=5, max_length=500), Field(examples=["Ticket 4711: wrong hours"])]
"""Why somebody uses a power that has to be accounted for."""
SearchText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_without_nul)
]
"""A query parameter to search by."""
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["EUR"])]
Weekday = Annotated[int, Field(ge=1, le=7, examples=[1])]
"""As ISO 8601 counts them: 1 is Monday, 7 is Sunday."""
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$", to_lower=True), Field(examples=["#1d4ed8"])]
