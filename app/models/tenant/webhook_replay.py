from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

WHICH = ("undelivered", "all")
STATUSES = ("running", "completed", "cancelled")


class WebhookReplayRow(TenantBase):
    """Events of a span of time that are to be sent to an endpoint once more, and how far that has come.

    It goes through the events in the order of their `sequence`; those up to `after_sequence` are done.
    """

    __tablename__ = "webhook_replays"
    __table_args__ = (
        CheckConstraint(f"which IN {WHICH}", "which"),
        CheckConstraint(f"status IN {STATUSES}", "status"),
        Index(None, "endpoint_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    which: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    event_types: Mapped[list[str]]
    status: Mapped[str]
    total: Mapped[int]
    done: Mapped[int]
    after_sequence: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
