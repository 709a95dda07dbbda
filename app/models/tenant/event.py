from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class EventRow(TenantBase):
    """Something that happened, written with the change itself. `payload` is what is told of it.

    `sequence` numbers the events of a schema. It is drawn while the changed row is locked, so of two events about the
    same subject the later change has the higher number. `actor_id` and `op_id` say who brought it about, and what they
    call the operation: that is for those who watch, and not told to webhooks.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "occurred_at", "id"),
        Index(None, "sequence", unique=True),
        Index(None, "subject_id", "sequence"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    occurred_at: Mapped[datetime]
    payload: Mapped[str]
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    subject_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    op_id: Mapped[str | None]
