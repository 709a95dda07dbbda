from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

STATUSES = ("waiting", "offered", "accepted", "expired", "left")


class WaitlistEntryRow(TenantBase):
    """A customer who waits for a place in a service, at a start between two instants.

    The appointment is the hold that was offered, until `expires_at`, and what came of it.
    """

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", "status"),
        CheckConstraint("start_at < end_at", "order"),
        CheckConstraint("seats >= 1", "seats"),
        Index(None, "created_at", "id"),
        Index(None, "customer_id"),
        Index(None, "appointment_id"),
        Index(
            "waitlist_entries_waiting_idx",
            "service_id",
            "created_at",
            "id",
            postgresql_where=text("status = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    resource_ids: Mapped[list[UUID]]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    timezone: Mapped[str]
    seats: Mapped[int]
    notes: Mapped[str]
    status: Mapped[str]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
