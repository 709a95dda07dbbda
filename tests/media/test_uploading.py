"""Files from their announcement to their end, with both stores."""

import asyncio
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from app.auth.roles import Role
from app.media.uploading import MOST_UNUSED
from tests.actors import Business
from tests.conftest import Caller as ClientOf
from tests.media import samples
from tests.media.conftest import MEDIA, Files
from tests.people.crowd import Crowd


class TestAnnounceFile:
    async def test_says_how_to_upload_it(self, files: Files) -> None:
        answer = await files.announce(samples.PDF, "application/pdf", file_name="bill.pdf")
        made = answer.json()
        assert answer.headers["location"] == f"{MEDIA}/{made['id']}"
        assert (made["status"], made["file_name"], made["size"]) == ("pending", "bill.pdf", len(samples.PDF))
        assert (made["download"], made["thumbnail"], made["sha256"]) == (None, None, None)
        upload = made["upload"]
        assert upload["headers"] == {"Content-Type": "application/pdf", "Content-Length": str(len(samples.PDF))}
        assert upload["method"] == "PUT"
        assert (await files.read(made)).json() == made | {"upload": None}

    async def test_has_size_and_type_signed_in_a_bucket(self, bucket_files: Files) -> None:
        made = await bucket_files.announced(samples.PDF, "application/pdf")
        query = httpx.URL(made["upload"]["url"]).params
        assert query["X-Amz-SignedHeaders"] == "content-length;content-type;host"
        assert query["X-Amz-Expires"] == "900"

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../etc/passwd", "passwd.pdf"),
            (r"..\..\windows\win.ini", "win.ini.pdf"),
            ("/etc/cron.d/job.pdf", "job.pdf"),
            ("bill.pdf\u202egpj.exe", "bill.pdfgpj.exe.pdf"),
            ("evil.html", "evil.html.pdf"),
            ("Rechnung für Köln.PDF", "Rechnung für Köln.PDF"),
            (".htaccess", "htaccess.pdf"),
            ("con", "_con.pdf"),
            ('a"b<c>.pdf', "a_b_c_.pdf"),
        ],
    )
    async def test_keeps_a_name_that_leads_nowhere(self, folder_files: Files, name: str, kept: str) -> None:
        made = await folder_files.announced(samples.PDF, "application/pdf", file_name=name)
        assert made["file_name"] == kept

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"content_type": "image/svg+xml"}, "/content_type"),
            ({"content_type": "text/html"}, "/content_type"),
            ({"content_type": "application/zip"}, "/content_type"),
            ({"size": 0}, "/size"),
            ({"size": 25 * 1024 * 1024 + 1}, "/size"),
            ({"purpose": "logo", "size": 5 * 1024 * 1024 + 1}, "/size"),
            ({"purpose": "logo", "content_type": "application/pdf"}, "/content_type"),
            ({"purpose": "backup"}, "/purpose"),
            ({"file_name": "../.."}, "/file_name"),
            ({"file_name": ""}, "/file_name"),
        ],
    )
    async def test_refuses_what_is_not_taken(self, folder_files: Files, changes: dict[str, Any], pointer: str) -> None:
        answer = await folder_files.announce(b"x", **changes)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_is_bounded_by_the_subscription(self, app: Any, platform: Any) -> None:
        tier = "/api/v1/platform/tiers/FREE"
        business = await platform.sign_up(subscription_tier="FREE")
        files = Files(app, business)
        await platform.superuser.patch(tier, json={"storage_megabytes": 1})
        try:
            await files.announced(b"", "application/pdf", size=600_000)
            refused = await files.announce(b"", "application/pdf", size=400_001)
            assert (refused.status_code, refused.json()["code"]) == (402, "tier-limit")
            assert refused.json()["params"] | {"lifted_by": None} == {
                "limit": "storage_megabytes",
                "allowed": 1,
                "used": 0,
                "tier": "FREE",
                "lifted_by": None,
            }
            both = [files.announce(b"", "application/pdf", size=300_000) for _ in range(2)]
            assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [201, 402]
        finally:
            await platform.superuser.patch(tier, json={"storage_megabytes": 500})

    async def test_is_bounded_by_what_is_not_used(self, folder_files: Files) -> None:
        made = [await folder_files.announced(b"x" * 10, "application/pdf") for _ in range(MOST_UNUSED)]
        refused = await folder_files.announce(b"x" * 10, "application/pdf")
        assert (refused.status_code, refused.json()["code"]) == (409, "media-file-limit")
        assert (await folder_files.owner.delete(f"{MEDIA}/{made[0]['id']}")).status_code == 204
        assert (await folder_files.announce(b"x" * 10, "application/pdf")).status_code == 201

    async def test_is_not_for_tokens_of_other_scopes(self, business: Business) -> None:
        reader = await business.client("media:read")
        assert (await reader.post(MEDIA, json={})).status_code == 403


