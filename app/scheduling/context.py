"""What every change of an appointment wants to know about its occasion."""

from dataclasses import dataclass
from datetime import datetime

from app.subscriptions.limits import BookingQuota
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant


@dataclass(frozen=True, slots=True)
class SchedulingContext:
    """In which business and mode, from where, and when something is done.

    `now` is the instant that scheduling rules go by, which the sandbox lets callers choose; `recorded_at` is the real
    one, for what is stored about the change and for the events. Without a quota nothing bounds the number of bookings.
    """

    tenant: Tenant
    mode: Mode
    source: str
    now: datetime
    recorded_at: datetime
    quota: BookingQuota | None = None
