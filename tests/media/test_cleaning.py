"""What nobody needs is removed, from the store and from the tables."""

from datetime import timedelta
from uuid import UUID

from arq.connections import ArqRedis
from fastapi import FastAPI
from sqlalchemy import select

from app.businesses import erasure
from app.core.clock import utcnow
from app.media import cleaning
from app.media.shelf import UPLOAD_LIFETIME
from app.models.public import MediaPurgeRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.workers import sweeper
from tests.actors import Business
from tests.media import samples
from tests.media.conftest import MEDIA, Files
from tests.receivers import eventually
from tests.working import working

DAY = timedelta(days=1)


class TestClean:
    async def test_removes_what_nobody_completed(self, files: Files) -> None:
        file = await files.uploaded(samples.picture())
        await files.announced(samples.PDF, "application/pdf")
        assert await files.clean(now=utcnow() + DAY - timedelta(minutes=1)) == 0
        assert len(await files.keys()) == 1
        assert await files.clean(now=utcnow() + DAY) == 2
        assert await files.keys() == []
        assert await files.row(file) is None

    async def test_removes_what_was_refused(self, files: Files) -> None:
        file = await files.uploaded(samples.SVG)
        await files.complete(file)
        await files.clean(now=utcnow() + DAY)
        assert await files.row(file) is None

    async def test_removes_what_nobody_used_for_a_week(self, files: Files) -> None:
        file = await files.ready()
        assert await files.clean(now=utcnow() + 6 * DAY) == 0
        assert await files.clean(now=utcnow() + 7 * DAY) == 1
        assert await files.keys() == []
        assert await files.row(file) is None

    async def test_keeps_what_belongs_to_something(self, files: Files) -> None:
        file = await files.ready(purpose="logo")
        await files.owner.put("/api/v1/business/logo", json={"media_id": file["id"]})
        assert await files.clean(now=utcnow() + 1000 * DAY) == 0
        assert len(await files.keys()) == 2

    async def test_removes_what_is_uploaded_after_all(self, files: Files) -> None:
        """As long as an address works that takes an upload, the row stays, and what comes is removed."""
        file = await files.uploaded(samples.PDF, "application/pdf")
        await files.owner.delete(f"{MEDIA}/{file['id']}")
        now = utcnow()
        assert await files.clean(now=now) == 1
        assert await files.keys() == []
        await files.put(file, samples.PDF)
        assert await files.clean(now=now) == 0
        assert await files.clean(now=now + UPLOAD_LIFETIME) == 1
        assert await files.keys() == []
        assert await files.row(file) is None

    async def test_keeps_modes_apart(self, files: Files) -> None:
        file = await files.ready(client=files.in_sandbox)
        assert await files.clean(now=utcnow() + 8 * DAY) == 0
        assert await files.clean(now=utcnow() + 8 * DAY, mode=Mode.SANDBOX) == 1
        assert await files.row(file, Mode.SANDBOX) is None

    async def test_removes_what_broke_off(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        prefix = f"{folder_files.business.id}/live/{file['id']}"
        await folder_files.storage.write(f"{prefix}/unfinished-0123456789abcdef", b"half of it")
        await folder_files.clean(now=utcnow() + DAY)
        assert await folder_files.keys() == []


async def purges(app: FastAPI, business: Business) -> list[MediaPurgeRow]:
    async with app.state.database.transaction() as session:
        query = select(MediaPurgeRow).where(MediaPurgeRow.tenant_id == UUID(business.id))
        return list(await session.scalars(query))


class TestPurge:
    async def test_empties_a_sandbox_that_is_begun_anew(self, files: Files) -> None:
        live, old = await files.ready(), await files.uploaded(samples.PDF, "application/pdf", client=files.in_sandbox)
        await files.ready(client=files.in_sandbox)
        assert (await files.owner.post("/api/v1/sandbox/reset")).status_code == 200
        new = await files.ready(client=files.in_sandbox)
        await self.purge(files, timedelta(0))
        kept = await files.keys(Mode.SANDBOX)
        assert {key.split("/")[2] for key in kept} == {new["id"]}
        await files.put(old, samples.PDF)  # its address still works
        assert len(await files.keys(Mode.SANDBOX)) == 3
        await self.purge(files, UPLOAD_LIFETIME)
        assert await files.keys(Mode.SANDBOX) == kept
        assert await purges(files.app, files.business) == []
        assert (await files.read(live)).status_code == 200
        assert len(await files.keys()) == 2

    async def test_removes_everything_of_a_business_that_is_erased(self, files: Files) -> None:
        await files.ready()
        await files.ready(client=files.in_sandbox)
        async with files.app.state.database.transaction() as session:
            await erasure.erase(session, UUID(files.business.id), now=utcnow())
        assert len(await files.keys()) == 2
        await self.purge(files, timedelta(0))
        assert await files.keys() + await files.keys(Mode.SANDBOX) == []
        assert len(await purges(files.app, files.business)) == 2
        await self.purge(files, UPLOAD_LIFETIME)
        assert await purges(files.app, files.business) == []

    async def purge(self, files: Files, later: timedelta) -> None:
        await cleaning.purge(files.app.state.database, files.storage, now=utcnow() + later)


class TestWorker:
    async def test_cleans_what_the_sweep_finds(self, settings: Settings, redis: ArqRedis, folder_files: Files) -> None:
        file = await folder_files.ready()
        await folder_files.change(file, clean_at=utcnow())
        await redis.enqueue_job(sweeper.SWEEP)

        async def is_gone() -> bool:
            return not await folder_files.keys()

        async with working(settings):
            await eventually(is_gone)

    async def test_purges_what_is_erased(self, settings: Settings, redis: ArqRedis, folder_files: Files) -> None:
        await folder_files.ready()
        async with folder_files.app.state.database.transaction() as session:
            await erasure.erase(session, UUID(folder_files.business.id), now=utcnow())
        await redis.enqueue_job("media.purge")

        async def is_gone() -> bool:
            return not await folder_files.keys()

        async with working(settings):
            await eventually(is_gone)
