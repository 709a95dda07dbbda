"""Tiers as they travel."""

from typing import Annotated

from pydantic import Field

from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import ResponseModel

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
    storage_megabytes: int | None


class TierUpdate(PatchModel):
    max_staff: Clearable[AtLeastOne] = None
    """Members of staff, owners included. Null for no limit."""
    bookings_per_month: Clearable[Count] = None
    """Live bookings made in a calendar month. Null for no limit."""
    api_requests_per_minute: Settable[AtLeastOne] = None
    max_domains: Clearable[Count] = None
    """Domains of the business's own. Null for no limit."""
    retention_days: Settable[Days] = None
    storage_megabytes: Clearable[Count] = None
    """How many megabytes (of a million bytes) the files may come to, in each mode for itself. Null for no limit."""
