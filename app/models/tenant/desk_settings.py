from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class DeskSettingsRow(TenantBase):
    """How the business's desk works: its hours, what it promises, when it is done with a ticket. One row at most."""

    __tablename__ = "desk_settings"
    __table_args__ = (
        CheckConstraint("id = 1", "id"),
        CheckConstraint("auto_close_days BETWEEN 1 AND 365", "auto_close_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hours: Mapped[list[dict[str, Any]]]
    closed_on: Mapped[list[date]]
    targets: Mapped[dict[str, Any]]
    auto_close_days: Mapped[int | None]
    revision: Mapped[int]
    updated_at: Mapped[datetime]
