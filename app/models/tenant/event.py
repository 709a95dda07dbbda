from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class EventRow(TenantBase):
    """Something that happened, written with the change itself. `payload` is the very text that gets signed and sent."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "occurred_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    occurred_at: Mapped[datetime]
    payload: Mapped[str]
