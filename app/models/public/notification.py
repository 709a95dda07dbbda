from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text, true
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class NotificationRow(PublicBase):
    """Something a user should know; a burst of the same is one, which counts. Mailed when its time comes, if unread."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "user_id", "id"),
        Index("notifications_unread_idx", "user_id", postgresql_where=text("read_at IS NULL")),
        Index("notifications_mail_idx", "mail_at", postgresql_where=text("mail_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    is_sandbox: Mapped[bool]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    group_key: Mapped[str | None]
    count: Mapped[int] = mapped_column(server_default="1")
    is_in_app: Mapped[bool] = mapped_column(server_default=true())
    mail_at: Mapped[datetime | None]
