"""Files that belong to something else of the business. Whoever may see that, may have them: it is for them to ask."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, MediaFileNotFound, ValidationFailed
from app.media.kinds import Purpose
from app.media.uploading import discard
from app.models.tenant import MediaFileRow

TICKET_MESSAGE, BUSINESS, USER = "ticket_message", "business", "user"


async def attach(
    session: AsyncSession,
    uploader_id: UUID,
    file_ids: Sequence[UUID],
    *,
    to: UUID,
    kind: str = TICKET_MESSAGE,
    purpose: Purpose = Purpose.ATTACHMENT,
    pointer: str = "/attachment_ids/{place}",
) -> list[MediaFileRow]:
    """Have these files belong to it for good, in this order.

    Raises ValidationFailed, which names each place in the list that has no file of this uploader's for this purpose
    that is ready and belongs to nothing yet, or has one a second time.
    """
    row = MediaFileRow
    query = select(row).where(row.id.in_(file_ids)).order_by(row.id).with_for_update()
    found = {each.id: each for each in await session.scalars(query)} if file_ids else {}
    errors, taken = [], dict[UUID, MediaFileRow]()
    for place, file_id in enumerate(file_ids):
        file = found.get(file_id)
        if file is None or file_id in taken or not _is_free(file, uploader_id, purpose):
            where = pointer.format(place=place)
            errors.append(FieldError(where, "is no file of yours that is ready to be used here", code="unsuitable"))
        else:
            taken[file_id] = file
    if errors:
        raise ValidationFailed(errors=errors)
    for file in taken.values():
        file.attached_kind, file.attached_to, file.clean_at = kind, to, None
    await session.flush()
    return list(taken.values())


async def find_attached(
    session: AsyncSession, holder_ids: Collection[UUID], *, kind: str = TICKET_MESSAGE
) -> dict[UUID, list[MediaFileRow]]:
    """The files of each of these, in the order of their making."""
    row = MediaFileRow
    query = select(row).where(row.attached_to.in_(holder_ids), row.attached_kind == kind).order_by(row.id)
    found: dict[UUID, list[MediaFileRow]] = defaultdict(list)
    for file in await session.scalars(query) if holder_ids else ():
        if file.attached_to is not None:
            found[file.attached_to].append(file)
    return found


async def require_attached(
    session: AsyncSession, file_id: UUID, *, to: UUID, kind: str = TICKET_MESSAGE
) -> MediaFileRow:
    """A file that belongs to this. Raises MediaFileNotFound, also for one that belongs to something else."""
    row = MediaFileRow
    query = select(row).where(row.id == file_id, row.attached_to == to, row.attached_kind == kind)
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise MediaFileNotFound("There is no file {media_id}.", params={"media_id": file_id})
    return found


async def replace(session: AsyncSession, former_id: UUID | None, *, kind: str, now: datetime) -> None:
    """Have the file that something had so far be removed, if there is one."""
    if former_id is None:
        return
    row = MediaFileRow
    query = select(row).where(row.id == former_id, row.attached_kind == kind).with_for_update()
    former = (await session.scalars(query)).one_or_none()
    if former is not None:
        discard(former, now=now)


def _is_free(file: MediaFileRow, uploader_id: UUID, purpose: Purpose) -> bool:
    is_own = file.uploader_id == uploader_id
    return is_own and file.status == "ready" and file.purpose == purpose and file.attached_to is None
