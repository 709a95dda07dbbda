from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

KINDS = ("staff", "room", "equipment")


class ResourceRow(TenantBase):
    """Someone or something that a booking occupies. Its row is the lock of everything that claims its time."""

    __tablename__ = "resources"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    timezone: Mapped[str]
    user_id: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
