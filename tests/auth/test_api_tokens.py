from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.auth.directory import PrincipalDirectory
from app.auth.token_format import hint_of, mode_of, new_token
from app.core.clock import utcnow
from app.core.crypto import crc32_base62
from app.errors import TokenInvalid
from app.tenancy.mode import Mode
from tests.actors import Business, Platform

TOKENS = "/api/v1/tokens"


def body(**changes: object) -> dict[str, object]:
    return {"name": "till", "mode": "live", "scopes": ["services:read"]} | changes


class TestTokenFormat:
    def test_the_checksum_is_githubs(self) -> None:
        assert crc32_base62("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == "0mLq17"

    @pytest.mark.parametrize("mode", list(Mode))
    def test_a_new_token_is_well_formed(self, mode: Mode) -> None:
        token = new_token(mode)
        assert len(token) == 44
        assert mode_of(token) is mode

    @pytest.mark.parametrize(
        "token",
        ["", "ss_live_", "ss_live_" + "a" * 36, "ss_test_" + "ä" * 30 + "000000", "ss_live_" + "a" * 35, "eyJ.a.b"],
    )
    def test_anything_else_is_not(self, token: str) -> None:
        assert mode_of(token) is None

    def test_a_hint_shows_its_ends_only(self) -> None:
        token = new_token(Mode.LIVE)
        assert hint_of(token) == f"ss_live_…{token[-4:]}"


class TestCreateToken:
    async def test_a_live_token_is_shown_once(self, business: Business) -> None:
        made = await business.make("/tokens", body())
        assert made["token"].startswith("ss_live_")
        (listed,) = (await business.owner.get(TOKENS)).json()["items"]
        assert listed["token"] is None
        assert listed["hint"] == hint_of(made["token"])

    async def test_a_test_token_stays_readable(self, business: Business) -> None:
        made = await business.make("/tokens", body(mode="test"))
        (listed,) = (await business.in_sandbox().get(TOKENS)).json()["items"]
        assert listed["token"] == made["token"]

    async def test_the_database_cannot_hold_a_live_plaintext(self, business: Business, app: FastAPI) -> None:
        made = await business.make("/tokens", body())
        with pytest.raises(IntegrityError, match="plaintext"):
            async with app.state.database.transaction() as session:
                await session.execute(
                    text("UPDATE public.api_tokens SET plaintext = :token WHERE id = :id"),
                    {"token": made["token"], "id": made["id"]},
                )

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"mode": "sandbox"}, "/mode"),
            ({"scopes": []}, "/scopes"),
            ({"scopes": ["everything"]}, "/scopes/0"),
            ({"scopes": ["tokens:write"]}, "/scopes"),
            ({"scopes": ["tenants:write"]}, "/scopes"),
            ({"name": " "}, "/name"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
            ({"expires_at": "2099-01-01T00:00:00"}, "/expires_at"),
            ({"expires_at": "9999-12-31T23:59:59-01:00"}, "/expires_at"),
        ],
    )
    async def test_bad_input_is_named(self, bystander: Business, changes: dict[str, object], pointer: str) -> None:
        answer = await bystander.owner.post(TOKENS, json=body(**changes))
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_a_token_makes_no_tokens(self, business: Business) -> None:
        client = await business.client("services:read")
        answer = await client.post(TOKENS, json=body())
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")
        assert "tokens:write" in answer.json()["detail"]

    async def test_the_platform_host_has_no_tokens(self, platform: Platform) -> None:
        assert (await platform.superuser.post(TOKENS, json=body())).json()["code"] == "not-found"


class TestUseToken:
    async def test_says_its_mode(self, business: Business) -> None:
        for mode, sandbox in (("live", "false"), ("test", "true")):
            client = await business.client("services:read", mode=mode)
            answer = await client.get("/api/v1/me")
            assert answer.headers["x-sandbox-mode"] == sandbox
            assert answer.json()["permissions"] == ["services:read"]

    async def test_counts_only_at_its_own_business(
        self, business: Business, other_business: Business, platform: Platform
    ) -> None:
        token = await business.token("services:read")
        for host in (other_business.host, "platform.localhost"):
            answer = await platform.at(host, token).get("/api/v1/me")
            assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")

    async def test_a_live_token_cannot_be_renamed_into_a_test_token(self, business: Business) -> None:
        token = (await business.token("services:read")).replace("ss_live_", "ss_test_")
        answer = await business.at(business.host, token).get("/api/v1/me")
        assert answer.json()["code"] == "token-invalid"

    async def test_expires(self, business: Business, app: FastAPI) -> None:
        made = await business.make("/tokens", body(expires_at="2099-01-01T00:00:00Z"))
        end = datetime(2099, 1, 1, tzinfo=UTC)
        host = await app.state.hosts.resolve(business.host, now=utcnow())
        principals: PrincipalDirectory = app.state.principals
        principal = await principals.authenticate(made["token"], host, now=end - timedelta(microseconds=1))
        assert str(principal.token_id) == made["id"]
        with pytest.raises(TokenInvalid):
            await principals.authenticate(made["token"], host, now=end)


class TestListTokens:
    async def test_pages_through_all_newest_first(self, business: Business) -> None:
        made = [(await business.make("/tokens", body(name=f"till {number}")))["id"] for number in range(3)]
        first = (await business.owner.get(TOKENS, params={"limit": 2})).json()
        rest = (await business.owner.get(TOKENS, params={"cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None

    async def test_shows_nobody_elses(self, business: Business, other_business: Business) -> None:
        await business.make("/tokens", body())
        assert (await other_business.owner.get(TOKENS)).json()["items"] == []

    async def test_shows_those_of_the_mode_alone(self, business: Business) -> None:
        live, trial = [await business.make("/tokens", body(mode=mode)) for mode in ("live", "test")]
        for client, own, other in ((business.owner, live, trial), (business.in_sandbox(), trial, live)):
            assert [item["id"] for item in (await client.get(TOKENS)).json()["items"]] == [own["id"]]
            assert (await client.delete(f"{TOKENS}/{other['id']}")).json()["code"] == "token-not-found"

    @pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "e30", "WyJhIl0", "WzEsMl0"])
    async def test_a_made_up_cursor_is_refused(self, bystander: Business, cursor: str) -> None:
        answer = await bystander.owner.get(TOKENS, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


class TestRevokeToken:
    async def test_acts_at_once(self, business: Business) -> None:
        made = await business.make("/tokens", body())
        client = business.at(business.host, made["token"])
        assert (await client.get("/api/v1/me")).status_code == 200
        assert (await business.owner.delete(f"{TOKENS}/{made['id']}")).status_code == 204
        assert (await client.get("/api/v1/me")).json()["code"] == "token-invalid"
        assert (await business.owner.get(TOKENS)).json()["items"] == []

    async def test_twice_is_not_found(self, business: Business) -> None:
        made = await business.make("/tokens", body())
        await business.owner.delete(f"{TOKENS}/{made['id']}")
        assert (await business.owner.delete(f"{TOKENS}/{made['id']}")).json()["code"] == "token-not-found"

    async def test_another_businesss_token_is_not_found(self, business: Business, other_business: Business) -> None:
        made = await business.make("/tokens", body())
        assert (await other_business.owner.delete(f"{TOKENS}/{made['id']}")).status_code == 404
        assert (await business.at(business.host, made["token"]).get("/api/v1/me")).status_code == 200
