from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class ServiceRequirementRow(TenantBase):
    """One resource that can meet one of a service's requirements: the rows of a position are its pool."""

    __tablename__ = "service_requirements"
    __table_args__ = (Index(None, "resource_id"),)

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"), primary_key=True)
    priority: Mapped[int]
