from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class InvitationRow(PublicBase):
    """A place at the platform (no tenant) or at a business that is kept for somebody who has not come yet."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index(
            "invitations_open_key",
            "tenant_id",
            "email",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    areas: Mapped[list[str]]
    customer_id: Mapped[UUID | None]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[bytes]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
