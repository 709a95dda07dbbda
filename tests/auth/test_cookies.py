"""Browsers: their cookies, and the two checks that every write with cookies has to pass."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.auth.cookies import CookieNames, is_same_origin
from app.auth.csrf import check_csrf_token, csrf_token
from app.core.crypto import Keyring
from app.errors import CsrfTokenInvalid
from app.main import create_app
from app.settings import Settings
from tests.actors import PASSWORD, Business
from tests.conftest import Caller

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
LOGOUT, REFRESH = "/api/v1/auth/logout", "/api/v1/auth/refresh"


class Browser:
    """A browser at one host, with the cookies that its log-in set, and what a page knows of the answer."""

    def __init__(self, business: Business, answer: httpx.Response) -> None:
        self.host = business.host
        self.client = business.at(business.host)
        for name in ("access_token", "refresh_token"):
            self.client.cookies.set(name, answer.cookies[name], domain="")
        self.access_token: str = answer.json()["access_token"]
        self.csrf_token: str = answer.json()["csrf_token"]

    async def post(self, path: str, **headers: str) -> tuple[int, str]:
        """Send a write; the status, and the problem's code if it is one."""
        answer = await self.client.post(
            path, json={}, headers={name.replace("_", "-"): headers[name] for name in headers}
        )
        return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""

    async def is_in(self) -> bool:
        return (await self.client.get("/api/v1/me")).status_code == 200


async def browser_of(business: Business) -> Browser:
    client = business.at(business.host)
    return Browser(
        business, await client.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})
    )


@pytest.fixture
async def browser(business: Business) -> Browser:
    return await browser_of(business)


class TestCookieSession:
    async def test_reads_need_nothing_but_the_cookie(self, browser: Browser) -> None:
        assert await browser.is_in()

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://{host}"},
            {"Origin": "https://evil.example"},
            {"Origin": "http://{host}.evil.example"},
            {"Origin": "http://evil-{host}"},
            {"Origin": "null"},
            {"Origin": ""},
            {"Referer": "http://{host}/"},
        ],
    )
    async def test_a_write_from_elsewhere_is_refused(self, browser: Browser, headers: dict[str, str]) -> None:
        sent = {name: value.format(host=browser.host) for name, value in headers.items()}
        refused = (403, "cross-site-request")
        assert await browser.post(LOGOUT, **sent, **{"X-CSRF-Token": browser.csrf_token}) == refused
        assert await browser.post(REFRESH, **sent) == refused
        assert await browser.is_in()

    @pytest.mark.parametrize("headers", [OWN_PAGE, {"Sec-Fetch-Site": "none"}, {"Origin": "http://{host}"}])
    async def test_a_write_from_the_own_pages_passes_with_the_token(
        self, browser: Browser, headers: dict[str, str]
    ) -> None:
        sent = {name: value.format(host=browser.host) for name, value in headers.items()}
        assert await browser.post(LOGOUT, **sent, **{"X-CSRF-Token": browser.csrf_token}) == (204, "")
        assert not await browser.is_in()

    async def test_a_refresh_needs_no_token_since_it_only_gives_out_a_new_one(self, browser: Browser) -> None:
        assert await browser.post(REFRESH, **OWN_PAGE) == (200, "")

    async def test_a_refresh_keeps_the_token(self, browser: Browser) -> None:
        answer = await browser.client.post(REFRESH, json={}, headers=OWN_PAGE)
        assert answer.json()["csrf_token"] == browser.csrf_token
        assert (await browser.client.get("/api/v1/me")).json()["csrf_token"] == browser.csrf_token

    async def test_another_log_in_ends_the_session_that_the_browser_had(
        self, browser: Browser, business: Business
    ) -> None:
        body = {"email": business.email, "password": PASSWORD}
        assert (await browser.client.post("/api/v1/auth/login", json=body | {"password": "wrong"})).status_code == 401
        assert await browser.is_in()
        for _ in range(2):  # the second time there is nothing left to end
            answer = await browser.client.post("/api/v1/auth/login", json=body)
            assert answer.status_code == 200
        assert answer.json()["csrf_token"] != browser.csrf_token
        former = business.at(business.host, browser.access_token)
        assert (await former.get("/api/v1/me")).json()["code"] == "session-invalid"
        assert (await business.owner.get("/api/v1/me")).status_code == 200

    async def test_what_is_no_cookie_of_ours_does_not_hinder_a_log_in(self, business: Business) -> None:
        client = business.at(business.host)
        client.cookies.set("refresh_token", "0" * 32 + ".1.abc", domain="")
        answer = await client.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})
        assert answer.status_code == 200

    async def test_an_api_token_has_no_business_in_a_cookie(self, browser: Browser, business: Business) -> None:
        browser.client.cookies.set("access_token", await business.token("services:read"), domain="")
        answer = await browser.client.get("/api/v1/services")
        assert answer.json()["code"] == "token-invalid"

    async def test_a_cookie_counts_at_its_own_host(self, browser: Browser, other_business: Business) -> None:
        stranger = other_business.at(other_business.host)
        stranger.cookies.set("access_token", browser.access_token, domain="")
        assert (await stranger.get("/api/v1/me")).json()["code"] == "token-invalid"


