"""Appointments as they travel."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest, Separated
from app.core.patch import PatchModel, Settable
from app.core.schemas import Instant, RequestModel, ResponseModel, Text, TimeZoneName
from app.models.tenant import AppointmentRow
from app.people.schemas import CustomerRead
from app.scheduling.lifecycle import Status, status_at
from app.scheduling.schemas.resources import ResourceRead
from app.scheduling.schemas.services import MOST_SEATS, ServiceRead

Seats = Annotated[int, Field(ge=1, le=MOST_SEATS, examples=[1])]


class AppointmentCreate(RequestModel):
    # What the documentation page fills in: the fields that a booking cannot do without.
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service_id": "01980d3f-9a4e-7c1e-8000-000000000001",
                    "customer_id": "01980d3f-9a4e-7c1e-8000-000000000002",
                    "start": "2026-12-01T09:00:00Z",
                }
            ]
        }
    )

    service_id: UUID
    customer_id: UUID
    start: Instant
    """One of the starts that `GET /api/v1/availability` offers."""
    resource_ids: list[UUID] = Field([], max_length=200)
    """Who may serve: each requirement that any of these can meet is met by one of these. Anybody, if left out."""
    notes: Text = ""
    timezone: TimeZoneName | None = None
    """The zone that the customer booked in; the business's own, if left out."""
    seats: Seats = 1
    """Of a class: how many of its seats."""
    hold: bool = False
    """Only keep the slot, for the service's `hold_ttl_minutes`, until the appointment is confirmed."""


class AppointmentUpdate(PatchModel):
    notes: Settable[Text] = None


class AppointmentCancel(RequestModel):
    reason: Annotated[str, StringConstraints(max_length=500), Field(examples=["The customer is ill"])] | None = None


class AppointmentReschedule(RequestModel):
    start: Instant
    resource_ids: list[UUID] = Field([], max_length=200)
    """Who may serve from now on. The same as before, if left out."""


class Expansion(StrEnum):
    """What an appointment can be shown with."""

    CUSTOMER = "customer"
    SERVICE = "service"
    RESOURCES = "resources"


Expansions = Annotated[
    tuple[Expansion, ...],
    Field(
        max_length=len(Expansion),
        description="What to show with each appointment: repeated, or separated by commas. "
        "It needs the permission to read that.",
    ),
    Separated,
]


class AppointmentData(ResponseModel):
    """An appointment by itself, as events tell of it."""

    id: UUID
    status: Status
    service_id: Annotated[UUID, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e72"])]
    customer_id: Annotated[UUID, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e71"])]
    resource_ids: list[UUID]
    """One for each of the service's requirements, in their order."""
    start: datetime
    end: Annotated[datetime, Field(examples=["2026-12-01T09:45:00Z"])]
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    """The zone it was booked in."""
    price_minor: Annotated[int, Field(examples=[4500])]
    """In the currency's minor unit, as it was when booked, for all the seats."""
    currency: Annotated[str, Field(examples=["EUR"])]
    notes: Annotated[str, Field(examples=["By the window, please."])]
    source: Annotated[str, Field(examples=["api"])]
    """Where the booking came from: `api`, `staff` or `waitlist`."""
    seats: Annotated[int, Field(examples=[1])]
    """How many it takes in a class; 1 otherwise."""
    class_session_id: Annotated[UUID | None, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e73"])]
    """The session it shares with others, of a class."""
    expires_at: datetime | None
    """When a held or pending appointment gives its slot up."""
    cancelled_at: datetime | None
    cancelled_by: Literal["customer", "staff", "system"] | None
    cancel_reason: Annotated[str | None, Field(examples=["The customer is ill"])]
    rescheduled_from_id: UUID | None
    rescheduled_to_id: UUID | None
    ics_uid: Annotated[str, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77@smoothschedule"])]
    ics_sequence: Annotated[int, Field(examples=[0])]
    revision: Annotated[int, Field(examples=[1])]
    """Counts the changes; the `ETag` holds it."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: AppointmentRow, *, now: datetime) -> Self:
        """A stored appointment as it stands at that instant."""
        stored = {name: getattr(row, _COLUMNS.get(name, name)) for name in AppointmentData.model_fields}
        unexpanded = dict.fromkeys(cls.model_fields.keys() - stored.keys())
        return cls.model_validate(stored | unexpanded | {"status": status_at(row, now)})


_COLUMNS = {"start": "start_at", "end": "end_at"}


class AppointmentRead(AppointmentData):
    """An appointment, with what it is asked to be shown with."""

    customer: CustomerRead | None
    """Null unless `expand` names it."""
    service: ServiceRead | None
    """Null unless `expand` names it."""
    resources: list[ResourceRead] | None
    """Null unless `expand` names them; in the order of `resource_ids`."""


class AppointmentFilters(Changing, PageRequest):
    """Which appointments are wanted, and which page of them."""

    sort: Annotated[Literal["start", "-start", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = (
        "start"
    )
    ids: Ids = ()
    start: Instant | None = None
    """Only those that start at this instant or later."""
    end: Instant | None = None
    """Only those that start before this instant."""
    status: Annotated[tuple[Status, ...], Separated] = ()
    """Only those in one of these statuses: repeated, or separated by commas."""
    customer_id: UUID | None = None
    resource_id: UUID | None = None
    service_id: UUID | None = None
    class_session_id: UUID | None = None
    """Only those in this session of a class."""
