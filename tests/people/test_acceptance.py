import asyncio
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.auth.roles import Role
from app.models.public import UserRow
from tests.actors import Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import NEW_PASSWORD, Crowd, acceptance, outcome, trail

INVITATIONS = "/api/v1/invitations"
ACCEPT = f"{INVITATIONS}/accept"
OWNER, MANAGER, MEMBER, CUSTOMER = Role.TENANT_OWNER, Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER
GRACE = {"email": "Grace@Hopper.example", "name": "Grace Hopper", "role": "TENANT_STAFF"}


class TestAcceptInvitation:
    async def test_makes_a_colleague_and_logs_in(self, business: Business, mailbox: Mailbox) -> None:
        await business.make("/invitations", GRACE | {"areas": ["reports"]})
        code = (await mailbox.latest("grace@hopper.example")).code
        answer = await business.anonymous.post(ACCEPT, json=acceptance(code, name="Grace M. Hopper"))
        assert answer.status_code == 200, answer.text
        assert "access_token" in " ".join(answer.headers.get_list("set-cookie"))
        session = answer.json()["session"]
        business.anonymous.cookies.clear()
        me = (await business.at(business.host, session["access_token"]).get("/api/v1/me")).json()
        assert (me["user"]["name"], me["user"]["role"]) == ("Grace M. Hopper", "TENANT_STAFF")
        assert me["user"]["email_verified"] is True
        assert "audit:read" in me["permissions"]
        assert (await business.owner.get(INVITATIONS)).json()["items"] == []
        (entry,) = await trail(business.owner, "user.invitation_accepted")
        assert (entry["user_id"], entry["object_id"]) == (me["user"]["id"], me["user"]["id"])

    async def test_works_at_the_platform(self, platform: Platform, mailbox: Mailbox) -> None:
        email = f"support-{UUID(int=7)}@hopper.example"
        body = GRACE | {"email": email, "role": "PLATFORM_SUPPORT"}
        assert (await platform.superuser.post(INVITATIONS, json=body)).status_code == 201
        code = (await mailbox.latest(email)).code
        answer = await platform.anonymous.post(ACCEPT, json=acceptance(code))
        platform.anonymous.cookies.clear()
        assert answer.json()["session"]["user"]["role"] == "PLATFORM_SUPPORT"

    async def test_at_another_host_is_worth_nothing(
        self, business: Business, other_business: Business, platform: Platform, mailbox: Mailbox
    ) -> None:
        await business.make("/invitations", GRACE)
        code = (await mailbox.latest("grace@hopper.example")).code
        for client in (other_business.anonymous, platform.anonymous):
            assert outcome(await client.post(ACCEPT, json=acceptance(code))) == (410, "link-invalid")

    async def test_twice_at_once_makes_one_user(self, business: Business, mailbox: Mailbox, app: FastAPI) -> None:
        await business.make("/invitations", GRACE)
        code = (await mailbox.latest("grace@hopper.example")).code
        answers = await asyncio.gather(*[business.anonymous.post(ACCEPT, json=acceptance(code)) for _ in range(4)])
        assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
        async with app.state.database.transaction() as session:
            query = select(UserRow).where(
                UserRow.email == "grace@hopper.example", UserRow.tenant_id == UUID(business.id)
            )
            assert len((await session.scalars(query)).all()) == 1

    @pytest.mark.parametrize("password", ["short", "password123", "grace@hopper.example"])
    async def test_refuses_an_unfit_password_and_the_link_stays_good(
        self, business: Business, mailbox: Mailbox, password: str
    ) -> None:
        await business.make("/invitations", GRACE)
        code = (await mailbox.latest("grace@hopper.example")).code
        refused = await business.anonymous.post(ACCEPT, json=acceptance(code, password=password))
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/password"]
        assert (await business.anonymous.post(ACCEPT, json=acceptance(code))).status_code == 200

    async def test_is_too_late_after_its_term(self, business: Business, mailbox: Mailbox, crowd: Crowd) -> None:
        email = f"late@{business.slug}.example"
        await business.make("/invitations", GRACE | {"email": email})
        await crowd.let_links_expire(email)
        code = (await mailbox.latest(email)).code
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(code))) == (410, "link-invalid")

    @pytest.mark.parametrize("change", [{"is_active": False}, {"role": "TENANT_MANAGER"}])
    async def test_dies_with_the_inviters_power(
        self, business: Business, mailbox: Mailbox, crowd: Crowd, change: dict[str, Any]
    ) -> None:
        second = await crowd.add(OWNER, business)
        await business.make("/invitations", GRACE | {"role": "TENANT_OWNER"}, client=second.client)
        await business.owner.patch(f"/api/v1/staff/{second.id}", json=change)
        code = (await mailbox.latest("grace@hopper.example")).code
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(code))) == (410, "link-invalid")

    async def test_needs_the_room_it_was_given(self, platform: Platform, mailbox: Mailbox) -> None:
        small = await platform.sign_up(subscription_tier="STARTER")
        for number in range(3):
            await small.make("/invitations", GRACE | {"email": f"{number}@{small.slug}.example"})
        await platform.superuser.patch(f"/api/v1/platform/tenants/{small.id}", json={"subscription_tier": "FREE"})
        code = (await mailbox.latest(f"0@{small.slug}.example")).code
        assert outcome(await small.anonymous.post(ACCEPT, json=acceptance(code))) == (402, "tier-limit")

    async def test_after_the_address_was_taken_says_so(
        self, business: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        member = await crowd.add(MEMBER, business)
        await business.make("/invitations", GRACE)
        code = (await mailbox.latest("grace@hopper.example")).code
        await crowd.change(update(UserRow).where(UserRow.id == UUID(member.id)).values(email="grace@hopper.example"))
        try:
            assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(code))) == (409, "email-taken")
        finally:
            await crowd.change(update(UserRow).where(UserRow.id == UUID(member.id)).values(email=member.email))


