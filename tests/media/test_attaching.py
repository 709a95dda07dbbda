"""Files that belong to something: for features to build on."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from app.auth.principals import Principal
from app.auth.roles import Role
from app.core.ids import uuid7
from app.errors import MediaFileNotFound, ValidationFailed
from app.media import attaching
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.media import samples
from tests.media.conftest import MEDIA, Files


class Messages:
    """What the tickets of a business do with files."""

    def __init__(self, files: Files, user_id: UUID) -> None:
        self.files = files
        self.user_id = user_id

    async def attach(self, ids: Sequence[str], *, to: UUID | None = None, by: UUID | None = None) -> UUID:
        """Send a message with these; its id."""
        message_id = to or uuid7()
        tenant = await self.files.tenant()
        actor = Principal(by or self.user_id, "pat@people.example", Role.TENANT_STAFF, tenant, Mode.LIVE, frozenset())
        async with self.files.app.state.database.transaction(await self.files.schema()) as session:
            await attaching.attach(session, actor.user_id, [UUID(each) for each in ids], to=message_id)
        return message_id


@pytest.fixture
async def messages(folder_files: Files) -> Messages:
    me = (await folder_files.owner.get("/api/v1/me")).json()
    return Messages(folder_files, UUID(me["user"]["id"]))


def wrong_places(refusal: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [error.pointer for error in refusal.value.errors]


class TestAttach:
    async def test_keeps_them_for_good(self, messages: Messages) -> None:
        files = messages.files
        made = [await files.ready(samples.CSV, "text/csv"), await files.ready()]
        message_id = await messages.attach([each["id"] for each in made])
        async with files.app.state.database.transaction(await files.schema()) as session:
            found = await attaching.find_attached(session, [message_id, uuid4()])
            assert [str(row.id) for row in found[message_id]] == [each["id"] for each in made]
            assert (await attaching.find_attached(session, [])) == {}
            row = await attaching.require_attached(session, UUID(made[0]["id"]), to=message_id)
            assert row.clean_at is None
            with pytest.raises(MediaFileNotFound):
                await attaching.require_attached(session, row.id, to=uuid4())
        assert (await files.owner.delete(f"{MEDIA}/{made[0]['id']}")).json()["code"] == "media-file-in-use"
        assert (await files.read(made[0])).json()["is_attached"] is True

    async def test_names_the_places_that_have_no_file_to_attach(
        self, messages: Messages, other_business: Business
    ) -> None:
        files = messages.files
        good, used = await files.ready(), await files.ready()
        await messages.attach([used["id"]])
        wrong = [
            await files.announced(samples.PDF, "application/pdf"),
            used,
            await files.ready(purpose="avatar"),
            await files.ready(client=files.in_sandbox),
            await Files(files.app, other_business).ready(),
            {"id": str(uuid4())},
            good,
        ]
        with pytest.raises(ValidationFailed) as refusal:
            await messages.attach([good["id"], *(each["id"] for each in wrong)])
        assert wrong_places(refusal) == [f"/attachment_ids/{place}" for place in range(1, 8)]
        assert (await files.read(good)).json()["is_attached"] is False

    async def test_takes_nobody_elses(self, messages: Messages) -> None:
        file = await messages.files.ready()
        with pytest.raises(ValidationFailed):
            await messages.attach([file["id"]], by=uuid4())

    async def test_takes_nothing_that_is_gone(self, messages: Messages) -> None:
        file = await messages.files.ready()
        await messages.files.owner.delete(f"{MEDIA}/{file['id']}")
        with pytest.raises(ValidationFailed):
            await messages.attach([file["id"]])

    async def test_is_content_with_none(self, messages: Messages) -> None:
        await messages.attach([])
