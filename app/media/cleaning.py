"""Removing files: uploads that nobody completed, files that nobody used, and what was deleted."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.db.session import Database
from app.integrations.storage import Storage
from app.media.shelf import UPLOAD_LIFETIME, file_of, folder_of, prefix_of
from app.models.public import MediaPurgeRow, TenantRow
from app.models.tenant import MediaFileRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import TenantSchema, schema_of

CLEAN = "media.clean"
"""The job that cleans up for one business in one mode."""

_MOST = 200  # in one round
_log = logging.getLogger(__name__)


async def is_any_due(session: AsyncSession, *, now: datetime) -> bool:
    """Whether there is something to clean up in this schema."""
    return bool(await session.scalar(select(exists().where(MediaFileRow.clean_at <= now))))


async def clean(database: Database, storage: Storage, schema: TenantSchema, *, now: datetime) -> int:
    """Remove what is due: what is uploaded of it, and then the rows; how many files that were.

    They are taken out of use first, and the store is asked with no transaction open. A row stays as long as its file
    could still be uploaded, so that nothing is left behind. Raises Unavailable; then all of it is due again.
    """
    row = MediaFileRow
    due = select(row.id).where(row.clean_at <= now).order_by(row.clean_at).limit(_MOST)
    taken = (
        update(row)
        .where(row.id.in_(due.with_for_update(skip_locked=True)))
        .values(status="deleted", attached_kind=None, attached_to=None)
        .returning(row.id, row.created_at)
    )
    async with database.transaction(schema) as session:
        found = (await session.execute(taken)).tuples().all()
    for file_id, _ in found:
        await _remove(storage, folder_of(schema.tenant_id, schema.mode, file_id))
    async with database.transaction(schema) as session:
        await _forget(session, dict(found), now=now)
    return len(found)


async def purge_later(session: AsyncSession, tenant_id: UUID, *modes: Mode, now: datetime) -> None:
    """Have all files be removed that the business has in these modes, and whose rows go with this transaction."""
    session.add_all(
        MediaPurgeRow(id=uuid7(), tenant_id=tenant_id, mode=mode, due_at=now, ends_at=now + UPLOAD_LIFETIME)
        for mode in modes
    )
    await session.flush()


async def purge(database: Database, storage: Storage, *, now: datetime) -> None:
    """Remove the files of businesses that have been erased, and of sandboxes that were begun anew.

    Once at once, and once more when nothing can be uploaded there any longer. What fails is left for the next time.
    """
    query = select(MediaPurgeRow).where(MediaPurgeRow.due_at <= now).order_by(MediaPurgeRow.due_at).limit(_MOST)
    async with database.transaction() as session:
        due = (await session.scalars(query)).all()
    for each in due:
        try:
            await _purge(database, storage, each.tenant_id, Mode(each.mode))
        except Exception:  # noqa: BLE001 — whatever keeps one of them, the others go
            _log.exception("the files of %s (%s) could not be removed", each.tenant_id, each.mode)
            continue
        this = MediaPurgeRow.id == each.id
        async with database.transaction() as session:
            if each.ends_at <= now:
                await session.execute(delete(MediaPurgeRow).where(this))
            else:
                await session.execute(update(MediaPurgeRow).where(this).values(due_at=each.ends_at))


async def _purge(database: Database, storage: Storage, tenant_id: UUID, mode: Mode) -> None:
    """Remove everything there that no row knows of."""
    async with database.transaction() as session:
        name = await session.scalar(select(TenantRow.schema_name).where(TenantRow.id == tenant_id))
    async for keys in storage.find(prefix_of(tenant_id, mode)):
        known = set[UUID]()
        if name is not None:
            async with database.transaction(TenantSchema(schema_of(name, mode), tenant_id, mode)) as session:
                ids = select(MediaFileRow.id).where(MediaFileRow.id.in_({file_of(key) for key in keys}))
                known = set(await session.scalars(ids))
        await storage.delete([key for key in keys if file_of(key) not in known])


async def _remove(storage: Storage, folder: str) -> None:
    async for keys in storage.find(folder):
        await storage.delete(keys)


async def _forget(session: AsyncSession, removed: dict[UUID, datetime], *, now: datetime) -> None:
    row = MediaFileRow
    over = [file_id for file_id, created_at in removed.items() if created_at + UPLOAD_LIFETIME <= now]
    await session.execute(delete(row).where(row.id.in_(over)))
    waiting: Sequence[UUID] = [file_id for file_id in removed if file_id not in over]
    for file_id in waiting:
        ends_at = removed[file_id] + UPLOAD_LIFETIME
        await session.execute(update(row).where(row.id == file_id).values(clean_at=ends_at))
