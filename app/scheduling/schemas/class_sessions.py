"""Sessions of classes as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import Instant, ResponseModel

ClassSessionStatus = Literal["open", "closed"]


class ClassSessionRead(ResponseModel):
    id: UUID
    service_id: Annotated[UUID, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e72"])]
    resource_ids: list[UUID]
    """One for each of the service's requirements, in their order."""
    start: datetime = Field(validation_alias="start_at")
    end: datetime = Field(validation_alias="end_at", examples=["2026-12-01T10:00:00Z"])
    seats: Annotated[int, Field(examples=[12])]
    seats_taken: Annotated[int, Field(examples=[7])]
    """Those on hold or waiting for approval too."""
    status: ClassSessionStatus
    """`closed` once nobody is in it any more: its resources are free then."""
    created_at: datetime
    updated_at: datetime


class ClassSessionFilters(Changing, PageRequest):
    """Which sessions are wanted, and which page of them."""

    sort: Annotated[Literal["start", "-start", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = (
        "start"
    )
    ids: Ids = ()
    start: Instant | None = None
    """Only those that start at this instant or later."""
    end: Instant | None = None
    """Only those that start before this instant."""
    status: ClassSessionStatus | None = None
    service_id: UUID | None = None
    resource_id: UUID | None = None
