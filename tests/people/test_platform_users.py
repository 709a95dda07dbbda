from typing import Any

import pytest

from app.auth.roles import Role
from tests.actors import Business, Platform
from tests.people.crowd import Crowd, Person, outcome, trail

USERS = "/api/v1/platform/users"
ACTIONS = ("revoke-sessions", "reset-second-factor", "deactivate", "reactivate")
SUPERUSER, PLATFORM_MANAGER = Role.SUPERUSER, Role.PLATFORM_MANAGER
SALES, SUPPORT = Role.PLATFORM_SALES, Role.PLATFORM_SUPPORT


@pytest.fixture
async def member(business: Business, crowd: Crowd) -> Person:
    return await crowd.add(Role.TENANT_STAFF, business, areas=["customers"])


async def found_by(person: Person, **filters: Any) -> set[str]:
    """The ids of those whom the person finds."""
    answer = await person.client.get(USERS, params={"limit": 100} | filters)
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()["items"]}


class TestListUsers:
    async def test_answers_with_every_field(self, platform: Platform, business: Business, member: Person) -> None:
        (found,) = (await platform.superuser.get(USERS, params={"q": member.email})).json()["items"]
        assert found.pop("created_at") == found.pop("updated_at")
        assert found == {
            "id": member.id,
            "email": member.email,
            "name": "Pat Person",
            "role": "TENANT_STAFF",
            "areas": ["customers"],
            "tenant": {
                "id": business.id,
                "slug": business.slug,
                "name": f"The {business.slug}",
                "is_temporary": False,
            },
            "is_active": True,
            "email_verified": False,
            "has_second_factor": False,
        }

    async def test_filters_and_pages(
        self, platform: Platform, business: Business, crowd: Crowd, member: Person
    ) -> None:
        customer = await crowd.add(Role.CUSTOMER, business)
        await crowd.give_second_factor(customer)
        there = {"tenant_id": business.id}
        first = (await platform.superuser.get(USERS, params=there | {"limit": 1})).json()
        assert [(each["id"], each["has_second_factor"]) for each in first["items"]] == [(customer.id, True)]
        rest = (await platform.superuser.get(USERS, params=there | {"cursor": first["next_cursor"]})).json()
        assert [each["role"] for each in rest["items"]] == ["TENANT_STAFF", "TENANT_OWNER"]
        await business.owner.patch(f"/api/v1/staff/{member.id}", json={"is_active": False})
        filters = ({"role": "CUSTOMER"}, {"is_active": "false"}, {"q": "PAT p"}, {"q": "_"})
        found = [(await platform.superuser.get(USERS, params=there | each)).json()["items"] for each in filters]
        assert [{each["id"] for each in items} for items in found] == [
            {customer.id},
            {member.id},
            {customer.id, member.id},
            set(),
        ]

    async def test_support_sees_businesses_people_and_not_the_platforms(self, crowd: Crowd, member: Person) -> None:
        support, manager = await crowd.add(SUPPORT), await crowd.add(PLATFORM_MANAGER)
        assert await found_by(support, q=member.email) == {member.id}
        assert await found_by(support, role="SUPERUSER") == set()
        assert outcome(await support.client.get(f"{USERS}/{manager.id}")) == (404, "user-not-found")
        assert (await manager.client.get(f"{USERS}/{support.id}")).json()["tenant"] is None

    async def test_sales_sees_people_of_demo_accounts_alone(
        self, platform: Platform, crowd: Crowd, member: Person
    ) -> None:
        demo = await platform.sign_up(is_temporary=True)
        guest = await crowd.add(Role.CUSTOMER, demo)
        sales = await crowd.add(SALES)
        assert guest.id in await found_by(sales, tenant_id=demo.id)
        assert await found_by(sales, q=member.email) == set()
        assert outcome(await sales.client.get(f"{USERS}/{member.id}")) == (404, "user-not-found")
        assert (await sales.client.get(f"{USERS}/{guest.id}")).json()["tenant"]["is_temporary"] is True

    async def test_does_not_exist_at_a_business(self, shop: Business) -> None:
        assert outcome(await shop.owner.get(USERS)) == (404, "not-found")


