"""Callers of an older version: the change that docs/versioning.md makes, carried through the whole stack."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.core.versions import VERSIONS, Change, Versions
from app.main import create_app
from app.models.public import ApiTokenRow
from app.settings import Settings
from tests.actors import Business
from tests.docs.markdown import ROOT, blocks

CUSTOMERS = "/api/v1/customers"
OLDER, NEWER = "2026-11-01", "2027-03-01"
GRACE = {"name": "Grace Hopper", "remarks": "Prefers mornings."}


def written_in_the_guide() -> Versions:
    (example,) = [block.text for block in blocks(ROOT / "docs" / "versioning.md") if block.language == "python"]
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 — our own words
    made = names["VERSIONS"]
    assert isinstance(made, Versions)
    return made


@pytest.fixture(scope="module")
async def later_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application when the version of the guide is out."""
    application = create_app(settings)
    application.state.versions = written_in_the_guide()
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def older(business: Business, later_app: FastAPI) -> httpx.AsyncClient:
    """A client whose token was made before that version."""
    token = await business.token("customers:read", "customers:write")
    return business.at(business.host, token, app=later_app)


@pytest.fixture
async def newer(business: Business, later_app: FastAPI) -> httpx.AsyncClient:
    """The owner, in a session."""
    access = business.owner.headers["authorization"].removeprefix("Bearer ")
    return business.at(business.host, access, app=later_app)


class TestOlderCaller:
    async def test_sends_and_receives_the_shape_it_knows(self, older: httpx.AsyncClient) -> None:
        answer = await older.post(CUSTOMERS, json=GRACE)
        assert (answer.status_code, answer.headers["smooth-version"]) == (201, OLDER)
        made = answer.json()
        assert made["remarks"] == GRACE["remarks"]
        assert "notes" not in made
        assert (await older.get(f"{CUSTOMERS}/{made['id']}")).json() == made

    async def test_changes_what_it_names_and_no_more(self, older: httpx.AsyncClient) -> None:
        made = (await older.post(CUSTOMERS, json=GRACE)).json()
        renamed = (await older.patch(f"{CUSTOMERS}/{made['id']}", json={"name": "Grace"})).json()
        assert (renamed["name"], renamed["remarks"]) == ("Grace", GRACE["remarks"])
        cleared = (await older.patch(f"{CUSTOMERS}/{made['id']}", json={"remarks": ""})).json()
        assert cleared["remarks"] == ""

    async def test_receives_the_items_of_a_list(self, older: httpx.AsyncClient) -> None:
        made = (await older.post(CUSTOMERS, json=GRACE)).json()
        assert (await older.get(CUSTOMERS)).json()["items"] == [made]

    async def test_is_pointed_at_what_it_sent(self, older: httpx.AsyncClient) -> None:
        for value in (5, "x" * 3000):
            answer = await older.post(CUSTOMERS, json=GRACE | {"remarks": value})
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == ["/remarks"]

    async def test_is_pointed_at_it_by_a_feature_too(self, older: httpx.AsyncClient) -> None:
        made = (await older.post(CUSTOMERS, json=GRACE)).json()
        answer = await older.patch(f"{CUSTOMERS}/{made['id']}", json={"remarks": None})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/remarks"]

    @pytest.mark.parametrize("body", [b"{", b"[]", b"5", b""])
    async def test_is_told_of_a_body_that_is_no_object(self, older: httpx.AsyncClient, body: bytes) -> None:
        answer = await older.post(CUSTOMERS, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["smooth-version"]) == (400 if body == b"{" else 422, OLDER)

    async def test_may_ask_for_the_newer(self, older: httpx.AsyncClient) -> None:
        answer = await older.post(
            CUSTOMERS, json={"name": "Grace", "notes": "Mornings."}, headers={"Smooth-Version": NEWER}
        )
        assert answer.headers["smooth-version"] == NEWER
        assert answer.json()["notes"] == "Mornings."


