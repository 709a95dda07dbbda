"""Which mode a session works in: chosen by a cookie, for those who may."""

import httpx
import pytest

from app.auth.roles import Role
from tests.actors import PASSWORD, Business, Platform
from tests.auth.cast import Cast

API = "/api/v1"
TOGGLE = f"{API}/sandbox/toggle"


async def mode_of(client: httpx.AsyncClient) -> str:
    """What `/me` and the header agree on."""
    answer = await client.get(f"{API}/me")
    mode = str(answer.json()["mode"])
    assert answer.headers["X-Sandbox-Mode"] == str(mode == "sandbox").lower()
    return mode


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def desk(business: Business) -> httpx.AsyncClient:
    """The owner's client, with a cookie jar as a browser has it."""
    return business.at(business.host, business.owner.headers["Authorization"].removeprefix("Bearer "))


class TestToggleSandbox:
    async def test_goes_there_and_back(self, desk: httpx.AsyncClient) -> None:
        for mode in ("sandbox", "live", "sandbox"):
            answer = await desk.post(TOGGLE)
            assert (answer.status_code, answer.json()) == (200, {"mode": mode})
            assert answer.headers["X-Sandbox-Mode"] == str(mode == "sandbox").lower()
            assert await mode_of(desk) == mode

    @pytest.mark.parametrize(("enabled", "mode"), [(True, "sandbox"), (False, "live")])
    async def test_goes_where_it_is_told(self, desk: httpx.AsyncClient, enabled: bool, mode: str) -> None:
        for _ in range(2):
            assert (await desk.post(TOGGLE, json={"enabled": enabled})).json() == {"mode": mode}
            assert await mode_of(desk) == mode

    async def test_its_cookie_is_the_servers_business_alone(self, desk: httpx.AsyncClient) -> None:
        cookie = (await desk.post(TOGGLE)).headers["set-cookie"]
        assert cookie == "sandbox_mode=true; HttpOnly; Max-Age=2592000; Path=/; SameSite=lax"

    @pytest.mark.parametrize("body", [{}, {"enabled": "perhaps"}, {"enabled": None}, {"mode": "live"}, []])
    async def test_bad_input_is_named(self, desk: httpx.AsyncClient, body: object) -> None:
        assert code_of(await desk.post(TOGGLE, json=body)) == (422, "validation-failed")

    @pytest.mark.parametrize("role", [Role.TENANT_MANAGER, Role.TENANT_STAFF])
    async def test_is_for_everybody_who_works_here(self, cast: Cast, business: Business, role: Role) -> None:
        person = await cast.add(role, business)
        assert (await person.post("/sandbox/toggle", {"enabled": True})).json() == {"mode": "sandbox"}

    async def test_is_not_for_customers(self, cast: Cast, business: Business) -> None:
        customer = await cast.add(Role.CUSTOMER, business)
        assert code_of(await customer.post("/sandbox/toggle", {"enabled": True})) == (403, "permission-denied")

    async def test_is_not_for_tokens(self, business: Business) -> None:
        for mode in ("live", "test"):
            client = await business.client("services:read", mode=mode)
            assert code_of(await client.post(TOGGLE)) == (403, "permission-denied")

    async def test_is_not_for_the_platform(self, platform: Platform) -> None:
        assert code_of(await platform.superuser.post(TOGGLE)) == (404, "not-found")

    async def test_works_while_masquerading(self, cast: Cast, business: Business) -> None:
        owner, staff = await cast.add(Role.TENANT_OWNER, business), await cast.add(Role.TENANT_STAFF, business)
        masked = await cast.mask(owner, staff, business)
        assert (await masked.client.post(TOGGLE)).json() == {"mode": "sandbox"}
        assert (await masked.client.get(f"{API}/me")).json()["mode"] == "sandbox"


