from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class BlockRow(TenantBase):
    """Time in which a resource takes no bookings: time off, a meeting, maintenance."""

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("start_at < end_at", "order"),
        Index(None, "resource_id", "start_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    reason: Mapped[str]
    created_at: Mapped[datetime]
