from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

PLATFORM_ROLES = ("SUPERUSER", "PLATFORM_MANAGER", "PLATFORM_SALES", "PLATFORM_SUPPORT")
TENANT_ROLES = ("TENANT_OWNER", "TENANT_MANAGER", "TENANT_STAFF", "CUSTOMER")


class UserRow(PublicBase):
    """Somebody who can log in: at the platform (no tenant) or at one business. Small and cold: no counters here."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(f"role IN {PLATFORM_ROLES + TENANT_ROLES}", "role"),
        CheckConstraint(f"(tenant_id IS NULL) = (role IN {PLATFORM_ROLES})", "tenant"),
        CheckConstraint("email = lower(email)", "email"),
        Index(None, "created_at", "id"),
        Index(
            "users_tenant_email_key",
            "tenant_id",
            "email",
            "is_sandbox",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    is_active: Mapped[bool]
    is_sandbox: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    areas: Mapped[list[str]] = mapped_column(server_default="{appointments,customers}")
    email_verified_at: Mapped[datetime | None]
    avatar_id: Mapped[UUID | None]
