"""Logos and avatars: chosen by those whose they are, shown to everybody."""

from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from app.auth.roles import Role
from app.core.clock import utcnow
from tests.actors import Business, Platform
from tests.conftest import Caller as ClientOf
from tests.media import samples
from tests.media.conftest import Files
from tests.people.crowd import Crowd

LOGO, AVATAR = "/api/v1/business/logo", "/api/v1/me/avatar"


async def shown(files: Files, url: str) -> httpx.Response:
    """What anybody gets at this address, from any page."""
    async with files.of(url) as client:
        return await client.get(url)


async def chosen(files: Files, purpose: str, client: httpx.AsyncClient | None = None) -> dict[str, Any]:
    """A picture that is ready for this."""
    return await files.ready(samples.picture("PNG", (600, 300)), purpose=purpose, client=client)


class TestSetLogo:
    async def test_shows_it_to_everybody(self, files: Files) -> None:
        file = await chosen(files, "logo")
        answer = await files.owner.put(LOGO, json={"media_id": file["id"]})
        assert answer.status_code == 200, answer.text
        url = answer.json()["logo_url"]
        assert (await files.owner.get("/api/v1/business")).json()["logo_url"] == url
        assert (await files.here(files.business.anonymous).get("/api/v1/host")).json()["logo_url"] == url
        picture = await shown(files, url)
        with Image.open(BytesIO(picture.content)) as kept:
            assert kept.size == (600, 300)
        assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert picture.headers["x-content-type-options"] == "nosniff"
        assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "sandbox" in picture.headers["content-security-policy"]

    async def test_removes_the_former_one(self, files: Files) -> None:
        first, second = await chosen(files, "logo"), await chosen(files, "logo")
        before = (await files.owner.put(LOGO, json={"media_id": first["id"]})).json()["logo_url"]
        after = (await files.owner.put(LOGO, json={"media_id": second["id"]})).json()["logo_url"]
        again = await files.owner.put(LOGO, json={"media_id": second["id"]})
        assert (again.status_code, again.json()["logo_url"]) == (200, after)
        assert (await shown(files, before)).status_code == 404
        assert (await shown(files, after)).status_code == 200
        assert (await files.read(first)).status_code == 404
        await files.clean(now=utcnow())
        assert len(await files.keys()) == 2

    async def test_keeps_what_is_in_use(self, files: Files) -> None:
        file = await chosen(files, "logo")
        await files.owner.put(LOGO, json={"media_id": file["id"]})
        answer = await files.owner.delete(f"/api/v1/media/{file['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "media-file-in-use")

    async def test_takes_a_ready_logo_of_ones_own_alone(
        self, folder_files: Files, client_of: ClientOf, other_business: Business
    ) -> None:
        files = folder_files
        colleague = (await Crowd(files.app, client_of).add(Role.TENANT_MANAGER, files.business)).client
        wrong = [
            await files.announced(samples.picture(), purpose="logo"),
            await files.ready(),
            await chosen(files, "avatar"),
            await chosen(files, "logo", client=colleague),
            await chosen(files, "logo", client=files.in_sandbox),
            await chosen(Files(files.app, other_business), "logo"),
        ]
        for file in wrong:
            answer = await files.owner.put(LOGO, json={"media_id": file["id"]})
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == ["/media_id"]
        assert (await files.owner.get("/api/v1/business")).json()["logo_url"] is None

    async def test_is_none_of_the_sandbox(self, folder_files: Files) -> None:
        file = await chosen(folder_files, "logo", client=folder_files.in_sandbox)
        answer = await folder_files.in_sandbox.put(LOGO, json={"media_id": file["id"]})
        assert (answer.status_code, answer.json()["code"]) == (403, "sandbox-not-allowed")


class TestDeleteLogo:
    async def test_takes_it_away(self, files: Files) -> None:
        file = await chosen(files, "logo")
        url = (await files.owner.put(LOGO, json={"media_id": file["id"]})).json()["logo_url"]
        for _ in range(2):
            assert (await files.owner.delete(LOGO)).status_code == 204
        assert (await shown(files, url)).status_code == 404
        assert (await files.owner.get("/api/v1/business")).json()["logo_url"] is None


class TestSetAvatar:
    async def test_is_for_everybody_who_logs_in_at_a_business(self, files: Files, client_of: ClientOf) -> None:
        crowd = Crowd(files.app, client_of)
        for role in (Role.TENANT_STAFF, Role.CUSTOMER):
            client = files.here((await crowd.add(role, files.business)).client)
            assert (await client.get("/api/v1/me")).json()["avatar_url"] is None
            file = await chosen(files, "avatar", client=client)
            answer = await client.put(AVATAR, json={"media_id": file["id"]})
            url = answer.json()["avatar_url"]
            assert (await client.get("/api/v1/me")).json()["avatar_url"] == url
            with Image.open(BytesIO((await shown(files, url)).content)) as kept:
                assert kept.size == (300, 300)

    async def test_takes_nobody_elses(self, folder_files: Files, client_of: ClientOf) -> None:
        files = folder_files
        customer = (await Crowd(files.app, client_of).add(Role.CUSTOMER, files.business)).client
        file = await chosen(files, "avatar")
        assert (await customer.put(AVATAR, json={"media_id": file["id"]})).status_code == 422
        assert (await files.owner.put(AVATAR, json={"media_id": file["id"]})).status_code == 200
        assert (await customer.put(AVATAR, json={"media_id": file["id"]})).status_code == 422

    async def test_is_one_and_live(self, folder_files: Files) -> None:
        file = await chosen(folder_files, "avatar", client=folder_files.in_sandbox)
        answer = await folder_files.in_sandbox.put(AVATAR, json={"media_id": file["id"]})
        assert (answer.status_code, answer.json()["code"]) == (403, "sandbox-not-allowed")

    async def test_is_none_of_the_platform(self, platform: Platform) -> None:
        assert (await platform.superuser.put(AVATAR, json={"media_id": platform_id()})).status_code == 404
        assert (await platform.superuser.get("/api/v1/me")).json()["avatar_url"] is None


def platform_id() -> str:
    return "01980d3f-9a4e-7c1e-8000-000000000000"


class TestDeleteAvatar:
    async def test_takes_it_away(self, files: Files) -> None:
        file = await chosen(files, "avatar")
        url = (await files.owner.put(AVATAR, json={"media_id": file["id"]})).json()["avatar_url"]
        assert (await files.owner.delete(AVATAR)).status_code == 204
        assert (await shown(files, url)).status_code == 404
        assert (await files.owner.get("/api/v1/me")).json()["avatar_url"] is None


class TestGetPicture:
    async def test_shows_nothing_that_is_not_in_use(self, files: Files, other_business: Business) -> None:
        attachment, unused = await files.ready(), await chosen(files, "logo")
        used = await chosen(files, "logo")
        url = (await files.owner.put(LOGO, json={"media_id": used["id"]})).json()["logo_url"]
        for file in (attachment, unused):
            assert (await shown(files, url.replace(used["id"], file["id"]))).status_code == 404
        elsewhere = url.replace(files.business.slug, other_business.slug)
        assert (await shown(files, elsewhere)).status_code == 404

    @pytest.mark.parametrize("known", ["*", None])
    async def test_spares_what_a_browser_has(self, folder_files: Files, known: str | None) -> None:
        file = await chosen(folder_files, "logo")
        url = (await folder_files.owner.put(LOGO, json={"media_id": file["id"]})).json()["logo_url"]
        etag = (await shown(folder_files, url)).headers["etag"]
        async with folder_files.of(url) as client:
            answer = await client.get(url, headers={"If-None-Match": known or etag})
        assert (answer.status_code, answer.content) == (304, b"")
