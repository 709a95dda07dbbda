from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

STATUSES = ("open", "in_progress", "waiting", "resolved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")


class TicketRow(TenantBase):
    """Something that a customer wants of the business, or the staff of each other. `revision` counts its changes.

    Users are bare ids: whoever opened it, who looks after it, and who follows it. The clock of the desk's hours counts
    how long it has taken: `clock_spent_seconds`, and what has passed since `clock_started_at` if it is not stopped.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", "status"),
        CheckConstraint(f"priority IN {PRIORITIES}", "priority"),
        CheckConstraint("opened_by IN ('customer', 'staff')", "opened_by"),
        Index(None, "number", unique=True),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "customer_id"),
        Index(None, "appointment_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", "rating"),
        CheckConstraint("merged_into_id <> id", "merged_into_id"),
        Index(None, "merged_into_id"),
        Index("tickets_unsettled_idx", "status", postgresql_where=text("status <> 'closed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    subject: Mapped[str]
    status: Mapped[str]
    priority: Mapped[str]
    category: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    opened_by: Mapped[str]
    opener_id: Mapped[UUID | None]
    assignee_id: Mapped[UUID | None]
    follower_ids: Mapped[list[UUID]]
    first_responded_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    first_response_due_at: Mapped[datetime | None]
    resolution_due_at: Mapped[datetime | None]
    clock_started_at: Mapped[datetime | None]
    overdue_told_at: Mapped[datetime | None]
    rated_at: Mapped[datetime | None]
    clock_spent_seconds: Mapped[int] = mapped_column(server_default="0")
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("tickets.id"))
    rating: Mapped[int | None]
    rating_comment: Mapped[str | None]
