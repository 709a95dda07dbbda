"""The addresses of the local twin: whoever has one needs nothing else, and nobody can make one up."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.core.clock import utcnow
from app.integrations.folder import DOWNLOADS, UPLOADS, Folder
from app.integrations.storage import Served, Term
from tests.actors import Business
from tests.media import samples
from tests.media.conftest import Files
from tests.receivers import eventually
from tests.serving import served


def folder_of(files: Files) -> Folder:
    assert isinstance(files.storage, Folder)
    return files.storage


def altered(url: str) -> str:
    """The address with another sign in the middle of what is signed."""
    middle = url.rindex("/") + 8
    return url[:middle] + ("A" if url[middle] != "A" else "B") + url[middle + 1 :]


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, as soon as somebody listens there."""
    while True:
        with suppress(ConnectionRefusedError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0)


class TestUpload:
    async def test_takes_no_more_than_was_announced(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        answer = await folder_files.put(file, samples.PDF + b"%")
        assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")
        assert await folder_files.keys() == []

    async def test_takes_more_than_other_requests_may_carry(self, folder_files: Files) -> None:
        large = b"0123456789\n" * 300_000
        file = await folder_files.ready(large, "text/plain")
        assert (await folder_files.get(file["download"])).content == large

    async def test_takes_no_less_either(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        answer = await folder_files.put(file, samples.PDF[:-1])
        assert (answer.status_code, answer.json()["code"]) == (409, "upload-incomplete")
        assert await folder_files.keys() == []

    async def test_keeps_nothing_of_what_breaks_off(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.CSV * 100_000, "text/csv")
        url = httpx.URL(file["upload"]["url"])
        async with served(folder_files.app) as port:
            reader, writer = await connected(port)
            head = f"PUT {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: {file['size']}\r\n\r\n"
            writer.write(head.encode() + samples.CSV * 50_000)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            await reader.read()

        async def is_empty() -> bool:
            return not await folder_files.keys()

        await eventually(is_empty)
        assert (await folder_files.complete(file)).json()["code"] == "upload-incomplete"
        assert (await folder_files.put(file, samples.CSV * 100_000)).status_code == 200
        assert (await folder_files.complete(file)).status_code == 200

    async def test_can_be_begun_anew(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        for _ in range(2):
            assert (await folder_files.put(file, samples.PDF)).status_code == 200
        assert len(await folder_files.keys()) == 1

    async def test_refuses_an_address_that_has_expired_or_was_altered(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        key = f"{folder_files.business.id}/live/{file['id']}/upload"
        term = Term(utcnow(), utcnow() - timedelta(seconds=1), f"http://{folder_files.business.host}")
        expired = await folder_of(folder_files).upload(key, size=9, content_type="text/plain", term=term)
        url = file["upload"]["url"]
        for wrong in (expired.url, altered(url), url.replace(UPLOADS, UPLOADS + "/.."), f"{url}x"):
            answer = await folder_files.put(file | {"upload": file["upload"] | {"url": wrong}}, samples.PDF)
            assert answer.status_code in {404, 410}, wrong
        assert await folder_files.keys() == []

    async def test_is_none_of_another_host(self, folder_files: Files, other_business: Business) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        url = file["upload"]["url"].replace(folder_files.business.slug, other_business.slug)
        answer = await folder_files.put(file | {"upload": file["upload"] | {"url": url}}, samples.PDF)
        assert (answer.status_code, answer.json()["code"]) == (410, "link-invalid")

    async def test_may_be_called_from_any_page(self, folder_files: Files) -> None:
        file = await folder_files.announced(samples.PDF, "application/pdf")
        url = file["upload"]["url"]
        async with folder_files.of(url) as client:
            asked = {"Origin": "https://salon.example", "Access-Control-Request-Method": "PUT"}
            preflight = await client.options(url, headers=asked)
            assert preflight.headers["access-control-allow-methods"] == "PUT"
            answer = await client.put(url, content=samples.PDF, headers={"Origin": "https://salon.example"})
        assert {each.headers["access-control-allow-origin"] for each in (preflight, answer)} == {"*"}


class TestDownload:
    async def test_shows_no_document_where_it_is(self, folder_files: Files) -> None:
        file = await folder_files.ready(samples.CSV, "text/csv", file_name="Preise für „Köln“; 100 %.csv")
        answer = await folder_files.get(file["download"])
        assert answer.headers["content-disposition"] == (
            'attachment; filename="Preise f_r _K_ln_; 100 _.csv"; '
            "filename*=UTF-8''Preise%20f%C3%BCr%20%E2%80%9EK%C3%B6ln%E2%80%9C%3B%20100%20%25.csv"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert policy.endswith("sandbox")

    async def test_gives_a_part(self, folder_files: Files) -> None:
        data = b"0123456789" * 1000
        file = await folder_files.ready(data, "text/plain")
        answer = await folder_files.get(file["download"], Range="bytes=10-14")
        assert (answer.status_code, answer.content) == (206, b"01234")
        assert "content-encoding" not in answer.headers

    async def test_refuses_an_address_that_has_expired_or_was_altered(self, folder_files: Files) -> None:
        file = await folder_files.ready(samples.PDF, "application/pdf")
        row = await folder_files.row(file)
        assert row is not None
        assert row.key is not None
        term = Term(utcnow(), utcnow() - timedelta(seconds=1), f"http://{folder_files.business.host}")
        expired = await folder_of(folder_files).link(row.key, Served("bill.pdf", "application/pdf"), term=term)
        for url in (expired, altered(file["download"]["url"]), f"{file['download']['url']}x"):
            answer = await folder_files.get({"url": url})
            assert (answer.status_code, answer.json()["code"]) == (410, "link-invalid")

    async def test_is_no_upload_and_no_upload_is_a_download(self, folder_files: Files) -> None:
        file = await folder_files.uploaded(samples.PDF, "application/pdf")
        url = file["upload"]["url"].replace(UPLOADS, DOWNLOADS)
        assert (await folder_files.get({"url": url})).status_code == 410
        ready = (await folder_files.complete(file)).json()
        url = ready["download"]["url"].replace(DOWNLOADS, UPLOADS)
        answer = await folder_files.put(file | {"upload": file["upload"] | {"url": url}}, samples.PDF)
        assert answer.status_code == 410

    async def test_is_none_of_another_host(self, folder_files: Files, other_business: Business) -> None:
        file = await folder_files.ready(samples.PDF, "application/pdf")
        url = file["download"]["url"].replace(folder_files.business.slug, other_business.slug)
        assert (await folder_files.get({"url": url})).status_code == 410

    async def test_ends_with_the_file(self, folder_files: Files) -> None:
        file = await folder_files.ready(samples.PDF, "application/pdf")
        await folder_files.owner.delete(f"/api/v1/media/{file['id']}")
        await folder_files.clean(now=utcnow())
        assert (await folder_files.get(file["download"])).status_code == 410

    async def test_is_not_there_where_files_lie_in_a_bucket(self, bucket_files: Files) -> None:
        host = f"http://{bucket_files.business.host}"
        async with bucket_files.of(host) as client:
            assert (await client.get(f"{host}{DOWNLOADS}/abc")).status_code == 404
            assert (await client.put(f"{host}{UPLOADS}/abc")).status_code == 404


class TestStore:
    @pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a/../b", "a//b", "", "A", "a.b"])
    async def test_knows_its_own_keys_alone(self, folder_files: Files, key: str) -> None:
        with pytest.raises(ValueError, match="no key of ours"):
            await folder_files.storage.read(key, most=1)

    async def test_keeps_files_for_nobody_elses_eyes(self, folder_files: Files) -> None:
        await folder_files.ready(samples.PDF, "application/pdf")
        (key,) = await folder_files.keys()
        path = folder_of(folder_files)._path(key)  # noqa: SLF001 — there is no other way to look at it
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)

    async def test_removes_folders_with_the_last_file(self, folder_files: Files) -> None:
        file = await folder_files.ready(samples.PDF, "application/pdf")
        (key,) = await folder_files.keys()
        path = folder_of(folder_files)._path(key)  # noqa: SLF001 — as above
        await folder_files.owner.delete(f"/api/v1/media/{file['id']}")
        await folder_files.clean(now=utcnow())
        assert not path.parent.exists()

    async def test_reads_no_more_than_it_is_told(self, files: Files) -> None:
        key = f"{UUID(int=1)}/live/{UUID(int=2)}/some"
        await files.storage.write(key, b"0123456789")
        assert await files.storage.read(key, most=4) == b"01234"
        assert await files.storage.read(key, most=10) == b"0123456789"
        await files.storage.delete([key, f"{key}-not-there"])
        assert await files.storage.read(key, most=4) is None
