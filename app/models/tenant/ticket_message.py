from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text, true
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

WORDS = "'simple'::regconfig"
"""How the words of a message are told apart: as in any language."""


class TicketMessageRow(TenantBase):
    """What was said about a ticket: a reply that both sides read, or a note among the staff.

    Who writes by mail need not be known to us: then there is no author's id, and the name is an address.
    """

    __tablename__ = "ticket_messages"
    __table_args__ = (
        CheckConstraint("kind IN ('reply', 'note')", "kind"),
        CheckConstraint("author IN ('customer', 'staff')", "author"),
        CheckConstraint("kind = 'reply' OR author = 'staff'", "note"),
        CheckConstraint("via IN ('api', 'email')", "via"),
        Index(None, "ticket_id", "created_at", "id"),
        Index("ticket_messages_words_idx", text(f"to_tsvector({WORDS}, body)"), postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    kind: Mapped[str]
    author: Mapped[str]
    author_id: Mapped[UUID | None]
    author_name: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    via: Mapped[str] = mapped_column(server_default="api")
    is_verified: Mapped[bool] = mapped_column(server_default=true())
