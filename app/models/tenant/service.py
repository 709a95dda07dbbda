from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

ALIGNMENTS = ("window", "clock")


class ServiceRow(TenantBase):
    """Something the business offers. Durations and buffers are whole minutes, the price is in minor units."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("duration_minutes BETWEEN 1 AND 1440", "duration"),
        CheckConstraint("slot_step_minutes BETWEEN 1 AND 1440", "slot_step"),
        CheckConstraint("buffer_before_minutes BETWEEN 0 AND 1440", "buffer_before"),
        CheckConstraint("buffer_after_minutes BETWEEN 0 AND 1440", "buffer_after"),
        CheckConstraint("capacity BETWEEN 1 AND 1000", "capacity"),
        CheckConstraint("price_minor >= 0", "price"),
        CheckConstraint(f"alignment IN {ALIGNMENTS}", "alignment"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    duration_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int]
    buffer_after_minutes: Mapped[int]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    slot_step_minutes: Mapped[int]
    alignment: Mapped[str]
    minimum_notice_minutes: Mapped[int]
    booking_window_days: Mapped[int | None]
    requires_approval: Mapped[bool]
    approval_ttl_minutes: Mapped[int]
    hold_ttl_minutes: Mapped[int]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    capacity: Mapped[int] = mapped_column(server_default="1")
    offer_ttl_minutes: Mapped[int] = mapped_column(server_default="60")
