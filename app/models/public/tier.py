from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class TierRow(PublicBase):
    """What a subscription covers. A null is no limit."""

    __tablename__ = "tiers"

    name: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int]
    max_staff: Mapped[int | None]
    bookings_per_month: Mapped[int | None]
    api_requests_per_minute: Mapped[int]
    max_domains: Mapped[int | None]
    retention_days: Mapped[int]
    updated_at: Mapped[datetime]
    storage_megabytes: Mapped[int | None]
