import asyncio
import threading
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from passlib.context import CryptContext
from sqlalchemy import select

from app.auth import passwords
from app.auth.roles import Role
from app.core.clock import utcnow
from app.main import create_app
from app.models.public import AuditEntryRow
from app.settings import Settings
from tests.actors import PASSWORD, Business, Platform, log_in
from tests.auth.visitors import Visitor, Visitors, seconds_until
from tests.conftest import Caller
from tests.round_trips import statements

LOGIN = "/api/v1/auth/login"
WRONG = "not the password"


class TestLogIn:
    async def test_gives_tokens_and_cookies(self, visitor: Visitor, business: Business) -> None:
        answer = await visitor.client.post(LOGIN, json={"email": visitor.email.upper(), "password": PASSWORD})
        assert answer.status_code == 200
        body = answer.json()
        assert body["token_type"] == "Bearer"
        assert body["expires_in"] == 900
        assert body["user"]["role"] == "TENANT_STAFF"
        assert body["user"]["tenant_id"] == business.id
        assert len(body["csrf_token"]) == 64
        assert 7 * 86400 - 60 < seconds_until(body["expires_at"]) <= 7 * 86400
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("HttpOnly" in cookie and "SameSite=lax" in cookie for cookie in cookies)

    async def test_a_password_does_not_expire(self, visitor: Visitor) -> None:
        long_ago = utcnow() - timedelta(days=3650)
        await visitor.become(created_at=long_ago, updated_at=long_ago)
        assert (await visitor.log_in()).status_code == 200

    async def test_who_can_reach_many_businesses_is_asked_again_sooner(self, manager: Visitor) -> None:
        answer = await manager.log_in()
        assert 3600 - 60 < seconds_until(answer.json()["expires_at"]) <= 3600

    async def test_begins_a_new_session_each_time_whatever_the_browser_brings(self, visitor: Visitor) -> None:
        first, second = await visitor.enter(), await visitor.enter()
        assert first.session_id != second.session_id
        visitor.client.cookies.set("access_token", first.body["access_token"])
        third = visitor.inside(await visitor.log_in())
        assert third.session_id not in {first.session_id, second.session_id}

    async def test_is_kept_with_its_method(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        (row,) = await visitor.sessions()
        assert (row.id, row.methods, row.actor_id) == (inside.session_id, ["pwd"], None)
        (entry,) = await visitor.trail("session.started")
        assert (entry.actor_id, entry.user_id, entry.session_id) == (visitor.id, visitor.id, inside.session_id)
        assert entry.diff["methods"] == ["pwd"]

    async def test_an_account_counts_only_at_its_own_business(
        self, business: Business, other_business: Business, platform: Platform
    ) -> None:
        for anonymous in (other_business.anonymous, platform.at("platform.localhost")):
            answer = await anonymous.post(LOGIN, json={"email": business.email, "password": PASSWORD})
            assert answer.status_code == 401

    async def test_a_deactivated_user_is_out_at_once_in_every_session(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        assert await inside.is_in()
        await visitor.become(is_active=False)
        assert (await inside.get("/me")).json()["code"] == "session-invalid"
        assert (await inside.refresh()).json()["code"] == "session-invalid"
        assert (await visitor.log_in()).status_code == 401

    async def test_an_unknown_field_is_refused(self, business: Business) -> None:
        answer = await business.anonymous.post(
            LOGIN, json={"email": business.email, "password": PASSWORD, "role": "SUPERUSER"}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/role"

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


@pytest.mark.usefixtures("real_hashes")
class TestRefusedLogIn:
    """Unknown address, wrong password, deactivated user: nobody outside can tell which it is."""

    @pytest.fixture
    async def attempts(self, visitor: Visitor, visitors: Visitors, business: Business) -> dict[str, dict[str, str]]:
        gone = [await visitors.add(business.host, Role.CUSTOMER, business.id) for _ in range(2)]
        for user in gone:
            await user.become(is_active=False)
        return {
            "unknown": {"email": "nobody@visitors.example", "password": PASSWORD},
            "wrong": {"email": visitor.email, "password": WRONG},
            "gone": {"email": gone[0].email, "password": PASSWORD},
            "gone and wrong": {"email": gone[1].email, "password": WRONG},
        }

    async def test_looks_alike(self, visitor: Visitor, attempts: dict[str, dict[str, str]]) -> None:
        answers = [await visitor.post("/auth/login", body) for body in attempts.values()]
        assert {answer.status_code for answer in answers} == {401}
        assert len({_without_id(answer) for answer in answers}) == 1
        assert answers[0].json()["code"] == "credentials-invalid"
        assert all("set-cookie" not in answer.headers for answer in answers)

    async def test_is_the_same_work(
        self,
        visitor: Visitor,
        attempts: dict[str, dict[str, str]],
        app: FastAPI,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        verified: list[str] = []
        verify = CryptContext.verify

        def counted(self: CryptContext, secret: str, hash: str) -> bool:  # noqa: A002 — passlib's name
            verified.append(hash.rpartition("$")[0].rpartition("$")[0])
            return bool(verify(self, secret, hash))

        monkeypatch.setattr(CryptContext, "verify", counted)
        work = {}
        first = {"email": "first@visitors.example", "password": WRONG}
        await visitor.post("/auth/login", first)  # the business is looked up once, and the address counted first
        for name, body in attempts.items():
            verified.clear()
            with statements(app) as sent:
                await visitor.post("/auth/login", body)
            # What is null is not among the columns, and two rows are updated in the order of their keys.
            work[name] = (tuple(sorted(" ".join(each.split()[:3]) for each in sent)), tuple(verified))
        assert len(set(work.values())) == 1
        assert work["unknown"][1] == ("$argon2id$v=19$m=19456,t=2,p=1",)

    async def test_the_decoy_is_hashed_like_all_passwords(self) -> None:
        assert not passwords.is_outdated(passwords.DECOY)

    async def test_is_kept_in_the_trail_without_a_word_of_strangers(
        self, visitor: Visitor, attempts: dict[str, dict[str, str]], business: Business, app: FastAPI
    ) -> None:
        for name in ("unknown", "wrong"):
            await visitor.post("/auth/login", attempts[name])
        query = select(AuditEntryRow).where(
            AuditEntryRow.chain_id == UUID(business.id), AuditEntryRow.event == "session.refused"
        )
        async with app.state.database.transaction() as session:
            unknown, wrong = (await session.scalars(query.order_by(AuditEntryRow.seq))).all()
        assert (unknown.user_id, unknown.object_id, unknown.result, unknown.status) == (None, None, "denied", 401)
        assert (wrong.user_id, wrong.object_id) == (visitor.id, str(visitor.id))
        assert "nobody@" not in str(vars(unknown))
        log = (app.state.runtime.settings.log_dir / "security.log").read_text()
        assert "nobody@visitors.example" not in log


class TestLogInThrottle:
    async def test_slows_guesses_at_one_account_down(self, visitor: Visitor) -> None:
        for _ in range(5):
            assert (await visitor.log_in(WRONG)).status_code == 401
        blocked = await visitor.log_in()
        assert (blocked.status_code, blocked.json()["code"]) == (429, "too-many-attempts")
        assert blocked.headers["retry-after"] == "1"
        assert blocked.json()["params"] == {"retry_after": 1}

    async def test_does_so_for_accounts_that_do_not_exist(self, visitor: Visitor) -> None:
        body = {"email": "not-there@visitors.example", "password": WRONG}
        statuses = [(await visitor.post("/auth/login", body)).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]

    async def test_counts_an_address_in_any_spelling_as_one(self, visitor: Visitor) -> None:
        for number in range(5):
            email = visitor.email.upper() if number % 2 else visitor.email
            await visitor.post("/auth/login", {"email": email, "password": WRONG})
        assert (await visitor.log_in()).status_code == 429

    async def test_success_forgives_the_account(self, visitor: Visitor) -> None:
        for _ in range(2):
            for _ in range(4):
                await visitor.log_in(WRONG)
            assert (await visitor.log_in()).status_code == 200

    async def test_an_account_of_another_business_is_another_one(
        self, visitor: Visitor, other_business: Business
    ) -> None:
        for _ in range(5):
            await other_business.anonymous.post(LOGIN, json={"email": visitor.email, "password": WRONG})
        assert (await visitor.log_in()).status_code == 200

    async def test_many_at_once_count_as_many(self, visitor: Visitor) -> None:
        answers = await asyncio.gather(*(visitor.log_in(WRONG) for _ in range(12)))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7

    async def test_slows_guesses_at_many_accounts_from_one_address_down(self, visitor: Visitor) -> None:
        bodies = [{"email": f"guess-{number}@visitors.example", "password": WRONG} for number in range(31)]
        statuses = [(await visitor.post("/auth/login", body)).status_code for body in bodies]
        assert statuses == [401] * 30 + [429]

    async def test_many_people_behind_one_address_are_no_guessers(self, visitor: Visitor) -> None:
        for _ in range(33):
            assert (await visitor.log_in()).status_code == 200

    async def test_a_good_account_does_not_make_an_address_trusted(self, visitor: Visitor) -> None:
        for number in range(29):
            await visitor.post("/auth/login", {"email": f"other-{number}@visitors.example", "password": WRONG})
        assert (await visitor.log_in()).status_code == 200
        await visitor.post("/auth/login", {"email": "last@visitors.example", "password": WRONG})
        assert (await visitor.log_in()).status_code == 429


@pytest.mark.usefixtures("real_hashes")
class TestRehash:
    async def test_a_hash_of_former_days_is_made_anew_at_the_next_log_in(self, visitor: Visitor) -> None:
        weaker = CryptContext(schemes=["argon2"], argon2__type="ID", argon2__memory_cost=64, argon2__time_cost=1)
        await visitor.become(password_hash=weaker.hash(PASSWORD))
        await visitor.enter()
        stored = (await visitor.row()).password_hash
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        await visitor.enter()
        assert (await visitor.row()).password_hash == stored


class TestChangedMeanwhile:
    """Between the look at the hash and the session there are tens of milliseconds of hashing."""

    @pytest.mark.parametrize("change", [{"password_hash": passwords.DECOY}, {"is_active": False}])
    async def test_a_log_in_that_a_change_overtakes_is_refused(
        self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
    ) -> None:
        verify, loop = CryptContext.verify, asyncio.get_running_loop()

        def overtaken(self: CryptContext, secret: str, hash: str) -> bool:  # noqa: A002 — passlib's name
            asyncio.run_coroutine_threadsafe(visitor.become(**change), loop).result(timeout=10)
            return bool(verify(self, secret, hash))

        monkeypatch.setattr(CryptContext, "verify", overtaken)
        answer = await visitor.log_in()
        assert (answer.status_code, answer.json()["code"]) == (401, "credentials-invalid")
        assert not await visitor.sessions()


class TestLogInPage:
    """Another site's page must not log its visitors in, to an account of its own."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/auth/login", {"email": "a@b.example", "password": PASSWORD}),
            ("/auth/second-factor", {"challenge": "x", "code": "123456"}),
            ("/auth/passkey", {"challenge": "x", "credential": {}}),
        ],
    )
    async def test_of_another_site_is_refused(
        self, visitor: Visitor, headers: dict[str, str], path: str, body: dict[str, object]
    ) -> None:
        answer = await visitor.post(path, body, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-request")

    async def test_of_the_host_itself_may(self, visitor: Visitor) -> None:
        for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": f"http://{visitor.host}"}):
            assert (await visitor.log_in(**headers)).status_code == 200


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
        assert {"tenants:read", "tenants:write"} < set(me["permissions"])

    async def test_without_credentials_is_refused(self, business: Business) -> None:
        answer = await business.anonymous.get("/api/v1/me")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


class TestLogOut:
    async def test_ends_the_session_at_once(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        answer = await inside.post("/auth/logout")
        assert answer.status_code == 204
        assert "access_token" in answer.headers["set-cookie"]
        assert (await inside.get("/me")).json()["code"] == "session-invalid"
        assert (await inside.refresh()).json()["code"] == "session-invalid"
        (entry,) = await visitor.trail("session.ended")
        assert entry.object_id == str(inside.session_id)

    async def test_leaves_other_sessions_alone(self, business: Business) -> None:
        client = business.at(business.host, await log_in(business.anonymous, business.email))
        await client.post("/api/v1/auth/logout")
        assert (await business.owner.get("/api/v1/me")).status_code == 200

    async def test_an_api_token_has_no_session_to_end(self, business: Business) -> None:
        client = await business.client("services:read")
        assert (await client.post("/api/v1/auth/logout")).status_code == 204
        assert (await client.get("/api/v1/me")).status_code == 200


class TestLimits:
    async def test_an_unused_session_ends_by_itself(self, manager: Visitor) -> None:
        inside = await manager.enter()
        await inside.age(timedelta(minutes=61))
        assert (await inside.get("/me")).json()["code"] == "session-invalid"
        assert (await inside.refresh()).json()["code"] == "session-invalid"

    async def test_a_session_in_use_ends_as_well_in_the_end(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.age(timedelta(days=30, seconds=1), absolutely=True)
        assert (await inside.get("/me")).json()["code"] == "session-invalid"
        assert (await inside.refresh()).json()["code"] == "session-invalid"

    async def test_its_last_tokens_and_cookies_do_not_outlive_it(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.age(timedelta(days=29, hours=23, minutes=55), absolutely=True)
        await inside.age(-timedelta(days=29, hours=23, minutes=55))
        answer = await inside.refresh()
        assert 290 < answer.json()["expires_in"] <= 300
        assert all(290 < _max_age(cookie) <= 300 for cookie in answer.headers.get_list("set-cookie"))


def _without_id(answer: httpx.Response) -> str:
    body = answer.json()
    body.pop("request_id")
    return str(body)


def _max_age(cookie: str) -> int:
    return int(cookie.partition("Max-Age=")[2].partition(";")[0])