class TestCsrfToken:
    async def test_is_asked_of_every_write_with_a_cookie(self, browser: Browser) -> None:
        assert await browser.post(LOGOUT, **OWN_PAGE) == (403, "csrf-token-invalid")
        for method in ("PUT", "PATCH", "DELETE"):
            answer = await browser.client.request(method, "/api/v1/me/sessions", headers=OWN_PAGE)
            assert answer.status_code in {403, 405}
        assert await browser.is_in()

    @pytest.mark.parametrize("token", ["", "0" * 64, "ü", "x" * 10_000])
    async def test_no_other_value_will_do(self, browser: Browser, token: str) -> None:
        headers = {b"Sec-Fetch-Site": b"same-origin", b"X-CSRF-Token": token.encode()}
        answer = await browser.client.post(LOGOUT, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf-token-invalid")

    async def test_of_another_session_is_refused_even_of_the_same_user(
        self, browser: Browser, business: Business
    ) -> None:
        other = await browser_of(business)
        assert other.csrf_token != browser.csrf_token
        headers = OWN_PAGE | {"X-CSRF-Token": other.csrf_token}
        assert await browser.post(LOGOUT, **headers) == (403, "csrf-token-invalid")

    async def test_alone_does_not_stand_in_for_the_own_page(self, browser: Browser) -> None:
        headers = {"X-CSRF-Token": browser.csrf_token, "Sec-Fetch-Site": "cross-site"}
        assert await browser.post(LOGOUT, **headers) == (403, "cross-site-request")

    async def test_a_bearer_needs_neither_since_no_browser_adds_it_by_itself(
        self, browser: Browser, business: Business
    ) -> None:
        client = business.at(business.host, browser.access_token)
        answer = await client.post(LOGOUT, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 204

    async def test_a_bearer_counts_before_the_cookie(self, browser: Browser) -> None:
        headers = {"Authorization": "Bearer nonsense"}
        assert (await browser.client.get("/api/v1/me", headers=headers)).json()["code"] == "token-invalid"

    async def test_a_cookie_beside_another_scheme_is_checked_all_the_same(self, browser: Browser) -> None:
        assert await browser.post(LOGOUT, Authorization="Basic eDp5") == (403, "cross-site-request")

    def test_is_of_no_use_under_another_key(self) -> None:
        session_id = UUID(int=7)
        token = csrf_token(Keyring("k" * 32), session_id)
        check_csrf_token(Keyring("k" * 32), session_id, token)
        for wrong in (csrf_token(Keyring("K" * 32), session_id), csrf_token(Keyring("k" * 32), UUID(int=8)), None):
            with pytest.raises(CsrfTokenInvalid):
                check_csrf_token(Keyring("k" * 32), session_id, wrong)


@pytest.fixture(scope="module")
async def secure_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """An installation that is served over HTTPS."""
    application = create_app(settings.model_copy(update={"public_scheme": "https"}))
    async with application.router.lifespan_context(application):
        yield application


class TestSecureCookies:
    async def test_belong_to_their_host_alone(self, business: Business, at: Caller, secure_app: FastAPI) -> None:
        client = at(business.host, app=secure_app)
        answer = await client.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})
        cookies = answer.headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-access_token", "__Host-refresh_token"]
        for cookie in cookies:
            attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"secure", "httponly", "samesite=lax", "path=/"} < attributes
            assert not any(attribute.startswith("domain") for attribute in attributes)

    async def test_are_forgotten_under_the_same_name(self, business: Business, at: Caller, secure_app: FastAPI) -> None:
        client = at(business.host, app=secure_app)
        body = (await client.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})).json()
        client.cookies.clear()
        answer = await at(business.host, body["access_token"], app=secure_app).post(LOGOUT)
        cookies = answer.headers.get_list("set-cookie")
        names = [cookie.partition("=")[0] for cookie in cookies]
        assert names == ["__Host-access_token", "__Host-refresh_token", "sandbox_mode"]
        assert all("Max-Age=0" in cookie and "Secure" in cookie for cookie in cookies)

    async def test_the_sandboxs_is_one_of_them(self, browser: Browser, at: Caller, secure_app: FastAPI) -> None:
        answer = await at(browser.host, browser.access_token, app=secure_app).post("/api/v1/sandbox/toggle")
        cookie = answer.headers["set-cookie"]
        assert cookie == "sandbox_mode=true; HttpOnly; Max-Age=2592000; Path=/; SameSite=lax; Secure"

    async def test_a_cookie_without_the_prefix_is_none(self, browser: Browser, at: Caller, secure_app: FastAPI) -> None:
        client = at(browser.host, app=secure_app)
        client.cookies.set("access_token", browser.access_token, domain="")
        assert (await client.get("/api/v1/me")).json()["code"] == "unauthenticated"

    async def test_a_plain_page_of_the_host_is_another_site(
        self, browser: Browser, at: Caller, secure_app: FastAPI
    ) -> None:
        cookies = {"Cookie": f"__Host-access_token={browser.access_token}", "X-CSRF-Token": browser.csrf_token}
        client = at(browser.host, app=secure_app)
        answer = await client.post(LOGOUT, headers=cookies | {"Origin": f"http://{browser.host}"})
        assert answer.json()["code"] == "cross-site-request"
        answer = await client.post(LOGOUT, headers=cookies | {"Origin": f"https://{browser.host}"})
        assert answer.status_code == 204


