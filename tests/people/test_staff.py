import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.auth.roles import Role
from app.models.public import UserRow
from tests.actors import PASSWORD, Business, Platform
from tests.people.crowd import Crowd, outcome, trail

STAFF = "/api/v1/staff"
OWNER, MANAGER, MEMBER, CUSTOMER = Role.TENANT_OWNER, Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER
LOGIN = "/api/v1/auth/login"


class TestListStaff:
    async def test_shows_who_works_here_and_no_customer(self, business: Business, crowd: Crowd) -> None:
        manager, member, _ = [await crowd.add(role, business) for role in (MANAGER, MEMBER, CUSTOMER)]
        found = (await business.owner.get(STAFF)).json()["items"]
        assert [each["email"] for each in found] == [member.email, manager.email, business.email]

    async def test_answers_with_every_field(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business, areas=["webhooks", "catalogue"])
        (found,) = (await business.owner.get(STAFF, params={"q": member.email})).json()["items"]
        assert found.pop("created_at") == found.pop("updated_at")
        assert found == {
            "id": member.id,
            "email": member.email,
            "name": "Pat Person",
            "role": "TENANT_STAFF",
            "areas": ["catalogue", "webhooks"],
            "is_active": True,
            "email_verified": False,
        }
        assert (await business.owner.get(f"{STAFF}/{member.id}")).json()["email"] == member.email

    async def test_pages_from_the_newest(self, business: Business, crowd: Crowd) -> None:
        made = [(await crowd.add(MEMBER, business)).id for _ in range(2)]
        first = (await business.owner.get(STAFF, params={"limit": 1})).json()
        rest = (await business.owner.get(STAFF, params={"cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]][:2] == made[::-1]

    @pytest.mark.parametrize(
        ("filters", "roles"),
        [
            ({"role": "TENANT_MANAGER"}, {"TENANT_MANAGER"}),
            ({"role": "CUSTOMER"}, set()),
            ({"is_active": "false"}, {"TENANT_STAFF"}),
            ({"is_active": "true"}, {"TENANT_OWNER", "TENANT_MANAGER"}),
            ({"q": "PAT p"}, {"TENANT_MANAGER", "TENANT_STAFF"}),
            ({"q": "owner@"}, {"TENANT_OWNER"}),
            ({"q": "%"}, set()),
        ],
    )
    async def test_filters(self, business: Business, crowd: Crowd, filters: dict[str, str], roles: set[str]) -> None:
        await crowd.add(MANAGER, business)
        member = await crowd.add(MEMBER, business)
        await business.owner.patch(f"{STAFF}/{member.id}", json={"is_active": False})
        found = (await business.owner.get(STAFF, params=filters)).json()["items"]
        assert {each["role"] for each in found} == roles

    async def test_on_the_platforms_host_shows_the_platforms_people(self, platform: Platform, crowd: Crowd) -> None:
        support = await crowd.add(Role.PLATFORM_SUPPORT)
        found = (await platform.superuser.get(STAFF, params={"limit": 100})).json()["items"]
        assert support.id in {each["id"] for each in found}
        assert all(Role(each["role"]).is_platform for each in found)

    async def test_shows_nobody_elses(self, business: Business, other_business: Business, crowd: Crowd) -> None:
        stranger = await crowd.add(MEMBER, other_business)
        assert stranger.id not in {each["id"] for each in (await business.owner.get(STAFF)).json()["items"]}
        assert outcome(await business.owner.get(f"{STAFF}/{stranger.id}")) == (404, "user-not-found")

    async def test_a_customer_is_no_member_of_staff(self, business: Business, crowd: Crowd) -> None:
        customer = await crowd.add(CUSTOMER, business)
        assert outcome(await business.owner.get(f"{STAFF}/{customer.id}")) == (404, "user-not-found")

    async def test_a_token_reads_with_its_scope_and_a_test_token_nothing(self, business: Business) -> None:
        live, test = [await business.client("staff:read", mode=mode) for mode in ("live", "test")]
        assert len((await live.get(STAFF)).json()["items"]) == 1
        assert outcome(await test.get(STAFF)) == (403, "sandbox-not-allowed")

    @pytest.mark.parametrize(("role", "status"), [(MANAGER, 200), (MEMBER, 403), (CUSTOMER, 403)])
    async def test_needs_the_permission(self, shop: Business, crowd: Crowd, role: Role, status: int) -> None:
        person = await crowd.add(role, shop)
        assert (await person.client.get(STAFF)).status_code == status


class TestUpdateStaff:
    async def test_changes_name_role_and_areas(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MANAGER, business)
        change = {"name": "Grace Hopper", "role": "TENANT_STAFF", "areas": ["reports", "reports", "catalogue"]}
        answer = await business.owner.patch(f"{STAFF}/{member.id}", json=change)
        assert answer.status_code == 200, answer.text
        assert {name: answer.json()[name] for name in change} == change | {"areas": ["catalogue", "reports"]}
        assert answer.json()["updated_at"] > answer.json()["created_at"]

    async def test_a_new_role_acts_at_once_and_is_told(self, business: Business, crowd: Crowd) -> None:
        manager = await crowd.add(MANAGER, business)
        assert (await manager.client.get(STAFF)).status_code == 200
        await business.owner.patch(f"{STAFF}/{manager.id}", json={"role": "TENANT_STAFF"})
        assert (await manager.client.get(STAFF)).status_code == 403
        me = (await manager.client.get("/api/v1/me")).json()
        assert (me["user"]["role"], me["user"]["areas"]) == ("TENANT_STAFF", ["appointments", "customers"])
        (notice,) = (await manager.client.get("/api/v1/notifications")).json()["items"]
        assert notice["data"] == {"role": "TENANT_STAFF", "previous_role": "TENANT_MANAGER"}

    async def test_new_areas_act_at_once(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business, areas=["customers"])
        assert (await member.client.get("/api/v1/customers")).status_code == 200
        await business.owner.patch(f"{STAFF}/{member.id}", json={"areas": []})
        assert (await member.client.get("/api/v1/customers")).status_code == 403

    async def test_an_owner_demoted_keeps_tokens_that_can_do_no_more(self, business: Business, crowd: Crowd) -> None:
        second = await crowd.add(OWNER, business)
        made = await business.make(
            "/tokens",
            {"name": "t", "mode": "live", "scopes": ["webhooks:write", "services:read"]},
            client=second.client,
        )
        client = business.at(business.host, made["token"])
        await business.owner.patch(f"{STAFF}/{second.id}", json={"role": "TENANT_MANAGER"})
        assert (await client.get("/api/v1/me")).json()["permissions"] == ["services:read"]

    async def test_shuts_out_at_once(self, business: Business, crowd: Crowd) -> None:
        second = await crowd.add(OWNER, business)
        token = (
            await business.make(
                "/tokens", {"name": "t", "mode": "live", "scopes": ["services:read"]}, client=second.client
            )
        )["token"]
        by_token = business.at(business.host, token)
        assert (await by_token.get("/api/v1/services")).status_code == 200
        answer = await business.owner.patch(f"{STAFF}/{second.id}", json={"is_active": False})
        assert answer.json()["is_active"] is False
        assert outcome(await second.client.get("/api/v1/me")) == (401, "session-invalid")
        assert outcome(await by_token.get("/api/v1/services")) == (401, "token-invalid")
        refused = await business.anonymous.post(LOGIN, json={"email": second.email, "password": PASSWORD})
        assert refused.json()["code"] == "credentials-invalid"

    async def test_who_returns_logs_in_anew(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business)
        for is_active in (False, True):
            answer = await business.owner.patch(f"{STAFF}/{member.id}", json={"is_active": is_active})
            assert answer.json()["is_active"] is is_active
        assert (await member.client.get("/api/v1/me")).status_code == 401
        await crowd.session_of(member.email, business)

    async def test_a_return_needs_room_in_the_subscription(self, platform: Platform, crowd: Crowd) -> None:
        small = await platform.sign_up(subscription_tier="FREE")
        members = [await crowd.add(MEMBER, small) for _ in range(2)]
        await small.owner.patch(f"{STAFF}/{members[0].id}", json={"is_active": False})
        await crowd.add(MEMBER, small)
        answer = await small.owner.patch(f"{STAFF}/{members[0].id}", json={"is_active": True})
        assert outcome(answer) == (402, "tier-limit")

    @pytest.mark.parametrize(
        "change",
        [
            {"name": None},
            {"name": ""},
            {"role": "BOSS"},
            {"areas": ["everything"]},
            {"areas": None},
            {"is_active": None},
        ],
    )
    async def test_refuses_what_makes_no_sense(self, shop: Business, crowd: Crowd, change: dict[str, Any]) -> None:
        member = await crowd.add(MEMBER, shop)
        answer = await shop.owner.patch(f"{STAFF}/{member.id}", json=change)
        assert answer.status_code == 422, answer.text

    async def test_areas_are_for_members_of_staff(self, shop: Business, crowd: Crowd) -> None:
        manager = await crowd.add(MANAGER, shop)
        answer = await shop.owner.patch(f"{STAFF}/{manager.id}", json={"areas": ["customers"]})
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["detail"]) == ("/areas", "only TENANT_STAFF have areas")

    async def test_nothing_new_changes_nothing(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business)
        known = (await business.owner.get(f"{STAFF}/{member.id}")).json()
        same = {"name": known["name"], "role": known["role"], "areas": known["areas"], "is_active": True}
        assert (await business.owner.patch(f"{STAFF}/{member.id}", json=same)).json() == known

    @pytest.mark.parametrize("change", [{"role": "TENANT_MANAGER"}, {"is_active": False}])
    async def test_nobody_changes_their_own_power(
        self, business: Business, crowd: Crowd, change: dict[str, Any]
    ) -> None:
        owner = await crowd.add(OWNER, business)
        answer = await owner.client.patch(f"{STAFF}/{owner.id}", json=change)
        assert outcome(answer) == (403, "role-denied")
        assert (await owner.client.patch(f"{STAFF}/{owner.id}", json={"name": "Ada"})).json()["name"] == "Ada"

    async def test_is_in_the_trail(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business, areas=["customers"])
        for change in ({"areas": ["reports"]}, {"role": "TENANT_MANAGER"}, {"is_active": False}, {"is_active": True}):
            assert (await business.owner.patch(f"{STAFF}/{member.id}", json=change)).status_code == 200
        diffs = {
            event: [entry["diff"] for entry in await trail(business.owner, event)]
            for event in ("user.areas_changed", "user.role_changed", "user.deactivated", "user.reactivated")
        }
        assert diffs == {
            "user.areas_changed": [{"areas": {"from": ["customers"], "to": ["reports"]}}],
            "user.role_changed": [{"role": {"from": "TENANT_STAFF", "to": "TENANT_MANAGER"}}],
            "user.deactivated": [{"is_active": {"from": True, "to": False}}],
            "user.reactivated": [{"is_active": {"from": False, "to": True}}],
        }

    async def test_of_a_name_the_trail_keeps_only_that_it_changed(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business)
        await business.owner.patch(f"{STAFF}/{member.id}", json={"name": "Grace"})
        (entry,) = await trail(business.owner, "user.changed")
        assert entry["diff"] == {"name": "changed"}

    async def test_a_customer_is_not_changed_here(self, business: Business, crowd: Crowd) -> None:
        customer = await crowd.add(CUSTOMER, business)
        answer = await business.owner.patch(f"{STAFF}/{customer.id}", json={"role": "TENANT_STAFF"})
        assert outcome(answer) == (404, "user-not-found")

    async def test_needs_the_permission_and_a_session(self, business: Business, crowd: Crowd) -> None:
        member, manager = [await crowd.add(role, business) for role in (MEMBER, MANAGER)]
        token = await business.client("staff:read")
        for client, status in ((manager.client, 403), (token, 403), (business.anonymous, 401)):
            assert (await client.patch(f"{STAFF}/{member.id}", json={"name": "X"})).status_code == status

    async def test_of_another_business_is_not_found(
        self, business: Business, other_business: Business, crowd: Crowd
    ) -> None:
        member = await crowd.add(MEMBER, business)
        answer = await other_business.owner.patch(f"{STAFF}/{member.id}", json={"is_active": False})
        assert outcome(answer) == (404, "user-not-found")


class TestRanks:
    """Who may make what of whom."""

    @pytest.mark.parametrize("role", ["SUPERUSER", "PLATFORM_SUPPORT", "CUSTOMER"])
    async def test_an_owner_gives_the_roles_of_a_business_alone(self, shop: Business, crowd: Crowd, role: str) -> None:
        member = await crowd.add(MEMBER, shop)
        answer = await shop.owner.patch(f"{STAFF}/{member.id}", json={"role": role})
        assert outcome(answer) == (403, "role-denied")

    @pytest.mark.parametrize("role", [Role.SUPERUSER, Role.PLATFORM_MANAGER])
    @pytest.mark.parametrize("change", [{"name": "X"}, {"is_active": False}, {"role": "PLATFORM_SUPPORT"}])
    async def test_a_platform_manager_does_not_reach_those_above_and_beside(
        self, crowd: Crowd, role: Role, change: dict[str, Any]
    ) -> None:
        manager, target = await crowd.add(Role.PLATFORM_MANAGER), await crowd.add(role)
        answer = await manager.client.patch(f"{STAFF}/{target.id}", json=change)
        assert outcome(answer) == (403, "role-denied")

    @pytest.mark.parametrize("role", ["SUPERUSER", "PLATFORM_MANAGER", "TENANT_OWNER"])
    async def test_a_platform_manager_raises_nobody_beyond_sales_and_support(self, crowd: Crowd, role: str) -> None:
        manager, sales = await crowd.add(Role.PLATFORM_MANAGER), await crowd.add(Role.PLATFORM_SALES)
        assert outcome(await manager.client.patch(f"{STAFF}/{sales.id}", json={"role": role})) == (403, "role-denied")
        answer = await manager.client.patch(f"{STAFF}/{sales.id}", json={"role": "PLATFORM_SUPPORT"})
        assert answer.json()["role"] == "PLATFORM_SUPPORT"

    async def test_a_superuser_makes_managers_and_superusers(self, platform: Platform, crowd: Crowd) -> None:
        support = await crowd.add(Role.PLATFORM_SUPPORT)
        for role in ("PLATFORM_MANAGER", "SUPERUSER", "PLATFORM_SALES"):
            answer = await platform.superuser.patch(f"{STAFF}/{support.id}", json={"role": role})
            assert answer.json()["role"] == role

    async def test_a_refusal_is_in_the_trail(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business)
        await business.owner.patch(f"{STAFF}/{member.id}", json={"role": "SUPERUSER"})
        (entry,) = await trail(business.owner, "permission.denied")
        assert (entry["result"], entry["object_id"], entry["status"]) == ("denied", member.id, 403)
        assert "SUPERUSER" in entry["reason"]


class TestLastOwner:
    async def test_a_deactivated_owner_does_not_count(self, business: Business, crowd: Crowd) -> None:
        second, third = [await crowd.add(OWNER, business) for _ in range(2)]
        first_id = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        for owner_id in (first_id, third.id):
            assert (await second.client.patch(f"{STAFF}/{owner_id}", json={"is_active": False})).status_code == 200
        found = (await second.client.get(STAFF, params={"role": "TENANT_OWNER", "is_active": "true"})).json()["items"]
        assert [each["id"] for each in found] == [second.id]

    @pytest.mark.parametrize("change", [{"role": "TENANT_STAFF"}, {"is_active": False}])
    async def test_two_owners_who_turn_on_each_other_leave_one(
        self, business: Business, crowd: Crowd, change: dict[str, Any]
    ) -> None:
        second = await crowd.add(OWNER, business)
        first_id = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        answers = await asyncio.gather(
            business.owner.patch(f"{STAFF}/{second.id}", json=change),
            second.client.patch(f"{STAFF}/{first_id}", json=change),
        )
        # The second one finds itself changed: by the lock, or (if it came that late) by its principal.
        assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403])
        survivor = business.owner if answers[0].status_code == 200 else second.client
        owners = (await survivor.get(STAFF, params={"role": "TENANT_OWNER", "is_active": "true"})).json()["items"]
        assert len(owners) == 1

    async def test_a_role_that_was_lost_a_moment_ago_reaches_nobody(self, business: Business, crowd: Crowd) -> None:
        second = await crowd.add(OWNER, business)
        assert (await second.client.get(STAFF)).status_code == 200  # so the principal is known, as it was
        await crowd.change(update(UserRow).where(UserRow.id == UUID(second.id)).values(role=MANAGER))
        first_id = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        answer = await second.client.patch(f"{STAFF}/{first_id}", json={"is_active": False})
        assert outcome(answer) == (403, "role-denied")
