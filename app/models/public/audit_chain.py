from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class AuditChainRow(PublicBase):
    """Where one chain of audit entries ends: a tenant's (its id), or the platform's (the nil UUID)."""

    __tablename__ = "audit_chains"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]
    mac: Mapped[bytes]
