"""What was lent ends for good with the change that takes its power away."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.auth.permissions import Area
from app.auth.roles import Role
from tests.actors import Business, Platform
from tests.auth.cast import API, Cast, Person


@pytest.fixture(scope="module")
async def business(platform: Platform) -> Business:
    """A business that these tests share: each has people of its own."""
    return await platform.sign_up()


@pytest.fixture
async def boss(cast: Cast, business: Business) -> Person:
    """The owner who takes power away."""
    return await cast.add(Role.TENANT_OWNER, business)


@pytest.fixture
async def owner(cast: Cast, business: Business) -> Person:
    """The one who lends."""
    return await cast.add(Role.TENANT_OWNER, business)


@pytest.fixture
async def staff(cast: Cast, business: Business) -> Person:
    """Somebody without any area."""
    return await cast.add(Role.TENANT_STAFF, business)


async def change(boss: Person, user: Person, **changes: Any) -> None:
    """Change somebody as the API does it."""
    answer = await boss.client.patch(f"{API}/staff/{user.id}", json=changes)
    assert answer.status_code == 200, answer.text


async def state_of(onlooker: Person, grant_id: str) -> str:
    """What has become of a grant."""
    found = (await onlooker.get("/grants")).json()["items"]
    return next(str(grant["state"]) for grant in found if grant["id"] == grant_id)


class TestPowerTakenAway:
    @pytest.mark.parametrize(
        ("loss", "return_"),
        [
            ({"is_active": False}, {"is_active": True}),
            ({"role": "TENANT_MANAGER"}, {"role": "TENANT_OWNER"}),
            ({"role": "TENANT_STAFF", "areas": []}, {"role": "TENANT_OWNER"}),
        ],
    )
    async def test_ends_what_the_grantor_lent_and_nothing_brings_it_back(
        self, boss: Person, owner: Person, staff: Person, loss: dict[str, Any], return_: dict[str, Any]
    ) -> None:
        grant_id = await owner.lent(staff, "webhooks:write")
        await change(boss, owner, **loss)
        assert "webhooks:write" not in await staff.permissions()
        assert await state_of(boss, grant_id) == "revoked"
        await change(boss, owner, **return_)
        assert "webhooks:write" not in await staff.permissions()

    async def test_leaves_what_the_grantor_can_lend_still(self, boss: Person, owner: Person, staff: Person) -> None:
        kept, lost = await owner.lent(staff, "customers:write"), await owner.lent(staff, "webhooks:write")
        await change(boss, owner, role="TENANT_MANAGER")
        assert (await state_of(boss, kept), await state_of(boss, lost)) == ("active", "revoked")
        assert "customers:write" in await staff.permissions()

    async def test_goes_by_areas_where_the_grantor_has_become_staff(
        self, boss: Person, owner: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff, "customers:write")
        await change(boss, owner, role="TENANT_STAFF", areas=[Area.CUSTOMERS])
        assert await state_of(boss, grant_id) == "active"
        await change(boss, owner, areas=[Area.REPORTS])
        assert await state_of(boss, grant_id) == "revoked"
        await change(boss, owner, areas=[Area.CUSTOMERS])
        assert "customers:write" not in await staff.permissions()

    async def test_ends_what_the_grantee_was_lent(self, boss: Person, owner: Person, staff: Person) -> None:
        grant_id = await owner.lent(staff)
        await change(boss, staff, is_active=False)
        await change(boss, staff, is_active=True)
        assert await state_of(boss, grant_id) == "revoked"

    async def test_of_others_ends_nothing(self, boss: Person, owner: Person, staff: Person) -> None:
        grant_id = await boss.lent(staff, "webhooks:write")
        await change(boss, owner, is_active=False)
        assert await state_of(boss, grant_id) == "active"

    async def test_is_told_to_the_trail_and_the_grantee(
        self, cast: Cast, boss: Person, owner: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff, "webhooks:write")
        await change(boss, owner, role="TENANT_MANAGER")
        (entry,) = await cast.entries("grant.revoked", about=UUID(grant_id))
        assert (entry.actor_id, entry.reason) == (boss.id, "The power that it rested on was taken away.")
        (grant,) = [g for g in (await boss.get("/grants")).json()["items"] if g["id"] == grant_id]
        assert (grant["revoked_by"], grant["is_active"]) == (None, False)
        told = (await staff.get("/notifications")).json()["items"]
        assert [each["text"] for each in told if each["kind"] == "grant_revoked"] == [
            "webhooks:write, which was lent to you, has ended early."
        ]

    async def test_by_the_platform_ends_it_too(
        self, cast: Cast, business: Business, boss: Person, owner: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff)
        support = await cast.add(Role.PLATFORM_SUPPORT)
        for change_ in ("deactivate", "reactivate"):
            assert (await support.post(f"/platform/users/{owner.id}/{change_}")).status_code == 200
        assert await state_of(boss, grant_id) == "revoked"
        (entry,) = await cast.entries("grant.revoked", about=UUID(grant_id))
        assert str(entry.chain_id) == business.id

    async def test_among_the_platforms_people_ends_it_too(self, cast: Cast) -> None:
        superuser, manager = await cast.add(Role.SUPERUSER), await cast.add(Role.PLATFORM_MANAGER)
        support = await cast.add(Role.PLATFORM_SUPPORT)
        grant_id = await manager.lent(support, "tenants:write")
        await change(superuser, manager, role="PLATFORM_SALES")
        assert await state_of(superuser, grant_id) == "revoked"
        assert "tenants:write" not in await support.permissions()

    async def test_while_somebody_lends_leaves_nothing_behind(self, boss: Person, owner: Person, staff: Person) -> None:
        """Either the grant is there first, and ends with the power, or the power is gone first."""
        lending = asyncio.gather(*[owner.lend(staff, "webhooks:write") for _ in range(4)])
        await change(boss, owner, role="TENANT_MANAGER")
        answers = await lending
        assert {answer.status_code for answer in answers} <= {201, 403}
        found = (await boss.get("/grants", grantor_id=owner.id)).json()["items"]
        assert {grant["state"] for grant in found} <= {"revoked"}
