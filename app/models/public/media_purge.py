from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class MediaPurgeRow(PublicBase):
    """Files to be removed from the store: those of a business in a mode that no row knows any longer.

    The business may be gone, so its id is a bare one. It is done when nothing can be uploaded there any longer.
    """

    __tablename__ = "media_purges"
    __table_args__ = (
        CheckConstraint("mode IN ('live', 'sandbox')", "mode"),
        Index(None, "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    mode: Mapped[str]
    due_at: Mapped[datetime]
    ends_at: Mapped[datetime]
