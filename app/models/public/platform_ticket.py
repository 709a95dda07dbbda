from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

STATUSES = ("open", "in_progress", "waiting", "resolved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TOPICS = ("account", "bookings", "domains", "integrations", "billing", "other")
CATEGORIES = (*TOPICS, "fault", "wish")
IMPACTS = ("question", "hindered", "stopped")


class PlatformTicketRow(PublicBase):
    """Something that a business wants of the platform. It goes with its business.

    The business knows it by number and subject, and by what both sides have said: `last_message_at` is when that was
    last. Everything from `status` on is for the platform's own people, and so are `revision` and `updated_at`, which
    tell of their changes too.
    """

    __tablename__ = "platform_tickets"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("number BETWEEN 10000000 AND 99999999", "number"),
        CheckConstraint(f"status IN {STATUSES}", "status"),
        CheckConstraint(f"priority IN {PRIORITIES}", "priority"),
        CheckConstraint(f"category IN {CATEGORIES}", "category"),
        CheckConstraint(f"impact IN {IMPACTS}", "impact"),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "assignee_id"),
        Index(None, "opener_id"),
        Index("platform_tickets_unsettled_idx", "status", postgresql_where=text("status <> 'closed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str]
    opener_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    status: Mapped[str]
    priority: Mapped[str]
    category: Mapped[str]
    impact: Mapped[str]
    phone: Mapped[str | None]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    first_replied_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    revision: Mapped[int]
    updated_at: Mapped[datetime]
