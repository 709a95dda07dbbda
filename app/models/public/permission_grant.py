from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class PermissionGrantRow(PublicBase):
    """A permission lent by one user to another, for a day at most."""

    __tablename__ = "permission_grants"
    __table_args__ = (
        CheckConstraint("expires_at > created_at AND expires_at <= created_at + interval '24 hours'", "term"),
        Index(None, "grantee_id", "expires_at"),
        Index(None, "tenant_id"),
        Index(None, "grantor_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    grantor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    grantee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    permission: Mapped[str]
    reason: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
