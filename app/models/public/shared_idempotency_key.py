from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class SharedIdempotencyKeyRow(PublicBase):
    """An `Idempotency-Key` whose request changed shared tables. Without a tenant it was sent to the platform."""

    __tablename__ = "shared_idempotency_keys"
    __table_args__ = (Index(None, "created_at"), Index(None, "tenant_id"))

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    is_sandbox: Mapped[bool] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    sealed: Mapped[str]
    created_at: Mapped[datetime]
