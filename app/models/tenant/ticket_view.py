from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class TicketViewRow(TenantBase):
    """A choice of tickets that somebody looks at again and again; shared, it is everybody's."""

    __tablename__ = "ticket_views"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    criteria: Mapped[dict[str, Any]]
    is_shared: Mapped[bool]
    owner_id: Mapped[UUID]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


Index("ticket_views_name_id_idx", func.lower(TicketViewRow.name), TicketViewRow.id)
