"""Tokens in use: where they may come from, when they were last used, and how one takes over from another."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.engine import make_url

from app.auth.token_usage import TokenUsage
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.engine import make_engine
from app.db.session import Database
from app.errors import Unavailable
from app.main import create_app
from app.models.public import ApiTokenRow
from app.settings import Settings
from tests.actors import Business, Platform
from tests.conftest import Caller
from tests.receivers import eventually

TOKENS = "/api/v1/tokens"
ME = "/api/v1/me"


def body(**changes: object) -> dict[str, object]:
    return {"name": "till", "mode": "live", "scopes": ["services:read"]} | changes


def from_address(app: FastAPI, business: Business, token: str, address: str) -> httpx.AsyncClient:
    """A client of the business at this address."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=(address, 1)),
        base_url=f"http://{business.host}",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.fixture
async def other_process(settings: Settings) -> AsyncIterator[FastAPI]:
    """The same installation, in a process of its own as far as memory goes."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


class TestAllowedNetworks:
    @pytest.mark.parametrize(
        ("networks", "address", "is_allowed"),
        [
            ([], "203.0.113.9", True),
            (["203.0.113.0/24"], "203.0.113.9", True),
            (["203.0.113.0/24"], "203.0.114.9", False),
            (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
            (["203.0.113.9"], "203.0.113.9", True),
            (["203.0.113.9"], "203.0.113.8", False),
            (["2001:db8::/32"], "2001:db8:1::1", True),
            (["2001:db8::/32"], "2001:db9::1", False),
            (["198.51.100.0/24", "2001:db8::/32"], "2001:db8::1", True),
            (["0.0.0.0/0"], "2001:db8::1", False),
            (["203.0.113.0/24"], "a unix socket", False),
        ],
    )
    async def test_are_the_only_ones(
        self, bystander: Business, app: FastAPI, networks: list[str], address: str, is_allowed: bool
    ) -> None:
        made = await bystander.make("/tokens", body(allowed_networks=networks))
        async with from_address(app, bystander, made["token"], address) as client:
            answer = await client.get(ME)
        assert answer.status_code == (200 if is_allowed else 403)
        assert is_allowed or answer.json()["code"] == "address-not-allowed"

    @pytest.mark.parametrize("network", ["203.0.113.9/24", "203.0.113.0/33", "everywhere", "", "1.2.3", "::/129"])
    async def test_are_written_in_cidr_notation(self, bystander: Business, network: str) -> None:
        answer = await bystander.owner.post(TOKENS, json=body(allowed_networks=[network]))
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/allowed_networks/0"]

    async def test_do_not_keep_the_token_from_what_is_open_to_all(self, business: Business, app: FastAPI) -> None:
        made = await business.make("/tokens", body(allowed_networks=["203.0.113.0/24"]))
        async with from_address(app, business, made["token"], "198.51.100.1") as client:
            assert (await client.get("/api/v1/host")).status_code == 200


class TestTokenLimit:
    async def test_is_a_hundred_in_each_mode(self, business: Business, app: FastAPI) -> None:
        first = await business.make("/tokens", body())
        async with app.state.database.transaction() as session:
            row = await session.get_one(ApiTokenRow, UUID(first["id"]))
            columns = [column.name for column in ApiTokenRow.__table__.columns if column.name not in {"id", "digest"}]
            copied = {name: getattr(row, name) for name in columns}
            session.add_all(ApiTokenRow(id=uuid7(), digest=uuid7().bytes, **copied) for _ in range(99))
        answer = await business.owner.post(TOKENS, json=body())
        assert (answer.status_code, answer.json()["code"]) == (409, "token-limit")
        assert (await business.owner.post(TOKENS, json=body(mode="test"))).status_code == 201
        await business.make(f"/tokens/{first['id']}/roll", {"overlap_seconds": 0})


class TestUpdateToken:
    async def test_changes_name_and_networks_at_once_in_every_process(
        self, business: Business, other_process: FastAPI
    ) -> None:
        made = await business.make("/tokens", body())
        async with from_address(other_process, business, made["token"], "198.51.100.1") as elsewhere:
            assert (await elsewhere.get(ME)).status_code == 200
            answer = await business.owner.patch(
                f"{TOKENS}/{made['id']}", json={"name": "door", "allowed_networks": ["203.0.113.0/24"]}
            )
            assert answer.status_code == 200
            assert answer.json() == made | {"name": "door", "allowed_networks": ["203.0.113.0/24"], "token": None}
            async with from_address(other_process, business, made["token"], "203.0.113.1") as allowed:
                assert (await allowed.get(ME)).status_code == 200

    @pytest.mark.parametrize("field", ["scopes", "mode", "expires_at", "token", "created_by", "is_sandbox"])
    async def test_changes_nothing_else(self, bystander: Business, field: str) -> None:
        made = await bystander.make("/tokens", body())
        answer = await bystander.owner.patch(f"{TOKENS}/{made['id']}", json={field: None})
        assert answer.status_code == 422

    async def test_moves_it_to_a_version_that_there_is(self, business: Business) -> None:
        made = await business.make("/tokens", body())
        answer = await business.owner.patch(f"{TOKENS}/{made['id']}", json={"api_version": "2026-11-01"})
        assert answer.json()["api_version"] == "2026-11-01"
        answer = await business.owner.patch(f"{TOKENS}/{made['id']}", json={"api_version": "2020-01-01"})
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/api_version"]

    async def test_of_another_business_is_not_found(self, business: Business, other_business: Business) -> None:
        made = await business.make("/tokens", body())
        for answer in (
            await other_business.owner.get(f"{TOKENS}/{made['id']}"),
            await other_business.owner.patch(f"{TOKENS}/{made['id']}", json={"name": "mine"}),
            await other_business.owner.post(f"{TOKENS}/{made['id']}/roll"),
        ):
            assert answer.json()["code"] == "token-not-found"


class TestLastUsed:
    async def test_is_told(self, business: Business, app: FastAPI) -> None:
        made = await business.make("/tokens", body())
        assert made["last_used_at"] is None
        await business.at(business.host, made["token"]).get(ME)
        await app.state.token_usage.flush()
        told = (await business.owner.get(f"{TOKENS}/{made['id']}")).json()
        assert told == made | {"last_used_at": told["last_used_at"], "token": None}
        assert told["last_used_at"] is not None

    async def test_goes_forward_only(self, business: Business, app: FastAPI) -> None:
        token_id, now = UUID((await business.make("/tokens", body()))["id"]), utcnow()
        for instant in (now, now - timedelta(minutes=1)):
            usage = TokenUsage(app.state.database)
            usage.note(token_id, instant)
            await usage.stop()
        async with app.state.database.transaction() as session:
            assert (await session.get_one(ApiTokenRow, token_id)).last_used_at == now

    async def test_is_written_later_if_the_database_is_away(
        self, business: Business, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        made, way = await business.make("/tokens", body()), tmp_path / "postgres"
        url = make_url(settings.database_url)
        database = Database(make_engine(str(url.update_query_dict({"host": str(way)})), pool_size=1))
        usage = TokenUsage(database, interval_seconds=0.01)
        usage.note(UUID(made["id"]), utcnow())
        with pytest.raises(Unavailable):
            await usage.flush()
        await usage.start()
        await eventually(lambda: is_in(caplog, "could not be written"))
        way.symlink_to(str(url.query["host"]))
        await eventually(lambda: is_told(business, made["id"]))
        await usage.stop()
        await database.close()

    async def test_of_many_is_written_in_one_statement(
        self, business: Business, app: FastAPI, sent_statements: set[str]
    ) -> None:
        usage = TokenUsage(app.state.database)
        for name in ("a", "b"):
            usage.note(UUID((await business.make("/tokens", body(name=name)))["id"]), utcnow())
        await usage.flush()
        assert all(item["last_used_at"] for item in (await business.owner.get(TOKENS)).json()["items"])
        assert len([each for each in sent_statements if each.startswith("UPDATE public.api_tokens SET last_used")]) == 1


class TestRollToken:
    async def test_makes_one_like_it_and_lets_both_work_for_a_while(self, business: Business) -> None:
        old = await business.make("/tokens", body(allowed_networks=["10.0.0.0/8"]))
        new = await business.make(f"/tokens/{old['id']}/roll", {"overlap_seconds": 60})
        own = ("id", "token", "hint", "created_at", "rolled_from_id")
        assert {name: new[name] for name in new if name not in own} == {n: old[n] for n in old if n not in own}
        assert new["rolled_from_id"] == old["id"]
        assert new["token"].startswith("ss_live_")
        for token in (old["token"], new["token"]):
            assert (await business.at(business.host, token).get(ME)).status_code == 200
        ends = (await business.owner.get(f"{TOKENS}/{old['id']}")).json()["expires_at"]
        assert ends is not None

    async def test_can_end_the_old_one_at_once_in_every_process(
        self, business: Business, other_process: FastAPI
    ) -> None:
        old = await business.make("/tokens", body())
        async with from_address(other_process, business, old["token"], "198.51.100.1") as elsewhere:
            assert (await elsewhere.get(ME)).status_code == 200
            new = await business.make(f"/tokens/{old['id']}/roll", {"overlap_seconds": 0})
            assert (await business.at(business.host, old["token"]).get(ME)).json()["code"] == "token-invalid"
            assert (await business.at(business.host, new["token"]).get(ME)).status_code == 200
        assert [item["id"] for item in (await business.owner.get(TOKENS)).json()["items"]] == [new["id"]]

    async def test_gives_one_that_expires_as_long_a_life_again(self, business: Business) -> None:
        old = await business.make("/tokens", body(expires_at="2099-01-01T00:00:00Z"))
        new = await business.make(f"/tokens/{old['id']}/roll", {})
        ends = [datetime.fromisoformat(each["expires_at"]) for each in (old, new)]
        made = [datetime.fromisoformat(each["created_at"]) for each in (old, new)]
        assert ends[1] - made[1] == ends[0] - made[0]

    async def test_leaves_an_earlier_end_of_the_old_one(self, business: Business, app: FastAPI) -> None:
        old = await business.make("/tokens", body())
        soon = utcnow() + timedelta(minutes=1)
        await set_end(app, old["id"], soon)
        await business.make(f"/tokens/{old['id']}/roll", {"overlap_seconds": 3600})
        async with app.state.database.transaction() as session:
            assert (await session.get_one(ApiTokenRow, UUID(old["id"]))).expires_at == soon

    async def test_is_refused_once_it_has_expired(self, business: Business, app: FastAPI) -> None:
        old = await business.make("/tokens", body())
        await set_end(app, old["id"], utcnow() - timedelta(seconds=1))
        answer = await business.owner.post(f"{TOKENS}/{old['id']}/roll")
        assert (answer.status_code, answer.json()["code"]) == (409, "token-expired")

    async def test_takes_a_week_of_overlap_at_most(self, business: Business) -> None:
        old = await business.make("/tokens", body())
        for seconds in (-1, 7 * 86_400 + 1):
            answer = await business.owner.post(f"{TOKENS}/{old['id']}/roll", json={"overlap_seconds": seconds})
            assert answer.json()["errors"][0]["pointer"] == "/overlap_seconds"

    async def test_keeps_a_test_token_readable(self, business: Business) -> None:
        old = await business.make("/tokens", body(mode="test"))
        sandbox = business.in_sandbox()
        new = await business.make(f"/tokens/{old['id']}/roll", {}, client=sandbox)
        assert (await sandbox.get(f"{TOKENS}/{new['id']}")).json()["token"] == new["token"]


class TestApiHost:
    async def test_is_that_of_the_tokens_business(
        self, business: Business, other_business: Business, at: Caller
    ) -> None:
        for each in (business, other_business):
            customer = await each.make("/customers", {"name": each.slug})
            client = at("api.localhost", await each.token("customers:read"))
            assert (await client.get("/api/v1/customers")).json()["items"] == [customer]

    async def test_has_the_tokens_mode(self, business: Business, at: Caller) -> None:
        await business.make("/customers", {"name": "Grace Hopper"})
        client = at("api.localhost", await business.token("customers:read", mode="test"))
        answer = await client.get("/api/v1/customers")
        assert (answer.headers["x-sandbox-mode"], answer.json()["items"]) == ("true", [])

    async def test_knows_nobody_without_a_token(self, business: Business, at: Caller) -> None:
        session = business.owner.headers["authorization"].removeprefix("Bearer ")
        for token, code in ((None, "unauthenticated"), (session, "token-invalid"), ("ss_live_x", "token-invalid")):
            for method, path in (
                ("GET", "/api/v1/services"),
                ("GET", "/api/v1/host"),
                ("GET", "/api/v1/platform/tenants"),
                ("POST", "/api/v1/auth/login"),
                ("GET", "/api/v1/nowhere"),
            ):
                answer = await at("api.localhost", token).request(method, path)
                assert (answer.status_code, answer.json()["code"]) == (401, code), (token, path)

    async def test_is_not_the_platforms(self, platform: Platform, business: Business, at: Caller) -> None:
        session = platform.superuser.headers["authorization"].removeprefix("Bearer ")
        assert (await at("api.localhost", session).get("/api/v1/me")).json()["code"] == "token-invalid"
        client = at("api.localhost", await business.token("services:read"))
        assert (await client.get("/api/v1/platform/tenants")).status_code == 404
        assert (await client.get("/admin/")).status_code == 404

    async def test_forgets_a_revoked_token_at_once(self, business: Business, at: Caller) -> None:
        made = await business.make("/tokens", body())
        client = at("api.localhost", made["token"])
        assert (await client.get(ME)).status_code == 200
        await business.owner.delete(f"{TOKENS}/{made['id']}")
        assert (await client.get(ME)).json()["code"] == "token-invalid"

    async def test_says_what_it_is(self, at: Caller) -> None:
        assert (await at("api.localhost").get("/")).json()["kind"] == "api"


async def is_in(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    """Whether the log says so by now."""
    return words in caplog.text


async def is_told(business: Business, token_id: str) -> bool:
    """Whether the business is told by now when the token was last used."""
    return bool((await business.owner.get(f"{TOKENS}/{token_id}")).json()["last_used_at"])


async def set_end(app: FastAPI, token_id: str, instant: object) -> None:
    """Give the token another end than a request could."""
    async with app.state.database.transaction() as session:
        (await session.get_one(ApiTokenRow, UUID(token_id))).expires_at = instant
