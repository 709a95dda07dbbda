import asyncio
import threading
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import update

from app.auth.directory import user_tag
from app.db.invalidation import announce
from app.main import create_app
from app.models.public import UserRow
from app.settings import Settings
from tests.actors import PASSWORD, Business, Platform, log_in
from tests.conftest import Caller

LOGIN = "/api/v1/auth/login"


class TestLogIn:
    async def test_gives_tokens_and_cookies(self, business: Business) -> None:
        answer = await business.anonymous.post(LOGIN, json={"email": business.email.upper(), "password": PASSWORD})
        assert answer.status_code == 200
        body = answer.json()
        assert body["token_type"] == "Bearer"
        assert body["expires_in"] == 900
        assert body["user"]["role"] == "TENANT_OWNER"
        assert body["user"]["tenant_id"] == business.id
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("HttpOnly" in cookie and "SameSite=lax" in cookie for cookie in cookies)

    async def test_a_wrong_password_and_an_unknown_address_look_alike(self, business: Business) -> None:
        answers = [
            await business.anonymous.post(LOGIN, json={"email": email, "password": "not the password"})
            for email in (business.email, "nobody@nowhere.example")
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        first, second = (answer.json() for answer in answers)
        first.pop("request_id"), second.pop("request_id")
        assert first == second
        assert first["code"] == "credentials-invalid"

    async def test_waits_for_a_thread_to_hash_in_without_keeping_others_from_the_database(
        self, settings: Settings, business: Business, at: Caller
    ) -> None:
        app = create_app(settings.model_copy(update={"database_pool_size": 1}))
        gate = threading.Event()
        async with app.router.lifespan_context(app):
            busy = [asyncio.get_running_loop().run_in_executor(None, gate.wait) for _ in range(40)]
            client = at(business.host, app=app)
            body = {"email": business.email, "password": PASSWORD}
            waiting = asyncio.create_task(client.post(LOGIN, json=body))
            others = [(await at("nobody.localhost", app=app).get("/")).status_code for _ in range(10)]
            gate.set()
            await asyncio.gather(*busy)
            assert (await waiting).status_code == 200
        assert others == [404] * 10

    async def test_an_account_counts_only_at_its_own_business(
        self, business: Business, other_business: Business, platform: Platform
    ) -> None:
        for anonymous in (other_business.anonymous, platform.anonymous):
            answer = await anonymous.post(LOGIN, json={"email": business.email, "password": PASSWORD})
            assert answer.status_code == 401

    async def test_a_deactivated_user_is_out_at_once_in_every_session(self, business: Business, app: FastAPI) -> None:
        token = await log_in(business.anonymous, business.email)
        client = business.at(business.host, token)
        assert (await client.get("/api/v1/me")).status_code == 200
        async with app.state.database.transaction() as session:
            await session.execute(update(UserRow).where(UserRow.email == business.email).values(is_active=False))
            user_id = UUID((await client.get("/api/v1/me")).json()["user"]["id"])
            announce(session, user_tag(user_id))
        assert (await client.get("/api/v1/me")).json()["code"] == "session-invalid"
        answer = await business.anonymous.post(LOGIN, json={"email": business.email, "password": PASSWORD})
        assert answer.status_code == 401

    async def test_an_unknown_field_is_refused(self, business: Business) -> None:
        answer = await business.anonymous.post(
            LOGIN, json={"email": business.email, "password": PASSWORD, "role": "SUPERUSER"}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/role"


class TestMe:
    async def test_tells_who_where_and_what(self, business: Business) -> None:
        me = (await business.owner.get("/api/v1/me")).json()
        assert me["user"]["email"] == business.email
        assert me["tenant"]["slug"] == business.slug
        assert me["mode"] == "live"
        assert "tokens:write" in me["permissions"]

    async def test_a_platform_user_has_no_business(self, platform: Platform) -> None:
        me = (await platform.superuser.get("/api/v1/me")).json()
        assert me["tenant"] is None
        assert me["permissions"] == ["tenants:read", "tenants:write"]

    async def test_without_credentials_is_refused(self, business: Business) -> None:
        answer = await business.anonymous.get("/api/v1/me")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


class TestLogOut:
    async def test_ends_the_session_at_once(self, business: Business) -> None:
        client = business.at(business.host, await log_in(business.anonymous, business.email))
        assert (await client.get("/api/v1/me")).status_code == 200
        answer = await client.post("/api/v1/auth/logout")
        assert answer.status_code == 204
        assert "access_token" in answer.headers["set-cookie"]
        assert (await client.get("/api/v1/me")).json()["code"] == "session-invalid"

    async def test_leaves_other_sessions_alone(self, business: Business) -> None:
        client = business.at(business.host, await log_in(business.anonymous, business.email))
        await client.post("/api/v1/auth/logout")
        assert (await business.owner.get("/api/v1/me")).status_code == 200

    async def test_an_api_token_has_no_session_to_end(self, business: Business) -> None:
        client = await business.client("services:read")
        assert (await client.post("/api/v1/auth/logout")).status_code == 204
        assert (await client.get("/api/v1/me")).status_code == 200
