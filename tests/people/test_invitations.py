import asyncio
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.core.ids import uuid7
from app.mail.messages import MailKind
from app.models.public import InvitationRow
from tests.actors import Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import Crowd, acceptance, outcome, trail

INVITATIONS = "/api/v1/invitations"
ACCEPT = f"{INVITATIONS}/accept"
OWNER, MANAGER, MEMBER, CUSTOMER = Role.TENANT_OWNER, Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER
GRACE = {"email": "Grace@Hopper.example", "name": "Grace Hopper", "role": "TENANT_STAFF"}


class TestInvite:
    async def test_keeps_a_place_and_writes(self, business: Business, mailbox: Mailbox) -> None:
        made = await business.make("/invitations", GRACE)
        assert UUID(made.pop("id")).version == 7
        assert made.pop("expires_at") > made.pop("created_at")
        owner = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        assert made == {
            "email": "grace@hopper.example",
            "name": "Grace Hopper",
            "role": "TENANT_STAFF",
            "areas": ["appointments", "customers"],
            "customer_id": None,
            "invited_by": owner,
            "state": "open",
        }
        mail = await mailbox.latest("grace@hopper.example")
        assert mail.kind == MailKind.INVITATION
        assert f"http://{business.slug}.localhost" in mail.link
        assert "Olga Owner" in mail.text

    async def test_the_code_is_kept_as_a_digest_only(self, business: Business, mailbox: Mailbox, app: FastAPI) -> None:
        made = await business.make("/invitations", GRACE)
        code = (await mailbox.latest("grace@hopper.example")).code
        async with app.state.database.transaction() as session:
            row = await session.get_one(InvitationRow, UUID(made["id"]))
            assert row.digest == app.state.keyring.digest(f"invitation:{code}")
        assert code not in str(await trail(business.owner, "user.invited"))

    async def test_is_in_the_trail(self, business: Business) -> None:
        made = await business.make("/invitations", GRACE | {"areas": ["reports"]})
        (entry,) = await trail(business.owner, "user.invited")
        assert entry["object_id"] == made["id"]
        assert entry["diff"]["areas"] == {"from": None, "to": ["reports"]}
        assert "grace" not in str(entry).lower()

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"email": "nobody"}, "/email"),
            ({"name": ""}, "/name"),
            ({"role": "BOSS"}, "/role"),
            ({"areas": ["everything"]}, "/areas/0"),
            ({"role": "TENANT_MANAGER", "areas": ["reports"]}, "/areas"),
            ({"customer_id": str(UUID(int=1))}, "/customer_id"),
            ({"tenant_id": str(UUID(int=1))}, "/tenant_id"),
        ],
    )
    async def test_refuses_and_points_at(self, shop: Business, change: dict[str, Any], pointer: str) -> None:
        answer = await shop.owner.post(INVITATIONS, json=GRACE | change)
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    @pytest.mark.parametrize("role", ["SUPERUSER", "PLATFORM_SALES", "CUSTOMER"])
    async def test_an_owner_invites_to_work_at_the_business_alone(self, shop: Business, role: str) -> None:
        assert outcome(await shop.owner.post(INVITATIONS, json=GRACE | {"role": role})) == (403, "role-denied")

    @pytest.mark.parametrize("role", ["SUPERUSER", "PLATFORM_MANAGER", "TENANT_OWNER"])
    async def test_a_platform_manager_invites_sales_and_support(self, crowd: Crowd, role: str) -> None:
        manager = await crowd.add(Role.PLATFORM_MANAGER)
        assert outcome(await manager.client.post(INVITATIONS, json=GRACE | {"role": role})) == (403, "role-denied")

    async def test_one_who_works_here_is_told_of(self, business: Business, crowd: Crowd) -> None:
        member = await crowd.add(MEMBER, business)
        answer = await business.owner.post(INVITATIONS, json=GRACE | {"email": member.email.upper()})
        assert outcome(answer) == (409, "email-taken")

    async def test_an_open_one_is_not_made_twice(self, business: Business, other_business: Business) -> None:
        await business.make("/invitations", GRACE)
        answer = await business.owner.post(INVITATIONS, json=GRACE | {"role": "TENANT_OWNER"})
        assert outcome(answer) == (409, "already-invited")
        await other_business.make("/invitations", GRACE)

    async def test_two_at_once_make_one(self, business: Business) -> None:
        answers = await asyncio.gather(*[business.owner.post(INVITATIONS, json=GRACE) for _ in range(2)])
        assert sorted(answer.status_code for answer in answers) == [201, 409]

    async def test_an_expired_one_makes_room(self, business: Business, crowd: Crowd) -> None:
        email = "late@hopper.example"
        await business.make("/invitations", GRACE | {"email": email})
        await crowd.let_links_expire(email)
        made = await business.make("/invitations", GRACE | {"email": email})
        assert [each["id"] for each in (await business.owner.get(INVITATIONS)).json()["items"]] == [made["id"]]

    async def test_open_ones_take_up_the_subscriptions_room(self, platform: Platform) -> None:
        small = await platform.sign_up(subscription_tier="FREE")
        for number in range(2):
            await small.make("/invitations", GRACE | {"email": f"{number}@hopper.example"})
        answer = await small.owner.post(INVITATIONS, json=GRACE)
        assert outcome(answer) == (402, "tier-limit")

    async def test_needs_the_permission_and_a_session(self, shop: Business, crowd: Crowd) -> None:
        manager, token = await crowd.add(MANAGER, shop), await shop.client("staff:read")
        for client, status in ((manager.client, 403), (token, 403), (shop.anonymous, 401)):
            assert (await client.post(INVITATIONS, json=GRACE)).status_code == status

    async def test_nobody_is_flooded(self, business: Business) -> None:
        refused = None
        for _ in range(10):
            answer = await business.owner.post(INVITATIONS, json=GRACE)
            if answer.status_code == 429:
                refused = answer
                break
            if answer.status_code == 201:
                await business.owner.delete(f"{INVITATIONS}/{answer.json()['id']}")
        assert refused is not None
        assert outcome(refused) == (429, "too-many-attempts")
        assert int(refused.headers["retry-after"]) >= 1


