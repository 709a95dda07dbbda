"""Blocks as they travel."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import Instant, RequestModel, ResponseModel, SearchText
from app.scheduling.ranges import check_span

MAX_LENGTH = timedelta(days=366)


class BlockCreate(RequestModel):
    start: Instant
    end: Annotated[Instant, Field(examples=["2026-12-01T17:00:00Z"])]
    """Exclusive: a booking may begin at this very instant. At most 366 days after the start."""
    reason: Annotated[str, StringConstraints(max_length=200), Field(examples=["Holiday"])] = ""

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: datetime, info: ValidationInfo) -> datetime:
        check_span(info.data.get("start"), end, MAX_LENGTH)
        return end


class BlockRead(ResponseModel):
    id: UUID
    resource_id: UUID
    start: datetime = Field(validation_alias="start_at")
    end: datetime = Field(validation_alias="end_at", examples=["2026-12-01T17:00:00Z"])
    reason: Annotated[str, Field(examples=["Holiday"])]
    created_at: datetime


class BlockFilters(PageRequest):
    """Which blocks of a resource are wanted, and which page of them."""

    sort: Annotated[Literal["start", "-start", "created_at", "-created_at"], ORDER] = "start"
    ids: Ids = ()
    start: Instant | None = None
    """Only those that end after this instant."""
    end: Instant | None = None
    """Only those that start before this instant."""
    q: SearchText | None = None
    """Part of the reason."""
