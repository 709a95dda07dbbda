"""Files that come another way than by an upload."""

from functools import partial
from uuid import UUID, uuid4

import pytest

from app.core.clock import utcnow
from app.errors import TierLimit
from app.media import uploading
from app.media.kinds import Reason, Refused
from app.media.shelf import Shelf
from app.models.tenant import MediaFileRow
from tests.actors import Platform
from tests.media import samples
from tests.media.conftest import Files


async def take_in(files: Files, name: str, data: bytes, *, by: UUID | None = None) -> MediaFileRow:
    schema = await files.schema()
    database, inspector = files.app.state.database, files.app.state.inspector
    shelf = Shelf(files.storage, inspector, schema, "http://nowhere", partial(database.transaction, schema))
    return await uploading.take_in(shelf, by or uuid4(), name, data, now=utcnow())


class TestTakeIn:
    @pytest.mark.parametrize(
        ("name", "data", "kept", "content_type"),
        [
            ("prices.CSV", samples.CSV, "prices.CSV", "text/csv"),
            ("winmail", samples.CSV, "winmail.txt", "text/plain"),
            ("../..", samples.PDF, "file.pdf", "application/pdf"),
            ("invoice.exe", samples.PDF, "invoice.exe.pdf", "application/pdf"),
            ("me.jpg", samples.turned_photograph(), "me.jpg", "image/jpeg"),
        ],
    )
    async def test_keeps_what_it_is(self, files: Files, name: str, data: bytes, kept: str, content_type: str) -> None:
        me = UUID((await files.owner.get("/api/v1/me")).json()["user"]["id"])
        row = await take_in(files, name, data, by=me)
        found = (await files.read({"id": str(row.id)})).json()
        assert (found["status"], found["file_name"], found["content_type"]) == ("ready", kept, content_type)
        assert (await files.get(found["download"])).headers["content-type"].startswith(content_type)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", Reason.SIZE),
            (b"x" * (25 * 1024 * 1024 + 1), Reason.SIZE),
            (samples.SVG, Reason.TYPE_UNKNOWN),
            (samples.PDF + samples.document(), Reason.AMBIGUOUS),
        ],
    )
    async def test_refuses_what_is_not_taken(self, folder_files: Files, data: bytes, reason: Reason) -> None:
        with pytest.raises(Refused) as refusal:
            await take_in(folder_files, "holiday.png", data)
        assert refusal.value.reason is reason
        assert await folder_files.keys() == []

    async def test_is_bounded_by_the_subscription(self, folder_files: Files, platform: Platform) -> None:
        business = await platform.sign_up(subscription_tier="STARTER")
        files = Files(folder_files.app, business)
        await platform.superuser.patch("/api/v1/platform/tiers/STARTER", json={"storage_megabytes": 0})
        try:
            with pytest.raises(TierLimit):
                await take_in(files, "bill.pdf", samples.PDF)
        finally:
            await platform.superuser.patch("/api/v1/platform/tiers/STARTER", json={"storage_megabytes": 5000})
