"""The way of a file: announced, uploaded by whoever announced it, completed."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.ids import uuid7
from app.errors import (
    FieldError,
    MediaFileInUse,
    MediaFileLimit,
    MediaFileNotFound,
    MediaFileRefused,
    Problem,
    Sentence,
    Unavailable,
    UploadIncomplete,
    ValidationFailed,
)
from app.media import names
from app.media.kinds import MOST_BYTES, Inspected, MediaType, Purpose, Reason, Refused
from app.media.schemas import MediaFileCreate, MediaFileRead
from app.media.shelf import Shelf
from app.models.tenant import MediaFileRow
from app.subscriptions.limits import require_storage

UNFINISHED_FOR = timedelta(hours=24)
UNUSED_FOR = timedelta(days=7)

MOST_UNUSED = 50
MOST_UNUSED_BYTES = 250 * 1024 * 1024
"""What one uploader may have that belongs to nothing yet."""

_WHY = {
    Reason.SIZE: Sentence("The file is not of the size that was announced."),
    Reason.TYPE_UNKNOWN: Sentence("The file is none of the types that are taken."),
    Reason.TYPE_DIFFERS: Sentence("The file is not of the type that was announced: {announced}."),
    Reason.AMBIGUOUS: Sentence("The file is several things at once: one format is hidden in another."),
    Reason.DAMAGED: Sentence("The file is damaged, or not all of it is there."),
    Reason.TOO_MANY_PIXELS: Sentence("The picture has too many pixels."),
    Reason.BOMB: Sentence("The document would be far larger unpacked than it is."),
    Reason.MACROS: Sentence("The document has macros, which could run when it is opened."),
}
_IN_USE = select(func.sum(MediaFileRow.size)).where(MediaFileRow.status.in_(("pending", "ready")))
_log = logging.getLogger(__name__)


async def announce(
    session: AsyncSession, shelf: Shelf, actor: Principal, data: MediaFileCreate, *, now: datetime
) -> MediaFileRead:
    """Say that a file is to come; the answer says how to upload it.

    Raises ValidationFailed for what its purpose does not allow and for a name that is none, and TierLimit.
    """
    _check_purpose(data)
    file_name = names.clean(data.file_name, data.content_type)
    made = await _add(session, shelf, actor.user_id, data.model_copy(update={"file_name": file_name}), now=now)
    return await shelf.read(made, now=now, upload=await shelf.announce_upload(made, now=now))


async def take_in(shelf: Shelf, uploader_id: UUID, file_name: str, data: bytes, *, now: datetime) -> MediaFileRow:
    """Keep a file that came another way, as with a mail, for its sender: an attachment that is ready to be attached.

    What it is, it is by its content. Raises Refused and TierLimit.
    """
    if not 0 < len(data) <= MOST_BYTES[Purpose.ATTACHMENT]:
        raise Refused(Reason.SIZE)
    async with shelf.inspector.place():
        inspected = await shelf.inspector.identify(data, file_name)
        kind = inspected.content_type
        said = MediaFileCreate(
            purpose=Purpose.ATTACHMENT, file_name=names.made_of(file_name, kind), content_type=kind, size=len(data)
        )
        async with shelf.begin() as session:
            row = await _add(session, shelf, uploader_id, said, now=now)
        kept = await _keep(shelf, row.id, inspected)
    async with shelf.begin() as session:
        row = (await session.scalars(select(MediaFileRow).where(MediaFileRow.id == row.id).with_for_update())).one()
        _decide(row, inspected, kept, now=now)
    return row


async def require(session: AsyncSession, actor: Principal, file_id: UUID, *, for_update: bool = False) -> MediaFileRow:
    """A file that the caller has uploaded. Raises MediaFileNotFound, also for a file of somebody else."""
    row = MediaFileRow
    query = select(row).where(row.id == file_id, row.uploader_id == actor.user_id, row.status != "deleted")
    found = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if found is None:
        raise MediaFileNotFound("There is no file {media_id}.", params={"media_id": file_id})
    return found


async def complete(shelf: Shelf, actor: Principal, file_id: UUID, *, now: datetime) -> MediaFileRead:
    """Look at what was uploaded, and take it or refuse it. Done again it says the same again.

    No transaction is open meanwhile. What is kept lies where nobody can write but us: whoever uploads something else
    once this is done changes nothing. Raises MediaFileNotFound, UploadIncomplete, MediaFileRefused, and TierLimit
    for a picture that is more than was announced, once it is made anew.
    """
    async with shelf.begin() as session:
        row = await require(session, actor, file_id)
    if row.status == "pending":
        async with shelf.inspector.place():
            row = await _settle(shelf, actor, row, now=now)
        await _discard(shelf, [shelf.upload_key(row.id)])
    if row.status == "refused":
        raise _refusal(row)
    return await shelf.read(row, now=now)


async def delete(session: AsyncSession, actor: Principal, file_id: UUID, *, now: datetime) -> None:
    """Have a file of one's own be removed. Raises MediaFileNotFound, and MediaFileInUse if it belongs to something."""
    row = await require(session, actor, file_id, for_update=True)
    if row.attached_to is not None:
        raise MediaFileInUse
    discard(row, now=now)


async def discard_unattached(session: AsyncSession, file_ids: Sequence[UUID], *, now: datetime) -> None:
    """Have those of these files be removed that belong to nothing."""
    row = MediaFileRow
    query = select(row).where(row.id.in_(file_ids), row.attached_to.is_(None)).order_by(row.id).with_for_update()
    for each in await session.scalars(query) if file_ids else ():
        discard(each, now=now)


