"""Tiers as they travel."""

from typing import Annotated

from pydantic import Field

from app.core.schemas import RequestModel, ResponseModel

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
AtLeastOne = Annotated[int, Field(ge=1, le=1_000_000_000)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class TierRead(ResponseModel):
    """What a subscription covers. Null is no limit."""

    name: str
    max_staff: int | None
    bookings_per_month: int | None
    api_requests_per_minute: int
    max_domains: int | None
    retention_days: int


class TierUpdate(RequestModel):
    max_staff: AtLeastOne | None = None
    """Members of staff, owners included. Null for no limit."""
    bookings_per_month: Count | None = None
    """Live bookings made in a calendar month. Null for no limit."""
    api_requests_per_minute: AtLeastOne | None = None
    max_domains: Count | None = None
    """Domains of the business's own. Null for no limit."""
    retention_days: Days | None = None
