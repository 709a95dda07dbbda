from datetime import time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class ScheduleRuleRow(TenantBase):
    """Weekly opening hours in the resource's zone. An end at or before the start runs into the next day."""

    __tablename__ = "schedule_rules"
    __table_args__ = (CheckConstraint("weekday BETWEEN 1 AND 7", "weekday"),)

    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    starts_at_local: Mapped[time] = mapped_column(primary_key=True)
    ends_at_local: Mapped[time]
