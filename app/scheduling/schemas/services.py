"""Services as they travel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import CurrencyCode, Name, RequestModel, ResponseModel, SearchText, Text
from app.models.tenant import ServiceRow
from app.scheduling.availability import MAX_REQUIREMENTS, Alignment

MINUTES_A_DAY = 1440
MINUTES_A_YEAR = 365 * MINUTES_A_DAY

Minutes = Annotated[int, Field(ge=1, le=MINUTES_A_DAY, examples=[30])]
BufferMinutes = Annotated[int, Field(ge=0, le=MINUTES_A_DAY, examples=[10])]
PriceMinor = Annotated[int, Field(ge=0, le=10**12, examples=[4500])]
NoticeMinutes = Annotated[int, Field(ge=0, le=MINUTES_A_YEAR, examples=[120])]
WindowDays = Annotated[int, Field(ge=0, le=3650, examples=[60])]
MOST_SEATS = 1000
Capacity = Annotated[int, Field(ge=1, le=MOST_SEATS, examples=[12])]
ApprovalMinutes = Annotated[int, Field(ge=1, le=30 * MINUTES_A_DAY)]


class RequirementSpec(RequestModel):
    """Something a booking needs: one of these resources. The first is preferred, other things being equal."""

    resource_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


Requirements = Annotated[list[RequirementSpec], Field(min_length=1, max_length=MAX_REQUIREMENTS)]


class ServiceCreate(RequestModel):
    name: Annotated[Name, Field(examples=["Cut and finish"])]
    description: Text = ""
    duration_minutes: Minutes
    """How long the customer stays."""
    buffer_before_minutes: BufferMinutes = 0
    """Kept free before each appointment, to prepare."""
    buffer_after_minutes: BufferMinutes = 0
    """Kept free after each appointment, to tidy up."""
    price_minor: PriceMinor = 0
    """In the currency's minor unit: 4500 is 45.00 EUR."""
    currency: CurrencyCode | None = None
    """The business's own, if left out."""
    slot_step_minutes: Minutes | None = None
    """From one start on offer to the next; the duration, if left out."""
    alignment: Alignment = Alignment.WINDOW
    """Whether starts are counted from the opening hour and the last busy time, or lie on the clock's grid."""
    minimum_notice_minutes: NoticeMinutes = 0
    """A start must be at least this far ahead."""
    booking_window_days: WindowDays | None = 365
    """A start may be at most this many calendar days ahead, 0 being today; null for no limit."""
    requires_approval: bool = False
    """Whether a booking waits until staff confirm it."""
    approval_ttl_minutes: ApprovalMinutes = 2 * MINUTES_A_DAY
    """How long a booking waits for approval before it expires."""
    hold_ttl_minutes: Minutes = 10
    """How long a slot is held for somebody who has not confirmed yet."""
    offer_ttl_minutes: Minutes = 60
    """How long a place that has become free is kept for who is offered it from the waitlist."""
    capacity: Capacity = 1
    """How many customers share a start. Above 1 it is a class."""
    requirements: Requirements
    """A booking takes one resource of each, all different."""


class ServiceUpdate(PatchModel):
    name: Settable[Name] = None
    description: Settable[Text] = None
    duration_minutes: Settable[Minutes] = None
    buffer_before_minutes: Settable[BufferMinutes] = None
    buffer_after_minutes: Settable[BufferMinutes] = None
    price_minor: Settable[PriceMinor] = None
    """Appointments keep the price they were booked at."""
    currency: Settable[CurrencyCode] = None
    slot_step_minutes: Settable[Minutes] = None
    alignment: Settable[Alignment] = None
    minimum_notice_minutes: Settable[NoticeMinutes] = None
    booking_window_days: Clearable[WindowDays] = None
    """Null for no limit."""
    requires_approval: Settable[bool] = None
    approval_ttl_minutes: Settable[ApprovalMinutes] = None
    hold_ttl_minutes: Settable[Minutes] = None
    offer_ttl_minutes: Settable[Minutes] = None
    capacity: Settable[Capacity] = None
    """For the sessions to come; those that are open keep their seats."""
    requirements: Settable[Requirements] = None
    """Replaces all of them."""


class RequirementRead(ResponseModel):
    resource_ids: list[UUID]


class ServiceRead(ResponseModel):
    id: UUID
    name: Annotated[str, Field(examples=["Cut and finish"])]
    description: Annotated[str, Field(examples=["Wash, cut and blow-dry."])]
    duration_minutes: Annotated[int, Field(examples=[45])]
    buffer_before_minutes: Annotated[int, Field(examples=[0])]
    buffer_after_minutes: Annotated[int, Field(examples=[10])]
    price_minor: Annotated[int, Field(examples=[4500])]
    currency: Annotated[str, Field(examples=["EUR"])]
    slot_step_minutes: Annotated[int, Field(examples=[15])]
    alignment: Alignment
    minimum_notice_minutes: Annotated[int, Field(examples=[120])]
    booking_window_days: Annotated[int | None, Field(examples=[60])]
    requires_approval: Annotated[bool, Field(examples=[False])]
    approval_ttl_minutes: Annotated[int, Field(examples=[2880])]
    hold_ttl_minutes: Annotated[int, Field(examples=[10])]
    offer_ttl_minutes: Annotated[int, Field(examples=[60])]
    capacity: Annotated[int, Field(examples=[1])]
    requirements: list[RequirementRead]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: ServiceRow, pools: Sequence[Sequence[UUID]]) -> Self:
        """A stored service with the resources that its requirements can be met by."""
        stored = {name: getattr(row, name) for name in cls.model_fields if name != "requirements"}
        return cls(**stored, requirements=[RequirementRead(resource_ids=list(pool)) for pool in pools])


ServiceSort = Literal[
    "name",
    "-name",
    "price_minor",
    "-price_minor",
    "duration_minutes",
    "-duration_minutes",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


class ServiceFilters(Changing, PageRequest):
    """Which services are wanted, and which page of them."""

    sort: Annotated[ServiceSort, ORDER] = "-created_at"
    ids: Ids = ()
    archived: bool | None = None
    """True for the archived ones. Left out: those on offer; with `ids`, both."""
    resource_id: UUID | None = None
    """Only those that this resource can serve."""
    q: SearchText | None = None
    """Part of the name."""
