from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class IdempotencyKeyRow(TenantBase):
    """An `Idempotency-Key` whose request was answered: written by the transaction that did what it asked for.

    `owner_id` is the token or the user that sent it. The answer is sealed, because there may be secrets in it.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    sealed: Mapped[str]
    created_at: Mapped[datetime]
