from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

NO_OVERLAP = "claims_no_overlap_excl"


class ClaimRow(TenantBase):
    """A resource's time, taken by an appointment or a class session (buffers inside), or by a block.

    It is freed by deleting the row. The exclusion constraint is what makes a double booking impossible; everything else
    is courtesy.
    """

    __tablename__ = "claims"
    __table_args__ = (
        ExcludeConstraint(("resource_id", "="), ("during", "&&"), using="gist", name=NO_OVERLAP),
        CheckConstraint("num_nonnulls(appointment_id, block_id, class_session_id) = 1", "holder"),
        CheckConstraint("NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)", "during"),
        Index(None, "appointment_id"),
        Index(None, "block_id"),
        Index(None, "class_session_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    block_id: Mapped[UUID | None] = mapped_column(ForeignKey("blocks.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime | None]
    class_session_id: Mapped[UUID | None] = mapped_column(ForeignKey("class_sessions.id", ondelete="CASCADE"))
