from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import PublicBase


class UserSessionRow(PublicBase):
    """One log-in on one device. Its refresh tokens are numbered; only the latest, and briefly the one before, count.

    With an actor it is a masquerade: the actor uses it, for the reason given, in the place of the user.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (
        CheckConstraint(
            "(actor_id IS NULL) = (actor_session_id IS NULL) AND (actor_id IS NULL) = (reason IS NULL)", "masquerade"
        ),
        Index(None, "user_id"),
        Index(None, "actor_session_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    generation: Mapped[int]
    rotated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[datetime]
    methods: Mapped[list[str]] = mapped_column(server_default="{pwd}")
    place: Mapped[str | None]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    actor_session_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"))
    reason: Mapped[str | None]
