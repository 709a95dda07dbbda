from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class TenantSchemaRow(PublicBase):
    """One schema of a tenant and the revision it is at, so that one query finds those a migration has to visit."""

    __tablename__ = "tenant_schemas"
    __table_args__ = (
        CheckConstraint("mode IN ('live', 'sandbox')", "mode"),
        Index(None, "tenant_id"),
        Index(None, "revision"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    mode: Mapped[str]
    revision: Mapped[str]
