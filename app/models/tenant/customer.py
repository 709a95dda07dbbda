from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class CustomerRow(TenantBase):
    """The business's record of a person. `user_id` is their log-in, if they have one."""

    __tablename__ = "customers"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    notes: Mapped[str]
    user_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


Index("customers_email_idx", func.lower(CustomerRow.email))
Index("customers_name_idx", func.lower(CustomerRow.name), CustomerRow.id)
