"""Entries of the waitlist as they travel."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest, Separated
from app.core.schemas import Instant, RequestModel, ResponseModel, Text, TimeZoneName
from app.models.tenant import WaitlistEntryRow
from app.scheduling.ranges import check_span
from app.scheduling.schemas.appointments import Seats

MAX_LENGTH = timedelta(days=62)


class EntryStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    LEFT = "left"


class WaitlistEntryCreate(RequestModel):
    customer_id: UUID
    service_id: UUID
    start: Instant
    """The first start that would suit."""
    end: Annotated[Instant, Field(examples=["2026-12-08T09:00:00Z"])]
    """Starts before this instant would suit, at most 62 days later."""
    resource_ids: list[UUID] = Field([], max_length=200)
    """Who may serve, as for an appointment. Anybody, if left out."""
    seats: Seats = 1
    """Of a class: how many of its seats."""
    timezone: TimeZoneName | None = None
    """The zone that the customer thinks in; the business's own, if left out."""
    notes: Text = ""
    """For the appointment that comes of it."""

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: datetime, info: ValidationInfo) -> datetime:
        check_span(info.data.get("start"), end, MAX_LENGTH)
        return end


class WaitlistEntryRead(ResponseModel):
    id: UUID
    status: EntryStatus
    customer_id: Annotated[UUID, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e71"])]
    service_id: Annotated[UUID, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e72"])]
    start: datetime
    end: Annotated[datetime, Field(examples=["2026-12-08T09:00:00Z"])]
    resource_ids: list[UUID]
    seats: Annotated[int, Field(examples=[1])]
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    notes: Annotated[str, Field(examples=["By the window, please."])]
    appointment_id: Annotated[UUID | None, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"])]
    """The hold that was offered, and the appointment that has come of it."""
    expires_at: datetime | None
    """Until when what is offered can be accepted."""
    created_at: datetime
    """When the customer joined: who came first is first in line."""
    updated_at: datetime

    @classmethod
    def of(cls, row: WaitlistEntryRow, *, now: datetime) -> Self:
        """A stored entry as it stands at that instant."""
        stored = {name: getattr(row, _COLUMNS.get(name, name)) for name in cls.model_fields}
        return cls.model_validate(stored | {"status": status_at(row, now)})


_COLUMNS = {"start": "start_at", "end": "end_at"}


def status_at(row: WaitlistEntryRow, now: datetime) -> EntryStatus:
    """The status at that instant: whether or not the sweep has come by, what is past its time has expired."""
    status = EntryStatus(row.status)
    ends_at = row.expires_at if status is EntryStatus.OFFERED else row.end_at
    is_open = status in {EntryStatus.WAITING, EntryStatus.OFFERED}
    return EntryStatus.EXPIRED if is_open and ends_at is not None and ends_at <= now else status


class WaitlistFilters(Changing, PageRequest):
    """Which entries are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = "created_at"
    ids: Ids = ()
    status: Annotated[tuple[EntryStatus, ...], Separated] = ()
    """Only those in one of these statuses: repeated, or separated by commas."""
    service_id: UUID | None = None
    customer_id: UUID | None = None
    appointment_id: UUID | None = None
    """Only the one that this appointment has come of."""
