from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

RESULTS = ("success", "denied", "failed")


class AuditEntryRow(PublicBase):
    """One link of an audit chain. A trigger refuses to change or delete it; it outlives its tenant and users."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", "result"),
        Index(None, "chain_id", "event", "seq"),
        Index(None, "chain_id", "actor_id", "seq"),
        Index(None, "chain_id", "at"),
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str]
    result: Mapped[str]
    reason: Mapped[str | None]
    request_id: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    tenant_id: Mapped[UUID | None]
    mode: Mapped[str | None]
    method: Mapped[str | None]
    route: Mapped[str | None]
    status: Mapped[int | None]
    object_type: Mapped[str | None]
    object_id: Mapped[str | None]
    diff: Mapped[dict[str, Any]]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
