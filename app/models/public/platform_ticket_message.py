from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class PlatformTicketMessageRow(PublicBase):
    """What was said about a platform ticket: a reply that both sides read, or a note among the platform's people."""

    __tablename__ = "platform_ticket_messages"
    __table_args__ = (
        CheckConstraint("kind IN ('reply', 'note')", "kind"),
        CheckConstraint("author IN ('business', 'platform')", "author"),
        CheckConstraint("kind = 'reply' OR author = 'platform'", "note"),
        Index(None, "ticket_id", "created_at", "id"),
        Index(None, "author_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("platform_tickets.id", ondelete="CASCADE"))
    kind: Mapped[str]
    author: Mapped[str]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_name: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
