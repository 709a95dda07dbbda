"""Masquerades in a browser: which cookies come, which stay, and how the own session comes back."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from jose import jwt as jose

from app.auth.roles import Role
from app.core.clock import utcnow
from tests.actors import PASSWORD, Business, Platform
from tests.auth.cast import API, REASON, Cast, Person


class Browser:
    """A browser at one host, as far as cookies go."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._jar: dict[str, str] = {}
        self.csrf_token = ""

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        self._client.cookies.clear()
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._jar.items()),
            "Sec-Fetch-Site": "same-origin",
            "X-CSRF-Token": self.csrf_token,
        }
        answer = await self._client.request(method, f"{API}{path}", json=body, headers=headers)
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._jar[name] = value
            if "Max-Age=0" in cookie:
                del self._jar[name]
        self._client.cookies.clear()
        if answer.status_code == 200:
            self.csrf_token = answer.json().get("csrf_token", self.csrf_token)
        return answer

    @property
    def cookies(self) -> set[str]:
        return set(self._jar)

    def cookie(self, name: str) -> str:
        return self._jar[name]


@pytest.fixture(scope="module")
async def business(platform: Platform) -> Business:
    """A business that these tests share: each has people of its own."""
    return await platform.sign_up()


@pytest.fixture
async def staff(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_STAFF, business)


class TestInABrowser:
    @pytest.fixture
    async def browser(self, business: Business) -> Browser:
        """The owner, logged in."""
        made = Browser(business.at(business.host))
        answer = await made.send("POST", "/auth/login", {"email": business.email, "password": PASSWORD})
        assert answer.status_code == 200
        return made

    async def test_the_own_session_comes_back_by_the_cookie_that_never_left(
        self, business: Business, browser: Browser, staff: Person
    ) -> None:
        refresh_token = browser.cookie("refresh_token")
        begun = await browser.send("POST", "/masquerade", {"user_id": str(staff.id), "reason": REASON})
        assert begun.status_code == 200
        assert [each.partition("=")[0] for each in begun.headers.get_list("set-cookie")] == ["access_token"]
        assert "HttpOnly" in begun.headers["set-cookie"]
        assert browser.cookie("refresh_token") == refresh_token
        assert (await browser.send("GET", "/me")).json()["user"]["id"] == str(staff.id)
        ended = await browser.send("DELETE", "/masquerade")
        assert ended.status_code == 204
        assert browser.cookies == {"refresh_token"}
        assert (await browser.send("GET", "/me")).status_code == 401
        back = await browser.send("POST", "/auth/refresh", {})
        assert back.json()["user"]["email"] == business.email
        assert (await browser.send("GET", "/me")).json()["masquerade"] is None

    async def test_the_own_session_comes_back_also_when_the_time_is_up(
        self, cast: Cast, business: Business, browser: Browser, staff: Person
    ) -> None:
        begun = await browser.send("POST", "/masquerade", {"user_id": str(staff.id), "reason": REASON})
        mask_id = UUID(jose.get_unverified_claims(begun.json()["access_token"])["sid"])
        await cast.change_session(mask_id, expires_at=utcnow())
        assert (await browser.send("GET", "/me")).json()["code"] == "session-invalid"
        assert (await browser.send("POST", "/auth/refresh", {})).json()["user"]["email"] == business.email

    async def test_writes_need_the_masquerades_csrf_token_and_not_the_own_one(
        self, browser: Browser, staff: Person
    ) -> None:
        own = browser.csrf_token
        await browser.send("POST", "/masquerade", {"user_id": str(staff.id), "reason": REASON})
        assert browser.csrf_token != own
        masked, browser.csrf_token = browser.csrf_token, own
        assert (await browser.send("DELETE", "/masquerade")).json()["code"] == "csrf-token-invalid"
        browser.csrf_token = masked
        assert (await browser.send("DELETE", "/masquerade")).status_code == 204

    async def test_beginning_needs_a_csrf_token_and_a_page_of_our_own(self, browser: Browser, staff: Person) -> None:
        browser.csrf_token = ""
        answer = await browser.send("POST", "/masquerade", {"user_id": str(staff.id), "reason": REASON})
        assert answer.json()["code"] == "csrf-token-invalid"
