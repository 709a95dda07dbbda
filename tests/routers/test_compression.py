"""Packed answers: for whom, of what, and never next to a secret."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.routers.compression import BEARING_SECRETS
from tests.actors import PASSWORD, Business, Platform
from tests.scheduling.salon import Salon

CUSTOMERS = "/api/v1/customers"
SECRETS = {"access_token", "code", "csrf_token", "recovery_codes", "refresh_token", "secret", "token"}
"""What fields are called that hold one."""
NO_SECRETS = {"describeProblem"}
"""The code of a problem is none."""


def is_packed(answer: httpx.Response) -> bool:
    return "content-encoding" in answer.headers


def fields(document: dict[str, Any], node: Any) -> Iterator[str]:
    """The names of all fields of a schema."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield from fields(document, document["components"]["schemas"][node["$ref"].rpartition("/")[2]])
        yield from node.get("properties", {})
        for each in node.values():
            yield from fields(document, each)
    elif isinstance(node, list):
        for each in node:
            yield from fields(document, each)


@pytest.fixture
async def crowd(business: Business) -> Business:
    """A business with a list of more than a kilobyte."""
    for number in range(8):
        await business.make("/customers", {"name": f"Customer {number}", "notes": "Prefers mornings. " * 5})
    return business


class TestPackedAnswer:
    async def test_is_the_same_once_unpacked(self, crowd: Business) -> None:
        plain = await crowd.owner.get(CUSTOMERS, headers={"Accept-Encoding": "identity"})
        packed = await crowd.owner.get(CUSTOMERS, headers={"Accept-Encoding": "br, gzip"})
        assert (is_packed(plain), is_packed(packed)) == (False, True)
        assert packed.json() == plain.json()
        assert int(packed.headers["content-length"]) < len(plain.content) / 2

    async def test_is_kept_apart_from_the_plain_one(self, crowd: Business) -> None:
        for encoding in ("identity", "gzip"):
            answer = await crowd.owner.get(CUSTOMERS, headers={"Accept-Encoding": encoding})
            assert "Accept-Encoding" in answer.headers["vary"]

    @pytest.mark.parametrize(
        "path", ["/openapi.json", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js"]
    )
    async def test_may_be_a_file_or_a_page(self, business: Business, path: str) -> None:
        assert is_packed(await business.anonymous.get(path))

    @pytest.mark.parametrize("path", ["/healthz", "/api/v1/host", "/api/v1/nothing", "/docs/assets/favicon.png"])
    async def test_is_none_that_is_short_or_packed_already(self, business: Business, path: str) -> None:
        assert not is_packed(await business.anonymous.get(path))


class TestEntityTag:
    async def test_of_a_packed_file_is_weak_and_known_again(self, business: Business) -> None:
        path = "/docs/assets/swagger-ui.css"
        plain = await business.anonymous.get(path, headers={"Accept-Encoding": "identity"})
        packed = await business.anonymous.get(path)
        assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
        again = await business.anonymous.get(path, headers={"If-None-Match": packed.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    async def test_of_a_packed_thing_still_names_its_revision(self, business: Business) -> None:
        salon = await Salon.open(business)
        made = await salon.booked(await salon.service([await salon.resource()]), "09:00", notes="x" * 1500)
        address = f"/api/v1/appointments/{made['id']}"
        answer = await salon.desk.get(address)
        assert is_packed(answer)
        assert answer.headers["etag"].startswith(f'W/"{made["revision"]}.')
        insisting = {"If-Match": answer.headers["etag"]}
        changes = [await salon.desk.patch(address, json={"notes": "short"}, headers=insisting) for _ in range(2)]
        assert [change.status_code for change in changes] == [200, 412]


class TestSecrets:
    def test_stand_where_nothing_is_packed(self, app: FastAPI) -> None:
        document = app.openapi()
        bearing = {
            path
            for path, operations in document["paths"].items()
            for operation in operations.values()
            if operation["operationId"] not in NO_SECRETS
            for status, response in operation["responses"].items()
            if status.startswith("2")
            if SECRETS & {*fields(document, response)}
        }
        assert bearing
        assert not {path for path in bearing if not path.startswith(BEARING_SECRETS)}
        for prefix in {*BEARING_SECRETS} - {"/admin", "/api/v1/batch"}:  # whose answers the document leaves open
            assert any(path.startswith(prefix) for path in bearing), prefix

    async def test_are_sent_plain(self, business: Business) -> None:
        body = {"email": business.email, "password": PASSWORD}
        for _ in range(6):
            await business.token("customers:read")
        answers = [
            await business.anonymous.post("/api/v1/auth/login", json=body),
            await business.owner.get("/api/v1/me"),
            await business.owner.get("/api/v1/tokens"),
        ]
        business.anonymous.cookies.clear()
        making = {"method": "POST", "path": "/api/v1/customers", "body": {"name": "x" * 100}}
        batch = await business.owner.post("/api/v1/batch", json={"requests": [making] * 20})
        assert len(batch.content) > 1024
        assert not is_packed(batch)
        assert [is_packed(answer) for answer in answers] == [False, False, False]
        assert len(answers[2].content) > 1024

    async def test_of_the_back_offices_forms_too_but_not_its_styles(self, platform: Platform) -> None:
        page = await platform.anonymous.get("/admin/login")
        assert len(page.content) > 1024
        assert not is_packed(page)
        (sheet, *_) = re.findall(r'href="http://[^/]+(/admin/[^"]+\.css)"', page.text)
        assert is_packed(await platform.anonymous.get(sheet))
