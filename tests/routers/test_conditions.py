"""Reads that spare what the client has, through the whole stack."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.actors import Business
from tests.scheduling.salon import Salon, at, refusal

CUSTOMERS = "/api/v1/customers"


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.fixture
async def salon(business: Business) -> Salon:
    return await Salon.open(business)


async def again(client: httpx.AsyncClient, path: str, etag: str, **query: str) -> httpx.Response:
    """The answer to somebody who has what bore this tag."""
    return await client.get(path, params=query, headers={"If-None-Match": etag})


class TestEntityTags:
    async def test_spare_the_body_until_something_changes(self, business: Business) -> None:
        made = await business.make("/customers", {"name": "Grace"})
        path = f"{CUSTOMERS}/{made['id']}"
        etag = (await business.owner.get(path)).headers["etag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await again(business.owner, path, known)
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
            assert "content-type" not in answer.headers
        await business.owner.patch(path, json={"name": "Grace Hopper"})
        answer = await again(business.owner, path, etag)
        assert (answer.status_code, answer.json()["name"]) == (200, "Grace Hopper")
        assert answer.headers["etag"] != etag

    async def test_are_those_of_the_whole_answer(self, business: Business) -> None:
        await business.make("/customers", {"name": "Grace"})
        etag = (await business.owner.get(CUSTOMERS)).headers["etag"]
        assert (await again(business.owner, CUSTOMERS, etag)).status_code == 304
        assert (await again(business.owner, CUSTOMERS, etag, count="true")).status_code == 200
        assert (await again(business.owner, CUSTOMERS, etag, timezone="Asia/Tokyo")).status_code == 200
        await business.make("/customers", {"name": "Ada"})
        assert (await again(business.owner, CUSTOMERS, etag)).status_code == 200

    async def test_let_nobody_see_what_they_may_not(self, business: Business, other_business: Business) -> None:
        path = f"{CUSTOMERS}/{(await business.make('/customers', {'name': 'Grace'}))['id']}"
        etag = (await business.owner.get(path)).headers["etag"]
        tester = await business.client("customers:read", mode="test")
        stranger = await business.client("services:read")
        for known in (etag, "*"):
            assert refusal(await again(other_business.owner, path, known)) == (404, "customer-not-found")
            assert refusal(await again(tester, path, known)) == (404, "customer-not-found")
            assert refusal(await again(stranger, path, known)) == (403, "permission-denied")
            assert refusal(await again(business.anonymous, path, known)) == (401, "unauthenticated")

    async def test_are_on_no_refusal_and_no_stream(self, business: Business) -> None:
        assert "etag" not in (await business.owner.get(f"{CUSTOMERS}/{business.id}")).headers
        answer = await again(business.owner, "/api/v1/audit/export", "*")
        assert (answer.status_code, "etag" in answer.headers) == (200, False)

    async def test_of_a_hold_change_as_it_expires(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "08:00", hold=True)
        for path in (f"/api/v1/appointments/{held['id']}", "/api/v1/appointments"):
            etag = (await salon.desk.get(path)).headers["etag"]
            assert (await again(salon.desk, path, etag)).status_code == 304
            later = {"If-None-Match": etag, "Sandbox-Now": at("06:10")}
            answer = await salon.desk.get(path, headers=later)
            assert (answer.status_code, '"expired"' in answer.text) == (200, True)

    async def test_serve_for_changes_of_the_revision_that_they_show(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        path = f"/api/v1/appointments/{(await salon.booked(service, '08:00'))['id']}"
        etag = (await salon.desk.get(path)).headers["etag"]
        in_tokyo = (await salon.desk.get(path, params={"timezone": "Asia/Tokyo"})).headers["etag"]
        assert etag.startswith('"1.')
        assert in_tokyo != etag
        changed = await salon.desk.patch(path, json={"notes": "window seat"}, headers={"If-Match": in_tokyo})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        stale = await salon.desk.patch(path, json={"notes": "none"}, headers={"If-Match": etag})
        assert refusal(stale) == (412, "revision-stale")


class TestDocument:
    def test_says_so_of_every_read_but_streams(self, document: dict[str, Any]) -> None:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                is_read = (
                    method == "get" and path.startswith("/api/v1/") and operation["operationId"] != "exportAuditEntries"
                )
                is_conditional = {"$ref": "#/components/parameters/IfNoneMatch"} in operation.get("parameters", ())
                assert is_conditional is is_read, operation["operationId"]
                assert ("304" in operation["responses"]) is is_read, operation["operationId"]
