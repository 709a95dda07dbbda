from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class WebhookAttemptRow(TenantBase):
    """One sending of a delivery, with what was asked and answered. The body that was sent is the event's.

    `request_headers` leaves out the values of the endpoint's own headers: they may be secrets.
    """

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index(None, "delivery_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    request_headers: Mapped[dict[str, Any]]
    response_status: Mapped[int | None]
    response_headers: Mapped[dict[str, Any]]
    response_excerpt: Mapped[str]
    error: Mapped[str | None]