class TestActOnUsers:
    async def test_logs_out_everywhere(self, business: Business, crowd: Crowd, member: Person) -> None:
        support = await crowd.add(SUPPORT)
        answer = await support.client.post(f"{USERS}/{member.id}/revoke-sessions")
        assert answer.status_code == 204
        assert (await member.client.get("/api/v1/me")).status_code == 401
        (entry,) = await trail(business.owner, "session.revoked")
        assert (entry["actor_id"], entry["object_id"]) == (support.id, member.id)

    async def test_removes_second_factors(self, business: Business, crowd: Crowd, member: Person) -> None:
        support = await crowd.add(SUPPORT)
        path = f"{USERS}/{member.id}/reset-second-factor"
        assert outcome(await support.client.post(path)) == (409, "second-factor-missing")
        await crowd.give_second_factor(member)
        assert (await support.client.post(path)).status_code == 204
        await crowd.session_of(member.email, business)
        (entry,) = await trail(business.owner, "second_factor.reset")
        assert entry["actor_id"] == support.id

    async def test_shuts_out_and_lets_in_again(self, business: Business, crowd: Crowd, member: Person) -> None:
        manager = await crowd.add(PLATFORM_MANAGER)
        for action, is_active in (("deactivate", False), ("deactivate", False), ("reactivate", True)):
            answer = await manager.client.post(f"{USERS}/{member.id}/{action}")
            assert answer.json()["is_active"] is is_active
            assert (await member.client.get("/api/v1/me")).status_code == 401
        await crowd.session_of(member.email, business)
        for event in ("user.deactivated", "user.reactivated"):
            (entry,) = await trail(business.owner, event)
            assert entry["actor_id"] == manager.id

    async def test_the_last_owner_stays(self, platform: Platform, business: Business) -> None:
        owner = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        answer = await platform.superuser.post(f"{USERS}/{owner}/deactivate")
        assert outcome(answer) == (409, "last-owner")
        assert (await business.owner.get("/api/v1/me")).status_code == 200

    async def test_one_of_two_owners_may_go(self, platform: Platform, business: Business, crowd: Crowd) -> None:
        await crowd.add(Role.TENANT_OWNER, business)
        owner = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        assert (await platform.superuser.post(f"{USERS}/{owner}/deactivate")).json()["is_active"] is False

    async def test_a_return_needs_room_in_the_subscription(self, platform: Platform, crowd: Crowd) -> None:
        small = await platform.sign_up(subscription_tier="FREE")
        members = [await crowd.add(Role.TENANT_STAFF, small) for _ in range(2)]
        await platform.superuser.post(f"{USERS}/{members[0].id}/deactivate")
        await crowd.add(Role.TENANT_STAFF, small)
        answer = await platform.superuser.post(f"{USERS}/{members[0].id}/reactivate")
        assert outcome(answer) == (402, "tier-limit")

    @pytest.mark.parametrize("action", ACTIONS)
    async def test_nobody_acts_on_a_superuser_but_a_superuser(self, crowd: Crowd, action: str) -> None:
        superuser, manager = await crowd.add(SUPERUSER), await crowd.add(PLATFORM_MANAGER)
        answer = await manager.client.post(f"{USERS}/{superuser.id}/{action}")
        assert outcome(answer) == (403, "role-denied")
        assert (await superuser.client.get("/api/v1/me")).status_code == 200

    async def test_a_superuser_acts_on_another(self, platform: Platform, crowd: Crowd) -> None:
        superuser = await crowd.add(SUPERUSER)
        answer = await platform.superuser.post(f"{USERS}/{superuser.id}/deactivate")
        assert answer.json()["is_active"] is False

    @pytest.mark.parametrize("action", ACTIONS)
    async def test_nobody_acts_on_themselves(self, crowd: Crowd, action: str) -> None:
        superuser = await crowd.add(SUPERUSER)
        answer = await superuser.client.post(f"{USERS}/{superuser.id}/{action}")
        assert outcome(answer) == (403, "role-denied")

    @pytest.mark.parametrize("action", ACTIONS)
    async def test_support_does_not_reach_the_platforms_people(self, crowd: Crowd, action: str) -> None:
        support, sales = await crowd.add(SUPPORT), await crowd.add(SALES)
        answer = await support.client.post(f"{USERS}/{sales.id}/{action}")
        assert outcome(answer) == (404, "user-not-found")

    @pytest.mark.parametrize("action", ACTIONS)
    async def test_sales_reads_only(self, platform: Platform, crowd: Crowd, action: str) -> None:
        demo = await platform.sign_up(is_temporary=True)
        guest, sales = await crowd.add(Role.CUSTOMER, demo), await crowd.add(SALES)
        answer = await sales.client.post(f"{USERS}/{guest.id}/{action}")
        assert outcome(answer) == (403, "permission-denied")
