from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

STATUSES = ("active", "suspended")
TIERS = ("FREE", "STARTER", "PROFESSIONAL", "ENTERPRISE")


class TenantRow(PublicBase):
    """A business. `schema_name` is set once and follows no rename."""

    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("slug"),
        UniqueConstraint("schema_name"),
        CheckConstraint(f"status IN {STATUSES}", "status"),
        CheckConstraint(f"subscription_tier IN {TIERS}", "tier"),
        CheckConstraint("first_weekday BETWEEN 1 AND 7", "first_weekday"),
        CheckConstraint("history_days > 0", "history_days"),
        CheckConstraint("schema_name ~ '^tenant_[a-z0-9_]{1,48}$'", "schema_name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    schema_name: Mapped[str]
    status: Mapped[str]
    subscription_tier: Mapped[str]
    is_temporary: Mapped[bool]
    timezone: Mapped[str]
    currency: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    demo_expires_at: Mapped[datetime | None]
    self_sign_up: Mapped[bool] = mapped_column(server_default=false())
    locale: Mapped[str] = mapped_column(server_default="en")
    first_weekday: Mapped[int] = mapped_column(server_default="1")
    brand_color: Mapped[str | None]
    cors_origins: Mapped[list[str]] = mapped_column(server_default="{}")
    history_days: Mapped[int | None]
    logo_id: Mapped[UUID | None]
