from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class ThrottleRow(PublicBase):
    """How often an attempt has failed of late: at one account, or from one address. The key is a digest."""

    __tablename__ = "throttles"
    __table_args__ = (Index(None, "last_failed_at"),)

    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_failed_at: Mapped[datetime]
    blocked_until: Mapped[datetime]
