from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class RecoveryCodeRow(PublicBase):
    """A way in for whoever has lost the authenticator app. Its row is deleted as it is used."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index(None, "user_id"),)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
