from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

RUNNING = "webhook_replays_running_idx"


class WebhookReplayRow(TenantBase):
    """Events of a stretch of time that are sent to an endpoint once more: one such at a time.

    Of those up to `last_sequence` that are meant there are so many `matching`; those up to `position` have been looked
    at, which were so many `passed`.
    """

    __tablename__ = "webhook_replays"
    __table_args__ = (
        CheckConstraint("wanted IN ('undelivered', 'all')", "wanted"),
        CheckConstraint("status IN ('running', 'completed', 'cancelled')", "status"),
        Index(None, "endpoint_id", "created_at", "id"),
        Index(RUNNING, "endpoint_id", unique=True, postgresql_where=text("status = 'running'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    events: Mapped[list[str]]
    since: Mapped[datetime]
    until: Mapped[datetime]
    wanted: Mapped[str]
    status: Mapped[str]
    position: Mapped[int] = mapped_column(BigInteger)
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    matching: Mapped[int]
    passed: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
