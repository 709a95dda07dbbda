from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class UserPreferencesRow(PublicBase):
    """What a user has set for themselves, as one small document."""

    __tablename__ = "user_preferences"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]]
    revision: Mapped[int]
    updated_at: Mapped[datetime]
