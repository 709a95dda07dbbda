from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

STATUSES = (
    "held",
    "pending",
    "confirmed",
    "checked_in",
    "completed",
    "no_show",
    "cancelled",
    "declined",
    "expired",
)


class AppointmentRow(TenantBase):
    """A customer's booking, with its price as it was when booked; perhaps seats of a class.

    `revision` counts its changes.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", "status"),
        CheckConstraint("start_at < end_at", "order"),
        CheckConstraint("seats >= 1", "seats"),
        CheckConstraint("cancelled_by IN ('customer', 'staff', 'system')", "cancelled_by"),
        Index(None, "start_at", "id"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "customer_id", "start_at"),
        Index("appointments_resource_ids_idx", "resource_ids", postgresql_using="gin"),
        Index(None, "service_id"),
        Index(None, "class_session_id"),
        Index(
            "appointments_expires_at_idx",
            "expires_at",
            postgresql_where=text("status IN ('held', 'pending')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    resource_ids: Mapped[list[UUID]]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    timezone: Mapped[str]
    status: Mapped[str]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    notes: Mapped[str]
    source: Mapped[str]
    expires_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    rescheduled_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    rescheduled_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    ics_uid: Mapped[str]
    ics_sequence: Mapped[int]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    seats: Mapped[int] = mapped_column(server_default="1")
    class_session_id: Mapped[UUID | None] = mapped_column(ForeignKey("class_sessions.id"))
