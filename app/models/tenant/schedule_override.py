from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class ScheduleOverrideRow(TenantBase):
    """What replaces the weekly hours on one local date: `[{"start": "09:00", "end": "17:00"}]`, empty for closed."""

    __tablename__ = "schedule_overrides"

    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True)
    local_date: Mapped[date] = mapped_column(primary_key=True)
    windows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
