from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class OneTimeCodeRow(PublicBase):
    """Something that may be done once by whoever holds the code: its digest is all that is kept of it."""

    __tablename__ = "one_time_codes"
    __table_args__ = (Index(None, "user_id"), Index(None, "expires_at"))

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
