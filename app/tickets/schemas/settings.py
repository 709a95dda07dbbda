"""The settings of a desk as they travel."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import RequestModel, ResponseModel
from app.scheduling.schemas.schedules import WeeklyWindow
from app.tickets.schemas.tickets import Priority

_A_YEAR = 366 * 24 * 60
DEFAULT_AUTO_CLOSE_DAYS = 7

Minutes = Annotated[int, Field(ge=1, le=_A_YEAR)]
Days = Annotated[int, Field(ge=1, le=365, examples=[7])]


class Target(RequestModel):
    """What is promised, in minutes of the desk's hours; null promises nothing."""

    first_response_minutes: Annotated[Minutes | None, Field(examples=[60])] = None
    """From when a customer opens the ticket to the first reply of the staff."""
    resolution_minutes: Annotated[Minutes | None, Field(examples=[480])] = None
    """Until it is resolved, not counting while the customer is waited for."""


def _in_order(days: list[date]) -> list[date]:
    return sorted(set(days))


Hours = Annotated[list[WeeklyWindow], Field(max_length=50)]
Closures = Annotated[list[date], Field(max_length=400, examples=[["2026-12-25"]]), AfterValidator(_in_order)]
Targets = Annotated[dict[Priority, Target], Field(max_length=4)]


class DeskSettingsUpdate(PatchModel):
    hours: Settable[Hours] = None
    """When the desk is open, in the business's time zone. Empty: round the clock."""
    closed_on: Settable[Closures] = None
    """Dates on which it is not, whatever the weekday."""
    targets: Settable[Targets] = None
    """What is promised for each priority. Replaces all of them."""
    auto_close_days: Clearable[Days] = None
    """After so many days a resolved ticket is closed; null leaves it to people."""


class DeskSettingsRead(ResponseModel):
    hours: list[WeeklyWindow]
    closed_on: list[date]
    targets: dict[Priority, Target]
    auto_close_days: int | None
    updated_at: datetime | None
    """Null as long as nobody has changed anything."""