def discard(row: MediaFileRow, *, now: datetime) -> None:
    """Have nobody find the file any longer, and be it removed with the next round."""
    row.attached_kind = row.attached_to = None
    row.status = "deleted"
    row.clean_at = now


async def count_bytes(session: AsyncSession) -> int:
    """How many bytes of files count against the subscription, in the session's schema."""
    return int(await session.scalar(_IN_USE) or 0)


async def _add(
    session: AsyncSession, shelf: Shelf, uploader_id: UUID, data: MediaFileCreate, *, now: datetime
) -> MediaFileRow:
    """The row of a file that is to come. Raises TierLimit, and MediaFileLimit for who has too much that is unused."""
    await _check_unused(session, uploader_id, data.size)
    await require_storage(session, shelf.schema.tenant_id, _IN_USE, data.size)
    made = MediaFileRow(
        **data.model_dump(),
        id=uuid7(),
        status="pending",
        uploader_id=uploader_id,
        clean_at=now + UNFINISHED_FOR,
        created_at=now,
    )
    session.add(made)
    await session.flush()
    return made


async def _check_unused(session: AsyncSession, uploader_id: UUID, size: int) -> None:
    """See that nobody takes all the room with what belongs to nothing. Raises MediaFileLimit."""
    row = MediaFileRow
    unused = select(func.count(), func.coalesce(func.sum(row.size), 0)).where(
        row.uploader_id == uploader_id, row.attached_to.is_(None), row.status.in_(("pending", "ready"))
    )
    count, used = (await session.execute(unused)).one()
    if count >= MOST_UNUSED or used + size > MOST_UNUSED_BYTES:
        raise MediaFileLimit(
            "You have {count} files that belong to nothing yet. Use or delete some of them.", params={"count": count}
        )


def _check_purpose(data: MediaFileCreate) -> None:
    """Raise ValidationFailed for what is no picture where one is needed, or is too large."""
    errors = []
    if data.purpose is not Purpose.ATTACHMENT and not data.content_type.is_image:
        errors.append(FieldError("/content_type", "must be that of a picture", code="unsuitable"))
    most = MOST_BYTES[data.purpose]
    if data.size > most:
        errors.append(FieldError("/size", "must be {most} bytes at most", {"most": most}, code="unsuitable"))
    if errors:
        raise ValidationFailed(errors=errors)


async def _settle(shelf: Shelf, actor: Principal, announced: MediaFileRow, *, now: datetime) -> MediaFileRow:
    """The file, once it is known what becomes of it. Whoever was faster has decided."""
    verdict = await _judge(shelf, announced)
    kept = await _keep(shelf, announced.id, verdict) if isinstance(verdict, Inspected) else []
    try:
        async with shelf.begin() as session:
            row = await require(session, actor, announced.id, for_update=True)
            if row.status == "pending":
                if isinstance(verdict, Inspected) and len(verdict.data) > row.size:  # made anew it can be more
                    more = len(verdict.data) - row.size
                    await require_storage(session, shelf.schema.tenant_id, _IN_USE, more)
                _decide(row, verdict, kept, now=now)
    except Problem:
        await _discard(shelf, kept)
        raise
    if row.key not in kept:
        await _discard(shelf, kept)
    return row


async def _judge(shelf: Shelf, announced: MediaFileRow) -> Inspected | Reason | None:
    """What is to be kept of what was uploaded, or why nothing is; None if there is nothing."""
    data = await shelf.storage.read(shelf.upload_key(announced.id), most=announced.size)
    if data is None:
        return None
    declared, purpose = MediaType(announced.content_type), Purpose(announced.purpose)
    try:
        inspected = await shelf.inspector.inspect(data, declared, purpose, announced.size)
    except Refused as refusal:
        return refusal.reason
    return inspected if len(inspected.data) <= MOST_BYTES[purpose] else Reason.TOO_MANY_PIXELS


async def _keep(shelf: Shelf, file_id: UUID, inspected: Inspected) -> list[str]:
    """Put it, and the small picture of it, where they are handed out from; the keys of both."""
    keys = [shelf.new_key(file_id)]
    await shelf.storage.write(keys[0], inspected.data)
    if inspected.thumbnail is not None:
        keys.append(shelf.new_key(file_id))
        await shelf.storage.write(keys[1], inspected.thumbnail)
    return keys


def _decide(row: MediaFileRow, verdict: Inspected | Reason | None, kept: Sequence[str], *, now: datetime) -> None:
    if verdict is None:
        raise UploadIncomplete
    row.completed_at = now
    if isinstance(verdict, Reason):
        row.status, row.refusal = "refused", verdict
        return
    row.status = "ready"
    row.key, row.thumbnail_key = [*kept, None][:2]
    row.content_type, row.size = verdict.content_type, len(verdict.data)
    row.file_name = names.with_suffix(row.file_name, verdict.content_type)
    row.sha256 = sha256(verdict.data).hexdigest()
    row.width, row.height = verdict.width, verdict.height
    row.clean_at = now + UNUSED_FOR


def _refusal(row: MediaFileRow) -> MediaFileRefused:
    reason = Reason(row.refusal or "")
    return MediaFileRefused(_WHY[reason], params={"reason": reason, "announced": row.content_type})


async def _discard(shelf: Shelf, keys: Sequence[str]) -> None:
    """Remove what nobody needs. If that cannot be done now, it is done when the file is removed."""
    try:
        await shelf.storage.delete(keys)
    except Unavailable:
        _log.warning("something uploaded could not be removed yet", exc_info=True)