class TestCompleteFile:
    async def test_takes_a_document_as_it_is(self, files: Files) -> None:
        file = await files.ready(samples.PDF, "application/pdf", file_name="bill.pdf")
        assert (file["status"], file["size"], file["content_type"]) == ("ready", len(samples.PDF), "application/pdf")
        assert (file["width"], file["thumbnail"]) == (None, None)
        answer = await files.get(file["download"])
        assert answer.content == samples.PDF
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith('attachment; filename="bill.pdf"')

    async def test_makes_a_picture_anew(self, files: Files) -> None:
        file = await files.ready(samples.turned_photograph(), "image/jpeg", file_name="me.jpeg")
        assert (file["width"], file["height"]) == (40, 80)
        shown = await files.get(file["download"])
        assert shown.headers["content-disposition"].startswith("inline")
        assert len(shown.content) == file["size"]
        assert b"ecret" not in shown.content
        with Image.open(BytesIO(shown.content)) as kept:
            assert (kept.format, kept.size, len(kept.getexif())) == ("JPEG", (40, 80), 0)
            red, _, blue = kept.getpixel((20, 10))  # type: ignore[misc] # a pixel of three
            assert red > blue
        small = await files.get(file["thumbnail"])
        with Image.open(BytesIO(small.content)) as kept:
            assert max(kept.size) <= 320

    async def test_says_the_same_again(self, files: Files) -> None:
        file = await files.uploaded(samples.picture())
        first, again = [(await files.complete(file)).json() for _ in range(2)]
        links = {"download", "thumbnail"}
        assert {**again, **dict.fromkeys(links)} == {**first, **dict.fromkeys(links)}
        assert len(await files.keys()) == 2

    async def test_takes_one_of_two_at_once(self, files: Files) -> None:
        file = await files.uploaded(samples.picture())
        answers = await asyncio.gather(*[files.complete(file) for _ in range(3)])
        assert [answer.status_code for answer in answers] == [200] * 3
        assert len({answer.json()["sha256"] for answer in answers}) == 1
        assert len(await files.keys()) == 2  # the picture and the small one of it

    async def test_is_not_changed_by_a_later_upload(self, files: Files) -> None:
        file = await files.uploaded(samples.PDF, "application/pdf")
        ready = (await files.complete(file)).json()
        other = samples.PDF.replace(b"Catalog", b"OpenAct")
        await files.put(file, other)
        assert (await files.get(ready["download"])).content == samples.PDF

    async def test_wants_an_upload(self, files: Files) -> None:
        answer = await files.complete(await files.announced(samples.PDF, "application/pdf"))
        assert (answer.status_code, answer.json()["code"]) == (409, "upload-incomplete")

    @pytest.mark.parametrize(
        ("data", "declared", "reason"),
        [
            (samples.SVG, "image/png", "type-unknown"),
            (samples.SVG, "text/plain", "type-unknown"),
            (b"<!DOCTYPE html>" + samples.SCRIPT, "text/plain", "type-unknown"),
            (samples.picture("GIF"), "image/png", "type-differs"),
            (samples.PDF, "image/png", "type-differs"),
            (samples.picture()[:-40], "image/png", "damaged"),
            (samples.pixel_bomb(), "image/png", "too-many-pixels"),
            (samples.PDF + samples.document(), "application/pdf", "ambiguous"),
            (samples.document(("word/vbaProject.bin", b"x")), samples.DOCX, "macros"),
            (samples.document(("bomb.xml", b"\0" * 5_000_000)), samples.DOCX, "bomb"),
            (b"MZ\x90\0\3\0\0\0", "application/pdf", "type-unknown"),
        ],
    )
    async def test_refuses_what_is_something_else(self, files: Files, data: bytes, declared: str, reason: str) -> None:
        file = await files.uploaded(data, declared, file_name="holiday.png")
        for _ in range(2):
            answer = await files.complete(file)
            assert (answer.status_code, answer.json()["code"]) == (422, "media-file-refused")
            assert answer.json()["params"]["reason"] == reason
        assert await files.keys() == []
        read = (await files.read(file)).json()
        assert (read["status"], read["refusal"], read["download"]) == ("refused", reason, None)

    async def test_leaves_nothing_of_a_polyglot_but_its_pixels(self, files: Files) -> None:
        file = await files.ready(samples.gif_and_script(), "image/gif", file_name="smile.gif")
        shown = await files.get(file["download"])
        assert (file["content_type"], file["file_name"]) == ("image/png", "smile.png")
        assert b"script" not in shown.content
        assert b"alert" not in shown.content

    async def test_refuses_a_file_of_another_size(self, bucket_files: Files) -> None:
        """A real bucket takes no other size than the signed one; whoever speaks like one might."""
        for data in (samples.PDF + b"%" * 100, samples.PDF[:-1]):
            file = await bucket_files.announced(samples.PDF, "application/pdf")
            async with httpx.AsyncClient() as client:
                await client.put(file["upload"]["url"], content=data)
            answer = await bucket_files.complete(file)
            assert answer.json()["params"]["reason"] == "size"

    async def test_is_for_whoever_announced_it(
        self, files: Files, client_of: ClientOf, other_business: Business
    ) -> None:
        crowd = Crowd(files.app, client_of)
        colleague = await crowd.add(Role.TENANT_MANAGER, files.business)
        customer = await crowd.add(Role.CUSTOMER, files.business)
        file = await files.uploaded(samples.picture())
        strangers = [files.here(colleague.client), files.here(customer.client), files.in_sandbox]
        strangers.append(Files(files.app, other_business).owner)
        for stranger in strangers:
            for answer in (
                await files.complete(file, stranger),
                await files.read(file, stranger),
                await stranger.delete(f"{MEDIA}/{file['id']}"),
            ):
                assert (answer.status_code, answer.json()["code"]) == (404, "media-file-not-found")
        assert (await files.read(file)).json()["status"] == "pending"

    async def test_keeps_modes_apart(self, files: Files) -> None:
        file = await files.ready(client=files.in_sandbox)
        assert (await files.read(file)).status_code == 404
        assert (await files.read(file, files.in_sandbox)).status_code == 200
        assert await files.keys() == []

    async def test_works_with_a_token_at_the_host_for_tokens(self, files: Files) -> None:
        token = await files.business.token("media:read", "media:write")
        client = files.business.at("api.localhost", token, app=files.app)
        file = await files.ready(client=client)
        assert (await files.get(file["download"])).status_code == 200


class TestGetFile:
    async def test_does_not_find_what_there_is_not(self, folder_files: Files) -> None:
        assert (await folder_files.read({"id": str(uuid4())})).json()["code"] == "media-file-not-found"

    async def test_is_for_customers_too(self, files: Files, client_of: ClientOf) -> None:
        customer = await Crowd(files.app, client_of).add(Role.CUSTOMER, files.business)
        client = files.here(customer.client)
        file = await files.ready(samples.CSV, "text/csv", client=client, file_name="my visits.csv")
        assert (await files.read(file)).status_code == 404
        answer = await files.get((await files.read(file, client)).json()["download"])
        assert answer.content == samples.CSV


class TestDeleteFile:
    async def test_hides_it_at_once(self, files: Files) -> None:
        file = await files.ready()
        assert (await files.owner.delete(f"{MEDIA}/{file['id']}")).status_code == 204
        assert (await files.read(file)).status_code == 404
        assert (await files.complete(file)).status_code == 404
        assert (await files.owner.delete(f"{MEDIA}/{file['id']}")).status_code == 404
