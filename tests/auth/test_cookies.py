import httpx
import pytest

from app.auth.cookies import CookieNames, is_same_origin
from tests.actors import PASSWORD, Business


async def browser(business: Business) -> httpx.AsyncClient:
    client = business.at(business.host)
    answer = await client.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})
    for name in ("access_token", "refresh_token"):
        client.cookies.set(name, answer.cookies[name], domain="")
    return client


class TestCookieSession:
    async def test_reads_need_nothing_but_the_cookie(self, business: Business) -> None:
        client = await browser(business)
        assert (await client.get("/api/v1/me")).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
    )
    async def test_a_write_from_elsewhere_is_refused(self, business: Business, headers: dict[str, str]) -> None:
        client = await browser(business)
        answer = await client.post("/api/v1/auth/logout", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-request")
        answer = await client.post("/api/v1/auth/refresh", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-request")

    async def test_a_write_from_the_own_pages_passes(self, business: Business) -> None:
        client = await browser(business)
        answer = await client.post("/api/v1/auth/refresh", json={}, headers={"Origin": f"http://{business.host}"})
        assert answer.status_code == 200
        answer = await client.post("/api/v1/auth/logout", headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code in {204, 401}


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
            ("null", None, False),
            (None, None, False),
        ],
    )
    def test_table(self, origin: str | None, fetch_site: str | None, expected: bool) -> None:
        assert is_same_origin(host="a.example", origin=origin, fetch_site=fetch_site) is expected
