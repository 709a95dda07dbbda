"""Free slots as they travel."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import ResponseModel


class SlotRead(ResponseModel):
    start: datetime
    end: datetime
    """Exclusive: the next appointment may begin at this very instant."""
    resource_ids: list[UUID]
    """Everybody and everything that is free and could serve."""
    remaining: int
    """How many bookings of the service this start can still take; of a class, how many seats there are."""


class AvailabilityRead(ResponseModel):
    slots: list[SlotRead]
