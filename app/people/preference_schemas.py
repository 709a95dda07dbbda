"""What a user sets for themselves, as it travels and as it is kept."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.schemas import Locale, RequestModel, ResponseModel, TimeZoneName, Weekday
from app.notifications.choices import DEFAULTS, EmailChoice, NotificationChoice
from app.notifications.kinds import NotificationKind

MOST_SHOWN_RESOURCES = 200

ChosenKind = Literal[
    NotificationKind.TICKET_ASSIGNED,
    NotificationKind.TICKET_NEWS,
    NotificationKind.TICKET_OVERDUE,
    NotificationKind.DOMAIN_CHANGED,
    NotificationKind.PLATFORM_TICKET_REPLIED,
    NotificationKind.SUPPORT_TICKET,
]
"""The kinds of notifications that users choose about."""


class TimeFormat(StrEnum):
    TWELVE_HOURS = "12h"
    TWENTY_FOUR_HOURS = "24h"


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


class CalendarView(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class CalendarPreferences(RequestModel):
    view: CalendarView | None = None
    slot_minutes: Annotated[int, Field(ge=5, le=240)] | None = None
    """The length of a row of the calendar."""
    shown_resource_ids: Annotated[list[UUID], Field(max_length=MOST_SHOWN_RESOURCES)] | None = None
    """Null shows every resource."""


class Preferences(RequestModel):
    """One document, written as a whole. What is null or left out follows the business, or the defaults."""

    locale: Locale | None = None
    timezone: TimeZoneName | None = None
    first_weekday: Weekday | None = None
    """1 is Monday, 7 is Sunday."""
    time_format: TimeFormat | None = None
    theme: Theme | None = None
    calendar: CalendarPreferences = CalendarPreferences()
    notifications: Annotated[dict[ChosenKind, NotificationChoice], Field(max_length=len(DEFAULTS))] = Field(
        default_factory=dict
    )
    """How each kind of notification is heard of. Others are always shown: they are about somebody's access."""


class EffectiveCalendar(ResponseModel):
    view: CalendarView
    slot_minutes: int
    shown_resource_ids: list[UUID] | None


class EffectiveNotification(ResponseModel):
    in_app: bool
    email: EmailChoice


class EffectivePreferences(ResponseModel):
    """What holds for the user: their own choice, else the business's, else the default."""

    locale: Locale
    timezone: str
    first_weekday: int
    time_format: TimeFormat
    theme: Theme
    calendar: EffectiveCalendar
    notifications: dict[ChosenKind, EffectiveNotification]


class PreferencesRead(ResponseModel):
    document: Preferences
    """As it was written; send this part back to change it."""
    effective: EffectivePreferences