class TestNewerCaller:
    async def test_sees_what_the_older_has_written(self, older: httpx.AsyncClient, newer: httpx.AsyncClient) -> None:
        made = (await older.post(CUSTOMERS, json=GRACE)).json()
        answer = await newer.get(f"{CUSTOMERS}/{made['id']}")
        assert answer.headers["smooth-version"] == NEWER
        assert answer.json()["notes"] == GRACE["remarks"]

    async def test_may_not_say_it_as_before(self, newer: httpx.AsyncClient) -> None:
        answer = await newer.post(CUSTOMERS, json=GRACE)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/remarks"]

    async def test_may_ask_for_the_older(self, newer: httpx.AsyncClient) -> None:
        answer = await newer.post(CUSTOMERS, json=GRACE, headers={"Smooth-Version": OLDER})
        assert (answer.headers["smooth-version"], answer.json()["remarks"]) == (OLDER, GRACE["remarks"])


class TestVersionOfAnAnswer:
    @pytest.mark.parametrize("path", ["/me", "/host", "/nothing", "/customers/nobody"])
    async def test_is_said_by_every_answer(self, business: Business, path: str) -> None:
        for client in (business.owner, business.anonymous):
            assert (await client.get(f"/api/v1{path}")).headers["smooth-version"] == VERSIONS.latest

    async def test_is_said_by_the_api_alone(self, business: Business) -> None:
        assert "smooth-version" not in (await business.anonymous.get("/healthz")).headers

    @pytest.mark.parametrize("asked", ["2026-11-02", "1", "", "latest", "x" * 3000])
    async def test_is_none_that_there_is_not(self, business: Business, asked: str) -> None:
        answer = await business.owner.get(CUSTOMERS, headers={"Smooth-Version": asked})
        assert (answer.status_code, answer.json()["code"]) == (400, "version-unknown")
        assert answer.json()["params"] == {"asked": asked[:50], "known": list(VERSIONS.dates)}
        assert len(answer.content) < 1000

    async def test_tells_apart_what_caches_keep(self, business: Business) -> None:
        assert "Smooth-Version" in (await business.anonymous.get("/api/v1/host")).headers["vary"]
        assert "Smooth-Version" not in (await business.owner.get(CUSTOMERS)).headers["vary"]

    async def test_is_the_nearest_to_one_that_is_not_served(
        self, business: Business, app: FastAPI, later_app: FastAPI
    ) -> None:
        for pinned, served in (("2025-01-01", OLDER), ("2027-01-01", OLDER), ("2030-01-01", NEWER)):
            made = await business.make("/tokens", {"name": pinned, "mode": "live", "scopes": ["customers:read"]})
            async with app.state.database.transaction() as session:
                query = update(ApiTokenRow).where(ApiTokenRow.id == UUID(made["id"])).values(api_version=pinned)
                await session.execute(query)
            client = business.at(business.host, made["token"], app=later_app)
            assert (await client.get(CUSTOMERS)).headers["smooth-version"] == served

    async def test_is_pinned_to_a_token_when_it_is_made(self, business: Business) -> None:
        made = await business.make("/tokens", {"name": "site", "mode": "live", "scopes": ["customers:read"]})
        assert made["api_version"] == VERSIONS.latest
        assert (await business.owner.get("/api/v1/tokens")).json()["items"][0]["api_version"] == VERSIONS.latest


class TestVersions:
    def test_are_in_order_and_so_are_their_changes(self) -> None:
        for versions in (VERSIONS, written_in_the_guide()):
            assert all(older < newer for older, newer in pairwise(versions.dates))
            assert all(older.version <= newer.version for older, newer in pairwise(versions.changes))
            assert {change.version for change in versions.changes} <= {*versions.dates[1:]}

    def test_name_operations_that_there_are(self, app: FastAPI) -> None:
        paths = app.openapi()["paths"].values()
        known = {operation["operationId"] for path in paths for operation in path.values()}
        for versions in (VERSIONS, written_in_the_guide()):
            assert {operation for change in versions.changes for operation in change.operations} <= known


class TestChange:
    def test_without_functions_leaves_bodies_as_they_are(self) -> None:
        change = Change(version=NEWER, operations=frozenset({"bookAppointment"}))
        body = {"name": "Grace"}
        assert change.upgrade(body) == change.downgrade(body) == body

    @pytest.mark.parametrize(
        ("pointer", "older"),
        [("/notes", "/remarks"), ("/notes/0", "/remarks/0"), ("/notes2", "/notes2"), ("", ""), ("/name", "/name")],
    )
    def test_knows_what_things_were_called(self, pointer: str, older: str) -> None:
        change = Change(version=NEWER, operations=frozenset(), renamed={"/notes": "/remarks"})
        assert change.older_pointer(pointer) == older
