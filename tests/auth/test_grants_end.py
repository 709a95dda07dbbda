"""The end of what was lent: taken back, over, or gone with the power of whoever lent it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth import grants
from app.auth.directory import PrincipalDirectory
from app.auth.permissions import Permission
from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import PermissionGrantRow
from tests.actors import Business, Platform
from tests.auth.cast import API, Cast, Person
from tests.conftest import Caller


@pytest.fixture(scope="module")
async def business(platform: Platform) -> Business:
    """A business that these tests share: each has people of its own."""
    return await platform.sign_up()


@pytest.fixture
async def owner(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_OWNER, business)


@pytest.fixture
async def manager(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_MANAGER, business)


@pytest.fixture
async def staff(cast: Cast, business: Business) -> Person:
    """Somebody without any area."""
    return await cast.add(Role.TENANT_STAFF, business)


class TestRevokeGrant:
    async def test_acts_at_once(self, manager: Person, staff: Person) -> None:
        grant_id = await manager.lent(staff)
        assert "customers:write" in await staff.permissions()
        answer = await manager.post(f"/grants/{grant_id}/revoke")
        assert answer.status_code == 200
        assert (answer.json()["state"], answer.json()["is_active"]) == ("revoked", False)
        assert answer.json()["revoked_by"] == str(manager.id)
        assert "customers:write" not in await staff.permissions()
        assert (await staff.post("/customers", {"name": "Grace Hopper"})).json()["code"] == "permission-denied"

    async def test_leaves_what_others_have_lent(self, owner: Person, manager: Person, staff: Person) -> None:
        grant_id = await manager.lent(staff)
        await owner.lent(staff)
        await manager.post(f"/grants/{grant_id}/revoke")
        assert "customers:write" in await staff.permissions()

    async def test_an_owner_takes_back_what_anybody_has_lent(
        self, owner: Person, manager: Person, staff: Person
    ) -> None:
        grant_id = await manager.lent(staff)
        assert (await owner.post(f"/grants/{grant_id}/revoke")).json()["revoked_by"] == str(owner.id)

    async def test_others_take_back_their_own_only(
        self, cast: Cast, business: Business, owner: Person, manager: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff)
        for person in (manager, await cast.add(Role.TENANT_MANAGER, business), staff):
            answer = await person.post(f"/grants/{grant_id}/revoke")
            assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")
        assert "customers:write" in await staff.permissions()

    async def test_a_superuser_takes_back_anywhere_and_a_platform_manager_does_not(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff)
        answer = await (await cast.add(Role.PLATFORM_MANAGER)).post(f"/grants/{grant_id}/revoke")
        assert answer.json()["code"] == "permission-denied"
        answer = await (await cast.add(Role.SUPERUSER)).post(f"/grants/{grant_id}/revoke")
        assert answer.json()["state"] == "revoked"
        assert "customers:write" not in await staff.permissions()
        (entry,) = await cast.entries("grant.revoked", about=UUID(grant_id))
        assert str(entry.chain_id) == business.id

    async def test_another_businesss_is_not_found(
        self, cast: Cast, other_business: Business, owner: Person, staff: Person
    ) -> None:
        stranger = await cast.add(Role.TENANT_OWNER, other_business)
        for grant_id in (await owner.lent(staff), str(uuid7())):
            answer = await stranger.post(f"/grants/{grant_id}/revoke")
            assert (answer.status_code, answer.json()["code"]) == (404, "grant-not-found")

    async def test_twice_changes_nothing(self, cast: Cast, owner: Person, manager: Person, staff: Person) -> None:
        grant_id = await manager.lent(staff)
        first = await manager.post(f"/grants/{grant_id}/revoke")
        assert (await owner.post(f"/grants/{grant_id}/revoke")).json() == first.json()
        assert len(await cast.entries("grant.revoked", about=UUID(grant_id))) == 1

    async def test_two_at_once_take_it_back_once(
        self, cast: Cast, owner: Person, manager: Person, staff: Person
    ) -> None:
        grant_id = await manager.lent(staff)
        answers = await asyncio.gather(*[each.post(f"/grants/{grant_id}/revoke") for each in 4 * (owner, manager)])
        assert {answer.status_code for answer in answers} == {200}
        assert len(await cast.entries("grant.revoked", about=UUID(grant_id))) == 1

    async def test_one_that_is_over_is_answered_as_it_is(self, cast: Cast, owner: Person, staff: Person) -> None:
        grant_id = await owner.lent(staff)
        await cast.age_grant(grant_id, timedelta(minutes=30))
        answer = (await owner.post(f"/grants/{grant_id}/revoke")).json()
        assert (answer["state"], answer["revoked_at"]) == ("expired", None)

    async def test_is_possible_as_long_as_the_grantor_is_gone_too(
        self, cast: Cast, owner: Person, manager: Person, staff: Person
    ) -> None:
        grant_id = await manager.lent(staff)
        await cast.change(manager, is_active=False)
        assert (await owner.post(f"/grants/{grant_id}/revoke")).json()["state"] == "revoked"


class TestRevokeGrants:
    async def revoke(self, person: Person, **which: Any) -> list[str]:
        answer = await person.post("/grants/revoke", which)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    async def test_by_their_ids(self, owner: Person, staff: Person) -> None:
        kept, *ids = [await owner.lent(staff, name) for name in ("audit:read", "customers:write", "webhooks:write")]
        assert await self.revoke(owner, ids=[*ids, str(uuid7())]) == ids
        (grant,) = (await owner.get("/grants", grantee_id=staff.id, state="active")).json()["items"]
        assert grant["id"] == kept
        assert await self.revoke(owner, ids=ids) == []

    async def test_by_their_grantee(self, owner: Person, manager: Person, staff: Person) -> None:
        ids = [await owner.lent(staff), await manager.lent(staff, "audit:read")]
        other = await owner.lent(manager, "webhooks:write")
        assert await self.revoke(owner, grantee_id=str(staff.id)) == ids
        assert await self.revoke(owner, mine=True) == [other]

    async def test_of_others_an_owner_alone(self, owner: Person, manager: Person, staff: Person) -> None:
        theirs, own = await owner.lent(staff), await manager.lent(staff)
        assert await self.revoke(manager, grantee_id=str(staff.id)) == [own]
        assert await self.revoke(manager, ids=[theirs]) == []
        assert "customers:write" in await staff.permissions()

    async def test_mine_are_nobody_elses(self, owner: Person, manager: Person, staff: Person) -> None:
        theirs = await manager.lent(staff)
        own = await owner.lent(staff)
        assert await self.revoke(owner, mine=True) == [own]
        assert await self.revoke(manager, mine=True) == [theirs]

    async def test_not_those_that_are_over(self, cast: Cast, owner: Person, staff: Person) -> None:
        await cast.age_grant(await owner.lent(staff), timedelta(minutes=30))
        assert await self.revoke(owner, mine=True) == []

    async def test_not_another_businesss(
        self, cast: Cast, other_business: Business, owner: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff)
        stranger = await cast.add(Role.TENANT_OWNER, other_business)
        assert await self.revoke(stranger, ids=[grant_id]) == []
        assert await self.revoke(stranger, grantee_id=str(staff.id)) == []

    @pytest.mark.parametrize(
        "which",
        [{}, {"mine": True, "grantee_id": str(uuid7())}, {"mine": False}, {"ids": []}, {"ids": None}],
    )
    async def test_has_to_be_said_in_one_way(self, owner: Person, which: dict[str, Any]) -> None:
        assert (await owner.post("/grants/revoke", which)).status_code == 422

    async def test_needs_the_permission(self, staff: Person) -> None:
        assert (await staff.post("/grants/revoke", {"mine": True})).json()["code"] == "permission-denied"


class TestTerm:
    """At the instants themselves: `now` is what the clock is asked for, so it can be any."""

    def test_an_active_one_is_neither_over_nor_taken_back(self) -> None:
        end = utcnow()
        row = PermissionGrantRow(expires_at=end, revoked_at=None)
        assert grants.is_active(row, now=end - timedelta(microseconds=1))
        assert not grants.is_active(row, now=end)
        row.revoked_at = end
        assert not grants.is_active(row, now=end - timedelta(microseconds=1))

    async def test_counts_until_its_end_and_not_at_it(self, app: FastAPI, owner: Person, staff: Person) -> None:
        (grant,) = (await owner.lend(staff, "customers:write", minutes=1)).json()["items"]
        end = datetime.fromisoformat(grant["expires_at"])
        async with app.state.database.transaction() as session:
            last = await grants.active_for(session, staff.id, now=end - timedelta(microseconds=1))
            assert [each.permission for each in last] == [Permission.CUSTOMERS_WRITE]
            assert await grants.active_for(session, staff.id, now=end) == []

    async def test_ends_by_time_alone_for_a_process_that_remembers(
        self, app: FastAPI, business: Business, owner: Person, staff: Person
    ) -> None:
        """Nobody announces that the time is over: what is remembered is read anew by then."""
        answer = await owner.lend(staff, "customers:write", minutes=5)
        later = await owner.lend(staff, "audit:read", minutes=10)
        first, second = (datetime.fromisoformat(each.json()["items"][0]["expires_at"]) for each in (answer, later))
        directory: PrincipalDirectory = app.state.principals
        host = await app.state.hosts.resolve(business.host, now=utcnow())
        instant, found = timedelta(microseconds=1), []
        for now in (utcnow(), first - instant, first, second - instant, second):
            principal = await directory.authenticate(staff.token, host, now=now)
            found.append({Permission.CUSTOMERS_WRITE, Permission.AUDIT_READ} & principal.permissions)
        both, one = {Permission.CUSTOMERS_WRITE, Permission.AUDIT_READ}, {Permission.AUDIT_READ}
        assert found == [both, both, one, one, set()]

    async def test_of_two_alike_the_later_end_counts(
        self, app: FastAPI, business: Business, owner: Person, staff: Person
    ) -> None:
        long, short = await owner.lent(staff, minutes=10), await owner.lent(staff, minutes=5)
        directory: PrincipalDirectory = app.state.principals
        host = await app.state.hosts.resolve(business.host, now=utcnow())
        principal = await directory.authenticate(staff.token, host, now=utcnow())
        assert str(principal.grant_for(Permission.CUSTOMERS_WRITE)) == long
        assert principal.grant_for(Permission.AUDIT_READ) is None
        await owner.post(f"/grants/{long}/revoke")
        principal = await directory.authenticate(staff.token, host, now=utcnow())
        assert str(principal.grant_for(Permission.CUSTOMERS_WRITE)) == short

    async def test_is_over_for_requests_too(self, cast: Cast, owner: Person, staff: Person) -> None:
        grant_id = await owner.lent(staff)
        assert "customers:write" in await staff.permissions()
        await cast.age_grant(grant_id, timedelta(minutes=30))
        assert "customers:write" not in await staff.permissions()
        assert (await staff.get("/me")).json()["grants"] == []


class TestPowerLost:
    @pytest.mark.parametrize(
        ("whose", "changes"),
        [
            ("grantor", {"is_active": False}),
            ("grantor", {"role": "TENANT_MANAGER"}),
            ("grantor", {"role": "TENANT_STAFF"}),
            ("grantor", {"role": "CUSTOMER"}),
            ("grantee", {"role": "CUSTOMER"}),
        ],
    )
    async def test_ends_what_was_lent_at_once_in_every_process(
        self,
        cast: Cast,
        business: Business,
        owner: Person,
        staff: Person,
        other_process: FastAPI,
        at: Caller,
        whose: str,
        changes: dict[str, Any],
    ) -> None:
        grant_id = await owner.lent(staff, "webhooks:write")
        elsewhere = at(business.host, staff.token, app=other_process)
        for client in (staff.client, elsewhere):
            assert "webhooks:write" in (await client.get(f"{API}/me")).json()["permissions"]
        await cast.change(owner if whose == "grantor" else staff, **changes)
        assert "webhooks:write" not in await staff.permissions()
        async with asyncio.timeout(10):
            while "webhooks:write" in (await elsewhere.get(f"{API}/me")).json()["permissions"]:  # noqa: ASYNC110 — as above
                await asyncio.sleep(0.001)
        onlooker = await cast.add(Role.TENANT_OWNER, business)
        (shown,) = (await onlooker.get("/grants", grantee_id=staff.id)).json()["items"]
        assert (shown["id"], shown["state"], shown["is_active"]) == (grant_id, "active", False)

    async def test_keeps_what_another_grantor_has_lent(
        self, cast: Cast, owner: Person, manager: Person, staff: Person
    ) -> None:
        await owner.lent(staff)
        await manager.lent(staff)
        await cast.change(manager, is_active=False)
        assert "customers:write" in await staff.permissions()

    async def test_a_token_carries_nothing_that_was_lent(self, cast: Cast, business: Business, owner: Person) -> None:
        """Tokens have what their maker's role has, whatever the maker is lent."""
        maker = await cast.add(Role.TENANT_OWNER, business)
        made = await maker.post("/tokens", {"name": "till", "mode": "live", "scopes": ["webhooks:write"]})
        client = business.at(business.host, made.json()["token"])
        await cast.change(maker, role="TENANT_MANAGER")
        await owner.lent(maker, "webhooks:write")
        assert "webhooks:write" in await maker.permissions()
        assert (await client.get(f"{API}/me")).json()["permissions"] == []

    async def test_nobody_wears_what_was_lent_to_the_user(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        await owner.lent(staff, "webhooks:write")
        me = (await (await cast.mask(owner, staff, business)).me()).json()
        assert "webhooks:write" not in me["permissions"]
        assert me["grants"] == []
