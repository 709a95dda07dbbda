"""The list of one's log-ins, and ending them from there."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from app.auth import session_list
from app.auth.roles import Role
from app.core.clock import utcnow
from tests.actors import Business
from tests.auth.cast import Cast, Person
from tests.auth.visitors import FIREFOX, SAFARI, Inside, Visitor, seconds_until

SESSIONS = "/me/sessions"


@pytest.fixture
async def here(visitor: Visitor) -> Inside:
    return await visitor.enter(**{"User-Agent": FIREFOX})


async def listed(inside: Inside) -> list[UUID]:
    return [UUID(each["id"]) for each in (await inside.get(SESSIONS)).json()["items"]]


async def of_visitor(visitor: Visitor, here: Inside) -> Person:
    """The visitor as the cast knows people."""
    row = await visitor.row()
    return Person(visitor.id, row.email, Role(row.role), row.tenant_id, here.session_id, "", here.client)


class TestListMySessions:
    async def test_shows_device_method_and_times(self, visitor: Visitor, here: Inside) -> None:
        phone = await visitor.enter(**{"User-Agent": SAFARI})
        newest, oldest = (await here.get(SESSIONS)).json()["items"]
        assert newest["id"] == str(phone.session_id)
        assert (newest["device"], newest["is_current"]) == ("Mobile Safari on iOS", False)
        assert oldest["id"] == str(here.session_id)
        assert (oldest["device"], oldest["is_current"]) == ("Firefox on Linux", True)
        assert (oldest["place"], oldest["methods"]) == (None, ["pwd"])
        assert oldest["ip_address"].startswith("10.")
        assert oldest["last_used_at"] == oldest["created_at"]
        assert 7 * 86400 - 60 < seconds_until(oldest["expires_at"]) <= 7 * 86400

    async def test_a_refresh_is_a_use(self, here: Inside) -> None:
        await here.age(timedelta(minutes=10))
        await here.refresh()
        (mine,) = (await here.get(SESSIONS)).json()["items"]
        assert -60 < seconds_until(mine["last_used_at"]) <= 0

    async def test_shows_none_that_has_ended(self, visitor: Visitor, here: Inside) -> None:
        idle, old, closed = [await visitor.enter() for _ in range(3)]
        await idle.age(timedelta(days=7, seconds=1))
        await old.age(timedelta(days=31), absolutely=True)
        await closed.post("/auth/logout")
        assert await listed(here) == [here.session_id]

    async def test_shows_nobody_elses(self, here: Inside, manager: Visitor) -> None:
        await manager.enter()
        assert await listed(here) == [here.session_id]

    async def test_pages(self, visitor: Visitor, here: Inside) -> None:
        newer = await visitor.enter()
        first = (await here.get(f"{SESSIONS}?limit=1")).json()
        second = (await here.get(f"{SESSIONS}?limit=1&cursor={first['next_cursor']}")).json()
        assert [page["items"][0]["id"] for page in (first, second)] == [str(newer.session_id), str(here.session_id)]
        assert second["next_cursor"] is None

    async def test_is_not_for_tokens(self, business: Business) -> None:
        client = await business.client("services:read")
        assert (await client.get(f"/api/v1{SESSIONS}")).json()["code"] == "in-person-only"

    async def test_shows_no_masquerade_and_not_to_one(
        self, cast: Cast, business: Business, visitor: Visitor, here: Inside
    ) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        masked = await cast.mask(owner, await of_visitor(visitor, here), business)
        assert await listed(here) == [here.session_id]
        assert (await masked.client.get(f"/api/v1{SESSIONS}")).json()["code"] == "in-person-only"


class TestEndMySession:
    async def test_ends_it_at_once(self, visitor: Visitor, here: Inside) -> None:
        phone = await visitor.enter()
        assert await phone.is_in()
        assert (await here.delete(f"{SESSIONS}/{phone.session_id}")).status_code == 204
        assert (await phone.get("/me")).json()["code"] == "session-invalid"
        assert (await phone.refresh()).json()["code"] == "session-invalid"
        assert await here.is_in()
        (entry,) = await visitor.trail("session.revoked")
        assert (entry.object_id, entry.diff) == (str(phone.session_id), {"count": 1})

    async def test_may_be_ones_own(self, here: Inside) -> None:
        assert (await here.delete(f"{SESSIONS}/{here.session_id}")).status_code == 204
        assert not await here.is_in()

    async def test_finds_nobody_elses_and_none_that_has_ended(
        self, visitor: Visitor, here: Inside, manager: Visitor
    ) -> None:
        ended = await visitor.enter()
        await ended.post("/auth/logout")
        for session_id in ((await manager.enter()).session_id, ended.session_id, uuid4()):
            answer = await here.delete(f"{SESSIONS}/{session_id}")
            assert (answer.status_code, answer.json()["code"]) == (404, "session-not-found")


class TestEndMyOtherSessions:
    async def test_ends_all_but_this_one(self, visitor: Visitor, here: Inside, manager: Visitor) -> None:
        others = [await visitor.enter() for _ in range(2)]
        idle = await visitor.enter()
        await idle.age(timedelta(days=7, seconds=1))
        theirs = await manager.enter()
        answer = await here.delete(SESSIONS)
        assert (answer.status_code, answer.json()) == (200, {"ended": 2})
        assert [await inside.is_in() for inside in (*others, here, theirs)] == [False, False, True, True]
        (entry,) = await visitor.trail("session.revoked")
        assert (entry.object_id, entry.diff) == (str(visitor.id), {"count": 2})

    async def test_there_may_be_none(self, visitor: Visitor, here: Inside) -> None:
        assert (await here.delete(SESSIONS)).json() == {"ended": 0}
        assert not await visitor.trail("session.revoked")

    async def test_puts_out_whoever_acts_in_ones_place(
        self, cast: Cast, business: Business, visitor: Visitor, here: Inside
    ) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        masked = await cast.mask(owner, await of_visitor(visitor, here), business)
        assert (await here.delete(SESSIONS)).json() == {"ended": 0}
        assert (await masked.me()).json()["code"] == "session-invalid"
        (entry,) = await cast.entries("masquerade.ended", about=visitor.id)
        assert (entry.actor_id, entry.user_id, entry.session_id) == (owner.id, visitor.id, masked.session_id)
        (line,) = cast.log_lines(action="HIJACK_END", session_key=str(masked.session_id))
        assert (line["hijacker_email"], line["hijacked_email"]) == (owner.email, visitor.email)


class TestEndAll:
    async def test_ends_masquerades_by_the_user_too(self, cast: Cast, business: Business, app: FastAPI) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        staff = await cast.add(Role.TENANT_STAFF, business)
        masked = await cast.mask(owner, staff, business)
        async with app.state.database.transaction() as session:
            assert await session_list.end_all(session, owner.id, now=utcnow()) == 1
        assert (await owner.get("/me")).status_code == 401
        assert (await masked.me()).status_code == 401
        assert (await staff.get("/me")).status_code == 200

    async def test_spares_what_was_begun_from_the_session_that_stays(
        self, cast: Cast, business: Business, app: FastAPI
    ) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        masked = await cast.mask(owner, await cast.add(Role.TENANT_STAFF, business), business)
        async with app.state.database.transaction() as session:
            assert await session_list.end_all(session, owner.id, now=utcnow(), but=owner.session_id) == 0
        assert (await masked.me()).status_code == 200

    async def test_logging_out_of_a_masquerade_ends_that_alone(self, cast: Cast, business: Business) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        staff = await cast.add(Role.TENANT_STAFF, business)
        masked = await cast.mask(owner, staff, business)
        assert (await masked.client.post("/api/v1/auth/logout")).status_code == 204
        assert (await masked.me()).json()["code"] == "session-invalid"
        assert (await owner.get("/me")).status_code == 200
        assert len(await cast.entries("masquerade.ended", about=staff.id)) == 1
        assert not await cast.entries("session.ended", about=masked.session_id)

    async def test_logging_out_ends_masquerades_begun_from_there(self, cast: Cast, business: Business) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        masked = await cast.mask(owner, await cast.add(Role.TENANT_STAFF, business), business)
        assert (await owner.post("/auth/logout")).status_code == 204
        assert (await masked.me()).json()["code"] == "session-invalid"


class TestSweep:
    async def test_forgets_sessions_a_year_after_their_end(self, visitor: Visitor, here: Inside, app: FastAPI) -> None:
        old, older = [await visitor.enter() for _ in range(2)]
        await old.age(timedelta(days=30 + 364), absolutely=True)
        await older.age(timedelta(days=30 + 366), absolutely=True)
        async with app.state.database.transaction() as session:
            await session_list.sweep(session, now=utcnow())
        assert [row.id for row in await visitor.sessions()] == [here.session_id, old.session_id]
