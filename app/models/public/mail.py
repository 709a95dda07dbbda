from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

STATUSES = ("pending", "sent", "failed", "withheld")


class MailRow(PublicBase):
    """A mail to be sent, written with the change that it tells of. What it says is sealed, and erased once sent."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", "status"),
        Index("mails_due_idx", "due_at", postgresql_where=text("status = 'pending'")),
        Index(None, "tenant_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    kind: Mapped[str]
    recipient: Mapped[str]
    sealed: Mapped[str | None]
    status: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
