from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

STATUSES = ("pending", "verified", "active", "failed", "suspended", "released")


class CustomDomainRow(PublicBase):
    """A host name of a business's own, from being named until it is let go, and for a while after that.

    A host that is active has a row among the domains as well, which is what requests are led by. `token` is what its
    TXT record has to hold; `failures` counts the checks in a row that found something missing.
    """

    __tablename__ = "custom_domains"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", "status"),
        Index(
            "custom_domains_open_key",
            "tenant_id",
            "hostname",
            unique=True,
            postgresql_where=text("status <> 'released'"),
        ),
        Index("custom_domains_primary_key", "tenant_id", unique=True, postgresql_where=text("is_primary")),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "hostname"),
        Index("custom_domains_due_idx", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    hostname: Mapped[str]
    status: Mapped[str]
    token: Mapped[str]
    is_primary: Mapped[bool]
    problem: Mapped[str | None]
    failures: Mapped[int]
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
