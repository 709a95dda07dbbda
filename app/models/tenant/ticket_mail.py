from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class TicketMailRow(TenantBase):
    """A mail that became part of a ticket: which one it was, whom it says it is from, and what speaks for that.

    `whole` is what it said, where the message is less.
    """

    __tablename__ = "ticket_mails"
    __table_args__ = (
        CheckConstraint("length(message_id) BETWEEN 1 AND 998", "message_id"),
        UniqueConstraint("ticket_id", "message_id", "sender"),
        Index(None, "sender", "received_at"),
        Index(None, "ticket_message_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    ticket_message_id: Mapped[UUID] = mapped_column(ForeignKey("ticket_messages.id", ondelete="CASCADE"))
    message_id: Mapped[str]
    sender: Mapped[str]
    spf: Mapped[str]
    dkim: Mapped[str]
    is_aligned: Mapped[bool]
    received_at: Mapped[datetime]
    whole: Mapped[str | None]
