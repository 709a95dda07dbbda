"""The pictures that anybody may see: a business's logo, and the avatars of its people."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.db.invalidation import announce
from app.errors import MediaFileNotFound, SandboxNotAllowed, TenantNotFound
from app.integrations.storage import Storage
from app.media import attaching
from app.media.attaching import BUSINESS, USER
from app.media.kinds import MOST_BYTES, Purpose
from app.models.public import TenantRow, UserRow
from app.models.tenant import MediaFileRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

PICTURES = "/api/v1/pictures"


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    content_type: str


def address_of(settings: Settings, slug: str, file_id: UUID | None) -> str | None:
    """Where anybody gets this logo or avatar, from any page. What is there never changes."""
    return f"{settings.url(slug)}{PICTURES}/{file_id}" if file_id else None


async def set_logo(
    session: AsyncSession, actor: Principal, tenant: Tenant, media_id: UUID | None, *, now: datetime
) -> UUID | None:
    """Have the business be known by this picture, or by none; its id. Raises ValidationFailed, and TenantNotFound."""
    query = select(TenantRow).where(TenantRow.id == tenant.id).with_for_update(key_share=True)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise TenantNotFound
    if media_id == row.logo_id:
        return media_id
    if media_id is not None:
        await _take(session, actor, media_id, Purpose.LOGO, to=tenant.id, kind=BUSINESS)
    before = {"logo_id": row.logo_id}
    await attaching.replace(session, row.logo_id, kind=BUSINESS, now=now)
    row.logo_id, row.updated_at = media_id, now
    announce(session, tenant.tag)
    diff = changed(before, {"logo_id": media_id})
    record(session, AuditEvent.BUSINESS_CHANGED, about=Subject("tenant", tenant.id), diff=diff)
    return media_id


async def set_avatar(session: AsyncSession, actor: Principal, media_id: UUID | None, *, now: datetime) -> UUID | None:
    """Have the caller be shown with this picture, or with none; its id.

    There is one of each user, and it is live. Raises SandboxNotAllowed and ValidationFailed.
    """
    if actor.mode is Mode.SANDBOX:
        raise SandboxNotAllowed
    query = select(UserRow).where(UserRow.id == actor.user_id).with_for_update(key_share=True)
    row = (await session.scalars(query)).one()
    if media_id == row.avatar_id:
        return media_id
    if media_id is not None:
        await _take(session, actor, media_id, Purpose.AVATAR, to=actor.user_id, kind=USER)
    await attaching.replace(session, row.avatar_id, kind=USER, now=now)
    row.avatar_id, row.updated_at = media_id, now
    return media_id


async def show(session: AsyncSession, storage: Storage, file_id: UUID) -> Picture:
    """A logo or an avatar that is in use. Raises MediaFileNotFound for every other file."""
    row = MediaFileRow
    query = select(row.key, row.content_type).where(row.id == file_id, row.attached_kind.in_((BUSINESS, USER)))
    found = (await session.execute(query)).one_or_none()
    data = await storage.read(found.key, most=max(MOST_BYTES.values())) if found else None
    if found is None or data is None:
        raise MediaFileNotFound("There is no file {media_id}.", params={"media_id": file_id})
    return Picture(data, found.content_type)


async def _take(
    session: AsyncSession, actor: Principal, file_id: UUID, purpose: Purpose, *, to: UUID, kind: str
) -> None:
    await attaching.attach(session, actor.user_id, [file_id], to=to, kind=kind, purpose=purpose, pointer="/media_id")
