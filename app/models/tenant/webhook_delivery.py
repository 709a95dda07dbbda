from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

STATUSES = ("pending", "succeeded", "failed")


class WebhookDeliveryRow(TenantBase):
    """One event on its way to one endpoint, and what came of the latest attempt.

    `schedule_began_after` so many attempts: a delivery that is sent once more is retried as often as a new one. The
    replay that it was sent again by last is named.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", "status"),
        Index(
            "webhook_deliveries_due_idx",
            "endpoint_id",
            "next_attempt_at",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(None, "endpoint_id", "created_at", "id"),
        Index("webhook_deliveries_replayed_idx", "replay_id", "status", postgresql_where=text("replay_id IS NOT NULL")),
        UniqueConstraint("event_id", "endpoint_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    status: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    response_status: Mapped[int | None]
    response_excerpt: Mapped[str | None]
    error: Mapped[str | None]
    duration_ms: Mapped[int | None]
    created_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    schedule_began_after: Mapped[int] = mapped_column(server_default="0")
    replay_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhook_replays.id", ondelete="SET NULL"))
