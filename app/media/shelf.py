"""Where a business's files lie in a mode, and the addresses that lead there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.integrations.storage import Served, Storage, Term, Upload
from app.media.inspecting import Inspector
from app.media.kinds import MediaType
from app.media.names import with_suffix
from app.media.schemas import LinkRead, MediaFileRead, UploadRead
from app.models.tenant import MediaFileRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import TenantSchema

UPLOAD_LIFETIME = timedelta(minutes=15)
LINK_LIFETIME = timedelta(minutes=10)

_UPLOAD = "upload"

Transactions = Callable[[], AbstractAsyncContextManager[AsyncSession]]
"""Begins a transaction of its own, in the schema of the shelf."""


def prefix_of(tenant_id: UUID, mode: Mode) -> str:
    """What the keys of all files of a business in a mode begin with."""
    return f"{tenant_id}/{mode}/"


def folder_of(tenant_id: UUID, mode: Mode, file_id: UUID) -> str:
    """What all keys of one file begin with."""
    return f"{prefix_of(tenant_id, mode)}{file_id}/"


def file_of(key: str) -> UUID:
    """The file that a key belongs to."""
    return UUID(key.split("/")[2])


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files of a business in a mode, as a caller gets at them who finds this service at `origin`."""

    storage: Storage
    inspector: Inspector
    schema: TenantSchema
    origin: str
    begin: Transactions

    def upload_key(self, file_id: UUID) -> str:
        """Where it is uploaded to. Nothing is ever handed out from there."""
        return f"{self._folder(file_id)}{_UPLOAD}"

    def new_key(self, file_id: UUID) -> str:
        """A place that nobody but us can write to, and nobody has written to."""
        return f"{self._folder(file_id)}{uuid7()}"

    async def announce_upload(self, row: MediaFileRow, *, now: datetime) -> Upload:
        """How to upload a file that has been announced."""
        return await self.storage.upload(
            self.upload_key(row.id),
            size=row.size,
            content_type=row.content_type,
            term=Term(now, now + UPLOAD_LIFETIME, self.origin),
        )

    async def read(self, row: MediaFileRow, *, now: datetime, upload: Upload | None = None) -> MediaFileRead:
        """The file as it travels, with addresses for whoever may have it."""
        known = {name: getattr(row, name) for name in MediaFileRead.model_fields if hasattr(row, name)}
        return MediaFileRead(
            **known,
            is_attached=row.attached_to is not None,
            upload=UploadRead.model_validate(upload) if upload else None,
            download=await self.download_link(row, now=now),
            thumbnail=await self.thumbnail_link(row, now=now),
        )

    async def download_link(self, row: MediaFileRow, *, now: datetime) -> LinkRead | None:
        """Where the file is had for some minutes; None unless it is ready. Whoever asks has seen to who may have it."""
        return await self._link(row, row.key, row.file_name, now=now)

    async def thumbnail_link(self, row: MediaFileRow, *, now: datetime) -> LinkRead | None:
        """Likewise a small picture of it; None if there is none."""
        return await self._link(row, row.thumbnail_key, f"small {row.file_name}", now=now)

    async def _link(self, row: MediaFileRow, key: str | None, name: str, *, now: datetime) -> LinkRead | None:
        if row.status != "ready" or key is None:
            return None
        kind = MediaType(row.content_type)
        served = Served(with_suffix(name, kind), kind.value, is_inline=kind.is_image)
        term = Term(now, now + LINK_LIFETIME, self.origin)
        url = await self.storage.link(key, served, term=term)
        return LinkRead(url=url, expires_at=term.ends_at)

    def _folder(self, file_id: UUID) -> str:
        return folder_of(self.schema.tenant_id, self.schema.mode, file_id)