class TestListInvitations:
    async def test_shows_what_is_open_and_how_it_stands(self, business: Business, crowd: Crowd) -> None:
        second = await crowd.add(OWNER, business)
        bodies = {name: GRACE | {"email": f"{name}-{business.slug}@hopper.example"} for name in ("a", "b", "c", "d")}
        a, _, c = [await business.make("/invitations", bodies[name]) for name in ("a", "b", "c")]
        d = await business.make("/invitations", bodies["d"], client=second.client)
        await crowd.let_links_expire(bodies["b"]["email"])
        await business.owner.delete(f"{INVITATIONS}/{c['id']}")
        await business.owner.patch(f"/api/v1/staff/{second.id}", json={"role": "TENANT_MANAGER"})
        found = (await business.owner.get(INVITATIONS)).json()["items"]
        assert [(each["email"][0], each["state"]) for each in found] == [("d", "void"), ("b", "expired"), ("a", "open")]
        assert found[-1] == a
        assert found[0] == d | {"state": "void"}

    async def test_pages(self, business: Business) -> None:
        made = [
            (await business.make("/invitations", GRACE | {"email": f"{number}@hopper.example"}))["id"]
            for number in range(3)
        ]
        first = (await business.owner.get(INVITATIONS, params={"limit": 2})).json()
        rest = (await business.owner.get(INVITATIONS, params={"cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]

    async def test_shows_nobody_elses(self, business: Business, other_business: Business, platform: Platform) -> None:
        made = await business.make("/invitations", GRACE)
        assert (await other_business.owner.get(INVITATIONS)).json()["items"] == []
        listed = (await platform.superuser.get(INVITATIONS)).json()["items"]
        assert made["id"] not in {each["id"] for each in listed}


class TestWithdrawInvitation:
    async def test_makes_the_link_worthless(self, business: Business, mailbox: Mailbox) -> None:
        made = await business.make("/invitations", GRACE)
        code = (await mailbox.latest("grace@hopper.example")).code
        assert (await business.owner.delete(f"{INVITATIONS}/{made['id']}")).status_code == 204
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(code))) == (410, "link-invalid")
        again = await business.owner.delete(f"{INVITATIONS}/{made['id']}")
        assert outcome(again) == (404, "invitation-not-found")
        (entry,) = await trail(business.owner, "user.invitation_withdrawn")
        assert entry["diff"] == {"role": {"from": "TENANT_STAFF", "to": None}}

    async def test_does_not_reach_other_places(
        self, business: Business, other_business: Business, platform: Platform
    ) -> None:
        path = f"{INVITATIONS}/{(await business.make('/invitations', GRACE))['id']}"
        for client in (other_business.owner, platform.superuser):
            assert outcome(await client.delete(path)) == (404, "invitation-not-found")
            assert outcome(await client.post(f"{path}/resend")) == (404, "invitation-not-found")

    async def test_does_not_reach_roles_above(self, platform: Platform, crowd: Crowd) -> None:
        manager = await crowd.add(Role.PLATFORM_MANAGER)
        body = GRACE | {"email": f"{manager.id}@hopper.example", "role": "SUPERUSER"}
        path = f"{INVITATIONS}/{(await platform.superuser.post(INVITATIONS, json=body)).json()['id']}"
        assert outcome(await manager.client.delete(path)) == (403, "role-denied")
        assert outcome(await manager.client.post(f"{path}/resend")) == (403, "role-denied")
        assert (await platform.superuser.delete(path)).status_code == 204


class TestResendInvitation:
    async def test_sends_a_new_link_and_the_old_one_is_dead(self, business: Business, mailbox: Mailbox) -> None:
        made = await business.make("/invitations", GRACE)
        old = (await mailbox.latest("grace@hopper.example")).code
        answer = await business.owner.post(f"{INVITATIONS}/{made['id']}/resend")
        assert answer.status_code == 200
        assert answer.json()["expires_at"] > made["expires_at"]
        new = (await mailbox.latest("grace@hopper.example")).code
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(old))) == (410, "link-invalid")
        assert (await business.anonymous.post(ACCEPT, json=acceptance(new))).status_code == 200

    async def test_revives_what_has_expired_or_become_void(
        self, business: Business, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        second = await crowd.add(OWNER, business)
        email = f"late@{business.slug}.example"
        made = await business.make("/invitations", GRACE | {"email": email}, client=second.client)
        await business.owner.patch(f"/api/v1/staff/{second.id}", json={"is_active": False})
        await crowd.let_links_expire(email)
        answer = await business.owner.post(f"{INVITATIONS}/{made['id']}/resend")
        assert answer.json()["state"] == "open"
        assert answer.json()["invited_by"] != made["invited_by"]
        code = (await mailbox.latest(email)).code
        assert (await business.anonymous.post(ACCEPT, json=acceptance(code))).status_code == 200

    async def test_works_at_the_platform(self, platform: Platform, mailbox: Mailbox) -> None:
        email = f"again-{uuid7()}@hopper.example"
        body = GRACE | {"email": email, "role": "PLATFORM_SALES"}
        made = (await platform.superuser.post(INVITATIONS, json=body)).json()
        answer = await platform.superuser.post(f"{INVITATIONS}/{made['id']}/resend")
        assert answer.json()["state"] == "open"
        assert "http://platform.localhost" in (await mailbox.latest(email)).link

    async def test_is_slowed_down(self, business: Business) -> None:
        path = f"{INVITATIONS}/{(await business.make('/invitations', GRACE))['id']}/resend"
        statuses = [(await business.owner.post(path)).status_code for _ in range(10)]
        assert statuses[0] == 200
        assert 429 in statuses
