"""Pages of other origins: those that a business lists may call its API with a token, and nobody ever with cookies."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from tests.actors import PASSWORD, Business, Platform
from tests.conftest import Caller
from tests.remembering import until_it_remembers

LISTED, STRANGE = "https://app.example", "https://elsewhere.example"
CUSTOMERS = "/api/v1/customers"


def said(answer: httpx.Response) -> set[str]:
    """What an answer says of other origins."""
    return {name for name in answer.headers if name.startswith("access-control-")}


def items(answer: httpx.Response, name: str) -> set[str]:
    return {item.strip() for item in answer.headers[name].split(",")}


async def ask(
    client: httpx.AsyncClient, path: str = CUSTOMERS, *, origin: str = LISTED, method: str = "POST"
) -> httpx.Response:
    """What a browser asks before it lets a page call."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return await client.options(path, headers=headers | {"Access-Control-Request-Headers": "authorization"})


@pytest.fixture
async def strict_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The same installation, which lets nobody call twice."""
    app = create_app(settings.model_copy(update={"requests_per_minute_of_address": 1}))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def listing(business: Business) -> Business:
    """A business that lists one origin."""
    answer = await business.owner.patch("/api/v1/business", json={"cors_origins": [LISTED]})
    assert answer.status_code == 200
    return business


class TestPreflight:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def test_of_a_listed_origin_is_told_what_it_may_send(self, listing: Business, method: str) -> None:
        answer = await ask(listing.anonymous, method=method)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == LISTED
        assert method in items(answer, "access-control-allow-methods")
        assert items(answer, "access-control-allow-headers") >= {
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "Smooth-Version",
        }
        assert int(answer.headers["access-control-max-age"]) > 0
        assert "Origin" in items(answer, "vary")
        assert "access-control-allow-credentials" not in answer.headers

    async def test_may_name_any_address_of_the_api(self, listing: Business) -> None:
        assert (await ask(listing.anonymous, "/api/v1/nothing")).status_code == 204

    @pytest.mark.parametrize(
        "origin",
        [STRANGE, "null", "https://app.example:8443", "http://app.example", "https://app.example.evil.example"],
    )
    async def test_of_another_origin_is_told_nothing(self, listing: Business, origin: str) -> None:
        answer = await ask(listing.anonymous, origin=origin)
        assert (answer.status_code, said(answer)) == (204, set())

    async def test_outside_of_the_api_is_told_nothing(self, listing: Business) -> None:
        for path in ("/", "/docs", "/healthz", "/openapi.json"):
            assert not said(await ask(listing.anonymous, path))

    async def test_is_told_apart_from_a_mere_options(self, listing: Business) -> None:
        answer = await listing.anonymous.options(CUSTOMERS, headers={"Origin": LISTED})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, LISTED)
        assert "access-control-allow-methods" not in answer.headers

    async def test_at_another_host_is_told_nothing(
        self, listing: Business, other_business: Business, platform: Platform, at: Caller
    ) -> None:
        assert (await ask(listing.anonymous)).status_code == 204
        for client in (other_business.anonymous, platform.anonymous, at("nobody.localhost")):
            assert not said(await ask(client))

    async def test_is_refused_as_soon_as_the_origin_is_taken_off(self, listing: Business) -> None:
        await listing.owner.patch("/api/v1/business", json={"cors_origins": []})
        assert not said(await ask(listing.anonymous))


class TestHostForTokens:
    async def test_lets_anybody_ask(self, at: Caller) -> None:
        answer = await ask(at("api.localhost"), origin=STRANGE)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, STRANGE)
        assert "access-control-allow-credentials" not in answer.headers

    async def test_is_read_by_whom_the_business_of_the_token_lists(self, listing: Business) -> None:
        client = listing.at("api.localhost", await listing.token("customers:read"))
        listed, strange = [await client.get(CUSTOMERS, headers={"Origin": origin}) for origin in (LISTED, STRANGE)]
        assert (listed.status_code, listed.headers["access-control-allow-origin"]) == (200, LISTED)
        assert (strange.status_code, said(strange)) == (200, set())

    async def test_is_read_by_nobody_without_a_token(self, at: Caller) -> None:
        answer = await at("api.localhost").get(CUSTOMERS, headers={"Origin": LISTED})
        assert (answer.status_code, said(answer)) == (401, set())


class TestCall:
    async def test_can_be_read_by_a_listed_origin(self, listing: Business) -> None:
        client = await listing.client("customers:read")
        answer = await client.get(CUSTOMERS, headers={"Origin": LISTED})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == LISTED
        assert items(answer, "access-control-expose-headers") == {
            "ETag",
            "Idempotency-Replayed",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "Smooth-Version",
            "X-Request-Id",
            "X-Sandbox-Mode",
        }
        assert "Origin" in items(answer, "vary")
        assert "access-control-allow-credentials" not in answer.headers

    async def test_cannot_be_read_by_another(self, listing: Business) -> None:
        for headers in ({"Origin": STRANGE}, {}):
            answer = await listing.owner.get(CUSTOMERS, headers=headers)
            assert (answer.status_code, said(answer)) == (200, set())
            assert "Origin" in items(answer, "vary")

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("GET", "/api/v1/nothing", b"", 404),
            ("PUT", CUSTOMERS, b"", 405),
            ("POST", CUSTOMERS, b"{}", 422),
            ("POST", CUSTOMERS, b"{", 400),
            ("POST", CUSTOMERS, b"x" * (1024 * 1024 + 1), 413),
        ],
    )
    async def test_is_told_of_its_mistakes(
        self, listing: Business, method: str, path: str, body: bytes, status: int
    ) -> None:
        headers = {"Origin": LISTED, "Content-Type": "application/json"}
        answer = await listing.owner.request(method, path, content=body, headers=headers)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, LISTED)

    async def test_without_a_token_is_told_so(self, listing: Business) -> None:
        answer = await listing.anonymous.get(CUSTOMERS, headers={"Origin": LISTED})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, LISTED)

    async def test_too_often_is_told_so_while_preflights_are_not_counted(
        self, listing: Business, strict_app: FastAPI
    ) -> None:
        await until_it_remembers(strict_app)
        await listing.at(listing.host, app=strict_app).get("/api/v1/host")  # somebody else has asked for it before
        client = listing.at(listing.host, app=strict_app)
        for _ in range(3):
            assert (await ask(client)).status_code == 204
        answers = [await client.get("/api/v1/host", headers={"Origin": LISTED}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert {answer.headers["access-control-allow-origin"] for answer in answers} == {LISTED}

    async def test_is_told_of_our_failures(
        self, listing: Business, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(app.state, "database")
        answer = await listing.owner.get(CUSTOMERS, headers={"Origin": LISTED})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, LISTED)

    async def test_with_cookies_writes_nothing(self, listing: Business) -> None:
        body = {"email": listing.email, "password": PASSWORD}
        session = await listing.anonymous.post("/api/v1/auth/login", json=body)
        answer = await listing.anonymous.post(
            CUSTOMERS,
            json={"name": "Mallory"},
            headers={"Origin": LISTED, "X-CSRF-Token": session.json()["csrf_token"]},
        )
        listing.anonymous.cookies.clear()
        assert answer.json()["code"] == "cross-site-request"

    async def test_logs_nobody_in(self, listing: Business) -> None:
        body = {"email": listing.email, "password": PASSWORD}
        answer = await listing.anonymous.post("/api/v1/auth/login", json=body, headers={"Origin": LISTED})
        assert answer.json()["code"] == "cross-site-request"
