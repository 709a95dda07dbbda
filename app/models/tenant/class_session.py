from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class ClassSessionRow(TenantBase):
    """One start of a service that several customers share. It claims its resources once, for all of them.

    `seats_taken` counts the appointments in it, those on hold too. A session without any is closed.
    """

    __tablename__ = "class_sessions"
    __table_args__ = (
        CheckConstraint("seats_taken BETWEEN 0 AND seats", "seats"),
        CheckConstraint("status IN ('open', 'closed')", "status"),
        CheckConstraint("start_at < end_at", "order"),
        Index(None, "start_at", "id"),
        Index(None, "service_id", "start_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"))
    resource_ids: Mapped[list[UUID]]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    seats: Mapped[int]
    seats_taken: Mapped[int]
    status: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