class TestCookieNames:
    def test_are_bound_to_the_host_over_https(self) -> None:
        names = CookieNames.over(secure=True)
        assert (names.access, names.refresh) == ("__Host-access_token", "__Host-refresh_token")

    def test_are_plain_in_development(self) -> None:
        assert CookieNames.over(secure=False).access == "access_token"


class TestSameOrigin:
    @pytest.mark.parametrize(
        ("origin", "fetch_site", "expected"),
        [
            (None, "same-origin", True),
            (None, "none", True),
            ("http://a.example", "cross-site", False),
            ("http://A.example", None, True),
            ("http://b.example", None, False),
            ("http://a.example:8000", None, False),
            ("a.example", None, False),
            ("null", None, False),
            ("", None, False),
            (None, None, False),
        ],
    )
    def test_table(self, origin: str | None, fetch_site: str | None, *, expected: bool) -> None:
        assert is_same_origin(host="a.example", origin=origin, fetch_site=fetch_site, secure=False) is expected

    @pytest.mark.parametrize(("origin", "expected"), [("http://a.example", False), ("https://a.example", True)])
    def test_a_secure_site_knows_its_secure_pages_only(self, origin: str, *, expected: bool) -> None:
        assert is_same_origin(host="a.example", origin=origin, fetch_site=None, secure=True) is expected

    def test_nothing_is_the_origin_of_nothing(self) -> None:
        assert not is_same_origin(host="", origin=None, fetch_site=None, secure=False)
