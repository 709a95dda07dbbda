"""How often one may come, and what every answer says of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth.token_format import new_token
from app.db.invalidation import announce
from app.main import create_app
from app.models.public import TierRow
from app.settings import Settings
from app.subscriptions.tiers import TIERS_TAG
from app.tenancy.mode import Mode
from tests.actors import Business, Platform
from tests.conftest import Caller
from tests.remembering import until_it_remembers
from tests.round_trips import statements

POLICY = re.compile(r'"default";q=(\d+);w=60')
STANDING = re.compile(r'"default";r=(\d+);t=(\d+)')


def number(pattern: re.Pattern[str], header: str) -> int:
    """What a header says of the quota, or of what remains of it."""
    found = pattern.fullmatch(header)
    assert found, header
    return int(found[1])


@pytest.fixture
async def strict_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The same installation, with little patience."""
    update = {"requests_per_minute_of_session": 4, "requests_per_minute_of_address": 3}
    app = create_app(settings.model_copy(update=update))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def poor_business(platform: Platform) -> Business:
    """A business whose tokens may make 60 requests a minute."""
    return await platform.sign_up(subscription_tier="FREE")


class TestLimits:
    async def test_stand_in_every_answer(self, business: Business) -> None:
        client = await business.client("services:read")
        for method, path, status in (
            ("GET", "/api/v1/services", 200),
            ("GET", "/api/v1/services?limit=0", 422),
            ("GET", f"/api/v1/services/{UUID(int=1)}", 404),
            ("GET", "/api/v1/customers", 403),
            ("GET", "/api/v1/nowhere", 404),
            ("PUT", "/api/v1/services", 405),
            ("POST", "/api/v1/services", 403),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == status
            assert number(POLICY, answer.headers["ratelimit-policy"]) == 6_000
            assert number(STANDING, answer.headers["ratelimit"]) > 5_900

    async def test_are_the_tiers_for_a_token(self, poor_business: Business) -> None:
        client = await poor_business.client("services:read")
        for remaining in range(59, 54, -1):
            answer = await client.get("/api/v1/services")
            assert number(POLICY, answer.headers["ratelimit-policy"]) == 60
            assert number(STANDING, answer.headers["ratelimit"]) >= remaining  # one comes back each second

    async def test_refuse_one_too_many_and_say_when_to_come_again(self, poor_business: Business) -> None:
        client = await poor_business.client("services:read")
        answers = await asyncio.gather(*[client.get("/api/v1/host") for _ in range(120)])
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        problem = refused[-1].json()
        assert problem["code"] == "rate-limited"
        assert problem["params"] == {"retry_after": 1, "quota": 60, "window": 60}
        assert refused[-1].headers["retry-after"] == "1"
        assert number(STANDING, refused[-1].headers["ratelimit"]) == 0

    async def test_are_each_tokens_own(self, poor_business: Business) -> None:
        first, second = [await poor_business.client("services:read") for _ in range(2)]
        for _ in range(10):
            await first.get("/api/v1/services")
        assert number(STANDING, (await second.get("/api/v1/services")).headers["ratelimit"]) == 59

    async def test_follow_the_tier_at_once(self, app: FastAPI, platform: Platform) -> None:
        business = await platform.sign_up(subscription_tier="STARTER")
        client = await business.client("services:read")
        assert "q=300" in (await client.get("/api/v1/services")).headers["ratelimit-policy"]
        for quota in (301, 300):
            async with app.state.database.transaction() as session:
                (await session.get_one(TierRow, "STARTER")).api_requests_per_minute = quota
                announce(session, TIERS_TAG)
            assert f"q={quota}" in (await client.get("/api/v1/services")).headers["ratelimit-policy"]

    async def test_are_a_persons_in_all_their_sessions(
        self, strict_app: FastAPI, business: Business, at: Caller
    ) -> None:
        session = business.owner.headers["authorization"].removeprefix("Bearer ")
        clients = [at(business.host, session, app=strict_app) for _ in range(2)]
        statuses = [(await clients[number % 2].get("/api/v1/host")).status_code for number in range(6)]
        assert statuses == [200] * 4 + [429] * 2

    async def test_are_an_addresss_for_strangers(self, strict_app: FastAPI, business: Business, at: Caller) -> None:
        stranger, other = at(business.host, app=strict_app), at(business.host, app=strict_app)
        statuses = [(await stranger.get("/api/v1/host")).status_code for _ in range(4)]
        assert statuses == [200] * 3 + [429]
        assert (await other.get("/api/v1/host")).status_code == 200

    async def test_count_made_up_tokens_by_their_address(
        self, strict_app: FastAPI, business: Business, at: Caller
    ) -> None:
        guesser = at(business.host, app=strict_app)
        statuses = [
            (await guesser.get("/api/v1/me", headers={"Authorization": f"Bearer {new_token(Mode.LIVE)}"})).status_code
            for _ in range(5)
        ]
        assert statuses == [401] * 3 + [429] * 2

    async def test_have_nothing_looked_up_for_whoever_has_spent_theirs(
        self, strict_app: FastAPI, business: Business, at: Caller
    ) -> None:
        await until_it_remembers(strict_app)
        guesser = at(business.host, app=strict_app)

        async def guess(path: str = "/api/v1/me", **headers: str) -> int:
            token = {"Authorization": f"Bearer {new_token(Mode.LIVE)}"}
            return (await guesser.get(path, headers=token | headers)).status_code

        assert [await guess() for _ in range(3)] == [401] * 3
        with statements(strict_app) as sent:
            assert [await guess() for _ in range(3)] == [429] * 3
            assert [await guess(path, Host="made-up.localhost") for path in ("/api/v1/me", "/")] == [429] * 2
        assert sent == []

    async def test_count_unknown_hosts_too(self, strict_app: FastAPI, at: Caller) -> None:
        stranger = at("nobody-is-here.localhost", app=strict_app)
        statuses = [(await stranger.get("/api/v1/host")).status_code for _ in range(4)]
        assert statuses == [404] * 3 + [429]

    async def test_leave_health_and_pages_alone(self, strict_app: FastAPI, at: Caller) -> None:
        client = at("platform.localhost", app=strict_app)
        for path in ("/healthz", "/docs", "/"):
            for _ in range(4):
                answer = await client.get(path)
                assert answer.status_code == 200
                assert "ratelimit" not in answer.headers

    async def test_serve_while_redis_is_away(self, settings: Settings, business: Business, at: Caller) -> None:
        app = create_app(settings.model_copy(update={"redis_url": "unix:///nowhere/redis.sock"}))
        async with app.router.lifespan_context(app):
            session = business.owner.headers["authorization"].removeprefix("Bearer ")
            answer = await at(business.host, session, app=app).get("/api/v1/services")
            assert answer.status_code == 200
            assert number(STANDING, answer.headers["ratelimit"]) < 1_000_000


class TestSandboxMode:
    async def test_is_said_in_every_answer(self, business: Business) -> None:
        for client, said in (
            (business.anonymous, "false"),
            (business.owner, "false"),
            (await business.client("services:read"), "false"),
            (await business.client("services:read", mode="test"), "true"),
        ):
            for path in ("/api/v1/host", "/api/v1/services", "/api/v1/nowhere"):
                assert (await client.get(path)).headers["x-sandbox-mode"] == said
