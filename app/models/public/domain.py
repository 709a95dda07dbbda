from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase

KINDS = ("subdomain", "custom")


class DomainRow(PublicBase):
    """A name under which a business is found: the label of a subdomain (no dot), or a whole custom host name."""

    __tablename__ = "domains"
    __table_args__ = (
        UniqueConstraint("hostname"),
        CheckConstraint(f"kind IN {KINDS}", "kind"),
        CheckConstraint("(kind = 'subdomain') = (strpos(hostname, '.') = 0)", "hostname"),
        Index(None, "tenant_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hostname: Mapped[str]
    kind: Mapped[str]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