class TestAcceptAsACustomer:
    """Somebody who is a customer of the business, and is invited to work there."""

    async def invite(self, business: Business, email: str, mailbox: Mailbox) -> str:
        await business.make("/invitations", GRACE | {"email": email, "role": "TENANT_MANAGER"})
        return (await mailbox.latest(email)).code

    async def test_takes_on_the_role_and_the_new_password(
        self, business: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        customer = await crowd.add(CUSTOMER, business)
        code = await self.invite(business, customer.email, mailbox)
        answer = await business.anonymous.post(ACCEPT, json=acceptance(code))
        user = answer.json()["session"]["user"]
        assert (user["id"], user["role"], user["name"]) == (customer.id, "TENANT_MANAGER", "Grace Hopper")
        assert (await customer.client.get("/api/v1/me")).status_code == 401
        await crowd.session_of(customer.email, business, NEW_PASSWORD)
        (entry,) = await trail(business.owner, "user.role_changed")
        assert entry["diff"]["role"] == {"from": "CUSTOMER", "to": "TENANT_MANAGER"}

    async def test_stays_what_they_are_until_then(self, business: Business, mailbox: Mailbox, crowd: Crowd) -> None:
        customer = await crowd.add(CUSTOMER, business)
        await self.invite(business, customer.email, mailbox)
        assert (await customer.client.get("/api/v1/me")).json()["user"]["role"] == "CUSTOMER"

    async def test_is_not_let_in_past_a_second_factor(self, business: Business, mailbox: Mailbox, crowd: Crowd) -> None:
        customer = await crowd.add(CUSTOMER, business)
        await crowd.give_second_factor(customer)
        code = await self.invite(business, customer.email, mailbox)
        answer = await business.anonymous.post(ACCEPT, json=acceptance(code))
        assert answer.json() == {"session": None}
        assert answer.headers.get_list("set-cookie") == []
        body = {"email": customer.email, "password": NEW_PASSWORD}
        refused = await business.anonymous.post("/api/v1/auth/login", json=body)
        assert outcome(refused) == (401, "second-factor-required")

    async def test_is_no_way_back_for_the_deactivated(self, business: Business, crowd: Crowd) -> None:
        customer = await crowd.add(CUSTOMER, business)
        await crowd.change(update(UserRow).where(UserRow.id == UUID(customer.id)).values(is_active=False))
        answer = await business.owner.post(INVITATIONS, json=GRACE | {"email": customer.email})
        assert outcome(answer) == (409, "email-taken")
