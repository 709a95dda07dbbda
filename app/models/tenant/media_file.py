from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase

PURPOSES = ("attachment", "logo", "avatar")
STATUSES = ("pending", "ready", "refused", "deleted")
HOLDERS = ("ticket_message", "business", "user")


class MediaFileRow(TenantBase):
    """A file that somebody uploads, and what became of it. What it consists of lies in the store, under `key`.

    `attached_to` is a bare id of whatever it belongs to, which `attached_kind` names. `clean_at` says when it is
    looked at next by whoever cleans up; what is attached stays.
    """

    __tablename__ = "media_files"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", "purpose"),
        CheckConstraint(f"status IN {STATUSES}", "status"),
        CheckConstraint(f"attached_kind IN {HOLDERS}", "attached_kind"),
        CheckConstraint("(attached_to IS NULL) = (attached_kind IS NULL)", "attached"),
        CheckConstraint("status <> 'ready' OR (key IS NOT NULL AND completed_at IS NOT NULL)", "ready"),
        CheckConstraint("size > 0", "size"),
        Index("media_files_attached_to_idx", "attached_to", postgresql_where=text("attached_to IS NOT NULL")),
        Index("media_files_clean_at_idx", "clean_at", postgresql_where=text("clean_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    status: Mapped[str]
    file_name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    uploader_id: Mapped[UUID]
    key: Mapped[str | None]
    thumbnail_key: Mapped[str | None]
    sha256: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    refusal: Mapped[str | None]
    attached_kind: Mapped[str | None]
    attached_to: Mapped[UUID | None]
    clean_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
