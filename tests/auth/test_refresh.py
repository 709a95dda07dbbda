import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.auth.refresh_tokens import read_refresh_token, refresh_token
from app.auth.roles import Role
from app.core.crypto import Keyring
from app.errors import SessionInvalid
from app.models.public import UserSessionRow
from tests.actors import PASSWORD, Business
from tests.auth.cast import Cast
from tests.auth.visitors import Visitor, seconds_until

REFRESH = "/api/v1/auth/refresh"


async def started(business: Business) -> str:
    answer = await business.anonymous.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})
    business.anonymous.cookies.clear()
    return str(answer.json()["refresh_token"])


async def refreshed(business: Business, token: str) -> httpx.Response:
    answer = await business.anonymous.post(REFRESH, json={"refresh_token": token})
    business.anonymous.cookies.clear()
    return answer


async def rotated_earlier(app: FastAPI, token: str, by: timedelta) -> None:
    session_id = UUID(token.split(".", maxsplit=1)[0])
    async with app.state.database.transaction() as session:
        row = await session.get(UserSessionRow, session_id)
        row.rotated_at -= by


class TestRefresh:
    async def test_gives_a_new_pair(self, business: Business) -> None:
        first = await started(business)
        answer = await refreshed(business, first)
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] != first
        client = business.at(business.host, answer.json()["access_token"])
        assert (await client.get("/api/v1/me")).status_code == 200

    async def test_the_token_just_exchanged_gives_the_same_successor(self, business: Business) -> None:
        first = await started(business)
        answers = [await refreshed(business, first) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json()["refresh_token"] == answers[1].json()["refresh_token"]

    async def test_a_token_exchanged_longer_ago_ends_the_session(self, business: Business, app: FastAPI) -> None:
        first = await started(business)
        second = (await refreshed(business, first)).json()
        await rotated_earlier(app, first, timedelta(seconds=6))
        answer = await refreshed(business, first)
        assert (answer.status_code, answer.json()["code"]) == (401, "refresh-token-reused")
        assert (await refreshed(business, second["refresh_token"])).json()["code"] == "session-invalid"
        client = business.at(business.host, second["access_token"])
        assert (await client.get("/api/v1/me")).json()["code"] == "session-invalid"

    async def test_a_reuse_is_kept_in_the_trail(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        successor = (await inside.refresh()).json()["refresh_token"]
        await inside.refresh(successor)
        assert (await inside.refresh()).status_code == 401
        (entry,) = await visitor.trail("session.refresh_reused")
        assert (entry.result, entry.status, entry.actor_id) == ("denied", 401, visitor.id)
        assert (entry.session_id, entry.object_id) == (inside.session_id, str(inside.session_id))

    async def test_of_many_at_once_all_get_the_same_successor(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        answers = await asyncio.gather(*(inside.refresh() for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1

    async def test_begins_the_time_without_use_anew(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.age(timedelta(days=6))
        assert 7 * 86400 - 60 < seconds_until((await inside.refresh()).json()["expires_at"]) <= 7 * 86400

    async def test_a_masquerade_is_never_made_longer(self, cast: Cast, business: Business, app: FastAPI) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        masked = await cast.mask(owner, await cast.add(Role.TENANT_STAFF, business), business)
        token = refresh_token(app.state.keyring, masked.session_id, 1)
        assert (await refreshed(business, token)).json()["code"] == "session-invalid"
        assert (await masked.me()).status_code == 200

    async def test_a_token_two_exchanges_old_ends_the_session(self, business: Business) -> None:
        first = await started(business)
        second = (await refreshed(business, first)).json()["refresh_token"]
        await refreshed(business, second)
        assert (await refreshed(business, first)).json()["code"] == "refresh-token-reused"

    async def test_an_expired_session_is_refused(self, business: Business, app: FastAPI) -> None:
        token = await started(business)
        async with app.state.database.transaction() as session:
            await session.execute(
                update(UserSessionRow)
                .where(UserSessionRow.id == UUID(token.split(".")[0]))
                .values(expires_at=UserSessionRow.created_at)
            )
        assert (await refreshed(business, token)).json()["code"] == "session-invalid"

    async def test_it_counts_only_at_its_own_business(self, business: Business, other_business: Business) -> None:
        token = await started(business)
        assert (await refreshed(other_business, token)).json()["code"] == "session-invalid"

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü.1.f"])
    async def test_anything_else_is_refused(self, business: Business, token: str) -> None:
        assert (await refreshed(business, token)).json()["code"] == "session-invalid"

    async def test_nothing_sent_is_refused(self, business: Business) -> None:
        answer = await business.anonymous.post(REFRESH, json={})
        assert answer.status_code == 401
        assert "cookie" in answer.json()["detail"]


class TestRefreshToken:
    def test_is_refused_under_another_key(self) -> None:
        token = refresh_token(Keyring("k" * 32), UUID(int=7), 3)
        assert read_refresh_token(Keyring("k" * 32), token) == (UUID(int=7), 3)
        with pytest.raises(SessionInvalid):
            read_refresh_token(Keyring("K" * 32), token)
