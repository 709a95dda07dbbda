from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class CannedReplyRow(TenantBase):
    """What the desk says again and again, with variables for what differs."""

    __tablename__ = "canned_replies"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    category: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


Index("canned_replies_title_id_idx", func.lower(CannedReplyRow.title), CannedReplyRow.id)
