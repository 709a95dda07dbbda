"""Schedules as they travel: wall-clock times in the resource's own zone."""

import re
from datetime import date, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from app.core.schemas import RequestModel, TimeZoneName
from app.errors import InvalidValue

_WALL_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _wall_time(value: Any) -> time:
    if isinstance(value, time):
        return value
    if value == "24:00":
        raise InvalidValue("write midnight as 00:00; as an end it is the end of the day", code="time-of-day")
    if not isinstance(value, str) or not re.fullmatch(_WALL_TIME, value, re.ASCII):
        raise InvalidValue("must be a time of day in hours and minutes, as 09:00", code="time-of-day")
    return time.fromisoformat(value)


def wall_text(moment: time) -> str:
    """A time of day as it travels: `09:00`."""
    return f"{moment:%H:%M}"


WallTime = Annotated[
    time,
    BeforeValidator(_wall_time),
    PlainSerializer(wall_text),
    WithJsonSchema({"type": "string", "pattern": _WALL_TIME, "examples": ["09:00"]}),
]


class Window(RequestModel):
    """Open from `start` to `end`. An end at or before the start is the next day's, so `00:00` ends at midnight."""

    start: WallTime
    end: Annotated[WallTime, Field(examples=["17:00"])]


class WeeklyWindow(Window):
    weekday: Annotated[int, Field(ge=1, le=7)]
    """As in ISO 8601: 1 is Monday, 7 is Sunday."""


class DateOverride(RequestModel):
    """Other hours for the windows that begin on one date, in place of the weekly ones."""

    date: Annotated[date, Field(examples=["2026-12-24"])]
    windows: Annotated[list[Window], Field(max_length=24)]
    """Empty: closed on that date."""


class Schedule(RequestModel):
    """When a resource works. The same shape is sent and answered."""

    timezone: TimeZoneName
    """The zone that all times are read in. It is the resource's own."""
    weekly: Annotated[list[WeeklyWindow], Field(max_length=50)]
    overrides: list[DateOverride] = Field(default_factory=list, max_length=400)