class TestSandboxMode:
    async def test_shows_a_session_the_other_data(self, business: Business) -> None:
        sandbox = business.in_sandbox()
        live = await business.make("/customers", {"name": "Ada Live"})
        trial = await business.make("/customers", {"name": "Ada Trial"}, client=sandbox)
        for client, own, other in ((business.owner, live, trial), (sandbox, trial, live)):
            assert (await client.get(f"{API}/customers")).json()["items"] == [own]
            assert code_of(await client.get(f"{API}/customers/{other['id']}")) == (404, "customer-not-found")

    @pytest.mark.parametrize("value", ["false", "True", "1", "", "true false"])
    async def test_takes_one_word_only(self, business: Business, value: str) -> None:
        client = business.in_sandbox()
        client.cookies.set("sandbox_mode", value, domain="")
        assert await mode_of(client) == "live"

    async def test_does_not_change_what_a_token_is(self, business: Business) -> None:
        for word, mode in (("live", "live"), ("test", "sandbox")):
            client = await business.client("services:read", mode=word)
            client.cookies.set("sandbox_mode", "true" if word == "live" else "false", domain="")
            assert await mode_of(client) == mode

    async def test_is_not_for_customers(self, cast: Cast, business: Business) -> None:
        customer = await cast.add(Role.CUSTOMER, business)
        customer.client.cookies.set("sandbox_mode", "true", domain="")
        assert await mode_of(customer.client) == "live"

    async def test_is_not_for_the_platform(self, platform: Platform) -> None:
        client = platform.at("platform.localhost", platform.superuser.headers["Authorization"].removeprefix("Bearer "))
        client.cookies.set("sandbox_mode", "true", domain="")
        assert await mode_of(client) == "live"

    async def test_lets_a_session_choose_the_clock(self, business: Business) -> None:
        query = {"service_id": business.id, "start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}
        clock = {"Sandbox-Now": "2026-11-01T09:00:00Z"}
        answer = await business.owner.get(f"{API}/availability", params=query, headers=clock)
        assert code_of(answer) == (400, "sandbox-clock-refused")
        answer = await business.in_sandbox().get(f"{API}/availability", params=query, headers=clock)
        assert code_of(answer) == (404, "service-not-found")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/staff"),
            ("GET", "/invitations"),
            ("POST", "/invitations"),
            ("PATCH", "/business"),
            ("GET", "/grants"),
            ("POST", "/grants"),
            ("POST", "/grants/revoke"),
            ("GET", "/masquerade/candidates"),
            ("POST", "/masquerade"),
        ],
    )
    async def test_reaches_nothing_that_there_is_only_once(self, business: Business, method: str, path: str) -> None:
        body = {"user_id": business.id, "reason": "to see", "email": "a@b.example", "name": "A", "role": "TENANT_STAFF"}
        answer = await business.in_sandbox().request(method, f"{API}{path}", json=None if method == "GET" else body)
        assert code_of(answer) == (403, "sandbox-not-allowed")

    async def test_makes_no_live_tokens(self, business: Business) -> None:
        body = {"name": "till", "scopes": ["services:read"]}
        answer = await business.in_sandbox().post(f"{API}/tokens", json=body | {"mode": "live"})
        assert code_of(answer) == (403, "sandbox-not-allowed")
        made = await business.make("/tokens", body | {"mode": "test"}, client=business.in_sandbox())
        assert made["token"].startswith("ss_test_")

    async def test_is_what_the_audit_trail_says(self, business: Business) -> None:
        body = {"name": "till", "scopes": ["services:read"], "mode": "test"}
        await business.make("/tokens", body, client=business.in_sandbox())
        (entry,) = (await business.owner.get(f"{API}/audit", params={"event": "token.created"})).json()["items"]
        assert entry["mode"] == "sandbox"

    async def test_lets_people_look_after_their_account(self, business: Business) -> None:
        sandbox = business.in_sandbox()
        change = {"current_password": PASSWORD, "new_password": "another long and private phrase"}
        assert (await sandbox.post(f"{API}/me/password", json=change)).status_code == 204

    async def test_ends_with_the_log_out(self, desk: httpx.AsyncClient) -> None:
        await desk.post(TOGGLE)
        assert "sandbox_mode" in desk.cookies
        assert (await desk.post(f"{API}/auth/logout")).status_code == 204
        assert "sandbox_mode" not in desk.cookies


class TestHeader:
    @pytest.mark.parametrize(
        ("path", "status"), [("/host", 200), ("/services", 401), ("/nowhere", 404), ("/auth/login", 405)]
    )
    async def test_says_live_to_whoever_is_not_known(self, business: Business, path: str, status: int) -> None:
        business.anonymous.cookies.set("sandbox_mode", "true", domain="")
        answer = await business.anonymous.get(f"{API}{path}")
        assert (answer.status_code, answer.headers["X-Sandbox-Mode"]) == (status, "false")

    async def test_is_the_apis_alone(self, business: Business) -> None:
        assert "X-Sandbox-Mode" not in (await business.anonymous.get("/healthz")).headers
