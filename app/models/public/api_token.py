from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class ApiTokenRow(PublicBase):
    """A key to one business's API. The database cannot hold a live token's plaintext."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint("is_sandbox = (plaintext IS NOT NULL)", "plaintext"),
        Index(None, "tenant_id"),
        Index(None, "rolled_from_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    hint: Mapped[str]
    digest: Mapped[bytes]
    plaintext: Mapped[str | None]
    is_sandbox: Mapped[bool]
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    allowed_networks: Mapped[list[str]] = mapped_column(server_default="{}")
    api_version: Mapped[str] = mapped_column(server_default="2026-11-01")
    last_used_at: Mapped[datetime | None]
    rolled_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_tokens.id", ondelete="SET NULL"))
