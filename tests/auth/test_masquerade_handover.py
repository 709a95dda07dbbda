"""From the platform's host into a business: the code that is handed over, and what becomes of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.mail.messages import MailKind
from app.models.public import OneTimeCodeRow
from tests.actors import Business, Platform
from tests.auth.cast import API, REASON, Cast, Person, redeem
from tests.mailbox import Mailbox


@pytest.fixture(scope="module")
async def business(platform: Platform) -> Business:
    """A business that these tests share: each has people of its own."""
    return await platform.sign_up()


@pytest.fixture(scope="module")
async def other_business(platform: Platform) -> Business:
    return await platform.sign_up()


@pytest.fixture
async def support(cast: Cast) -> Person:
    return await cast.add(Role.PLATFORM_SUPPORT)


@pytest.fixture
async def customer(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.CUSTOMER, business)


async def handover(actor: Person, user: Person) -> dict[str, Any]:
    answer = await actor.act_as(user)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["handover"]
    return made


class TestHandOver:
    async def test_answers_with_a_page_of_the_business_and_a_code_for_a_minute(
        self, business: Business, support: Person, customer: Person
    ) -> None:
        before = utcnow()
        answer = await support.act_as(customer)
        assert set(answer.json()) == {"handover"}
        assert "set-cookie" not in answer.headers
        made = answer.json()["handover"]
        assert made["url"] == f"http://{business.host}:8000/account/sign-in-as#{made['code']}"
        assert timedelta(seconds=59) < datetime.fromisoformat(made["expires_at"]) - before < timedelta(seconds=61)

    async def test_the_page_is_there(self, business: Business) -> None:
        page = await business.anonymous.get("/account/sign-in-as")
        assert page.status_code == 200
        assert "/api/v1/masquerade/redeem" in page.text

    async def test_begins_nothing_by_itself(
        self, cast: Cast, support: Person, customer: Person, mailbox: Mailbox
    ) -> None:
        await handover(support, customer)
        assert await cast.entries("masquerade.started", about=customer.id) == []
        assert await mailbox.find(customer.email) == []

    async def test_is_not_needed_for_the_platforms_own_people(self, cast: Cast, support: Person) -> None:
        root = await cast.add(Role.SUPERUSER)
        masked = await cast.mask(root, support)
        me = (await masked.me()).json()
        assert (me["user"]["id"], me["masquerade"]["actor"]["id"]) == (str(support.id), str(root.id))
        (entry,) = await cast.entries("masquerade.started", about=support.id)
        assert (entry.tenant_id, entry.chain_id) == (None, UUID(int=0))

    @pytest.mark.parametrize("target", [Role.TENANT_OWNER, Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER])
    @pytest.mark.parametrize("actor", [Role.SUPERUSER, Role.PLATFORM_SUPPORT])
    async def test_leads_to_anybody_at_a_business(
        self, cast: Cast, business: Business, actor: Role, target: Role
    ) -> None:
        user = await cast.add(target, business)
        masked = await cast.mask(await cast.add(actor), user, business)
        me = (await masked.me()).json()
        assert (me["user"]["id"], me["masquerade"]["actor"]["role"]) == (str(user.id), actor)

    async def test_sales_enter_demo_accounts_only(self, cast: Cast, customer: Person, platform: Platform) -> None:
        demo = await platform.sign_up()
        await cast.make_demo(demo)
        sales, guest = await cast.add(Role.PLATFORM_SALES), await cast.add(Role.TENANT_OWNER, demo)
        assert (await sales.act_as(customer)).json()["code"] == "masquerade-denied"
        assert (await (await cast.mask(sales, guest, demo)).me()).status_code == 200

    async def test_a_platform_manager_acts_as_nobody(self, cast: Cast, customer: Person) -> None:
        manager = await cast.add(Role.PLATFORM_MANAGER)
        assert (await manager.act_as(customer)).json()["code"] == "permission-denied"

    @pytest.mark.parametrize("role", [role for role in Role if role.is_platform])
    async def test_support_acts_as_none_of_the_platforms_people(self, cast: Cast, support: Person, role: Role) -> None:
        colleague = await cast.add(role)
        assert (await support.act_as(colleague)).json()["code"] == "masquerade-denied"
        (entry,) = await cast.entries("masquerade.denied", about=colleague.id)
        assert entry.chain_id == UUID(int=0)

    async def test_a_refusal_is_on_the_chain_of_the_business_that_was_meant(
        self, cast: Cast, business: Business, customer: Person
    ) -> None:
        sales = await cast.add(Role.PLATFORM_SALES)
        await sales.act_as(customer)
        (entry,) = await cast.entries("masquerade.denied", about=customer.id)
        assert (entry.actor_id, entry.user_id, str(entry.chain_id)) == (sales.id, customer.id, business.id)

    @pytest.mark.parametrize(
        "changes",
        [{"status": "suspended"}, {"is_temporary": True, "demo_expires_at": datetime(2026, 1, 1, tzinfo=UTC)}],
    )
    async def test_leads_to_no_business_that_is_not_served(
        self, cast: Cast, platform: Platform, support: Person, changes: dict[str, Any]
    ) -> None:
        closed = await platform.sign_up()
        user = await cast.add(Role.TENANT_STAFF, closed)
        await cast.change_tenant(closed, **changes)
        answer = (await support.act_as(user)).json()
        assert (answer["code"], "suspended" in answer["detail"]) == ("masquerade-denied", True)


class TestRedeemMasquerade:
    async def test_begins_a_session_with_the_real_actor(
        self, cast: Cast, business: Business, support: Person, customer: Person
    ) -> None:
        answer = await redeem(business, (await handover(support, customer))["code"])
        assert answer.status_code == 200
        assert [each.partition("=")[0] for each in answer.headers.get_list("set-cookie")] == ["access_token"]
        masked = business.at(business.host, answer.json()["access_token"])
        assert (await masked.get(f"{API}/me")).json()["masquerade"]["reason"] == REASON
        (entry,) = await cast.entries("masquerade.started", about=customer.id)
        assert (entry.actor_id, entry.user_id, str(entry.chain_id)) == (support.id, customer.id, business.id)
        (line,) = cast.log_lines(session_key=str(entry.session_id), action="HIJACK_START")
        assert (line["hijacker_email"], line["hijacked_email"]) == (support.email, customer.email)

    async def test_tells_the_user_and_the_owner_that_the_platform_was_there(
        self, cast: Cast, business: Business, support: Person, customer: Person, mailbox: Mailbox
    ) -> None:
        owner = await cast.add(Role.TENANT_OWNER, business)
        await cast.mask(support, customer, business)
        for person in (customer, owner):
            mail = await mailbox.latest(person.email, MailKind.MASQUERADED)
            assert "Pat Platform_Support (Smooth Schedule)" in mail.subject
            assert mail.sender_name == f"The {business.slug}"
        (notification,) = await cast.notifications(customer)
        assert notification.data["actor"] == "Pat Platform_Support (Smooth Schedule)"

    async def test_a_code_works_once(self, business: Business, support: Person, customer: Person) -> None:
        code = (await handover(support, customer))["code"]
        assert (await redeem(business, code)).status_code == 200
        answer = await redeem(business, code)
        assert (answer.status_code, answer.json()["code"]) == (410, "link-invalid")

    async def test_two_at_once_cannot_both_have_it(
        self, cast: Cast, business: Business, support: Person, customer: Person
    ) -> None:
        code = (await handover(support, customer))["code"]
        clients = [business.at(business.host) for _ in range(8)]
        body = {"code": code}
        answers = await asyncio.gather(*[each.post(f"{API}/masquerade/redeem", json=body) for each in clients])
        assert sorted(answer.status_code for answer in answers) == [200] + 7 * [410]
        assert len(await cast.entries("masquerade.started", about=customer.id)) == 1

    async def test_a_code_expires(self, app: FastAPI, business: Business, support: Person, customer: Person) -> None:
        code = (await handover(support, customer))["code"]
        async with app.state.database.transaction() as session:
            mine = OneTimeCodeRow.user_id == customer.id
            end = (await session.scalars(select(OneTimeCodeRow.expires_at).where(mine))).one()
            values = {"expires_at": end - timedelta(seconds=60)}
            await session.execute(update(OneTimeCodeRow).where(mine).values(**values))
        assert (await redeem(business, code)).json()["code"] == "link-invalid"

    async def test_a_code_counts_at_its_own_business_only(
        self, business: Business, other_business: Business, platform: Platform, support: Person, customer: Person
    ) -> None:
        code = (await handover(support, customer))["code"]
        assert (await redeem(other_business, code)).json()["code"] == "link-invalid"
        answer = await platform.anonymous.post(f"{API}/masquerade/redeem", json={"code": code})
        assert answer.json()["code"] == "link-invalid"
        assert (await redeem(business, code)).status_code == 200

    @pytest.mark.parametrize("code", ["", "x", "x" * 100])
    async def test_anything_else_is_refused(self, business: Business, code: str) -> None:
        assert (await redeem(business, code)).json()["code"] == "link-invalid"

    async def test_a_page_of_another_site_cannot_use_one(
        self, business: Business, support: Person, customer: Person
    ) -> None:
        """Else it could have a visitor act as somebody without knowing."""
        body = {"code": (await handover(support, customer))["code"]}
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        answer = await business.anonymous.post(f"{API}/masquerade/redeem", json=body, headers=headers)
        assert answer.json()["code"] == "cross-site-request"

    @pytest.mark.parametrize(
        ("whose", "changes"),
        [
            ("actor", {"is_active": False}),
            ("actor", {"role": "PLATFORM_MANAGER"}),
            ("actor", {"role": "PLATFORM_SALES"}),
            ("target", {"is_active": False}),
        ],
    )
    async def test_the_rules_are_asked_again(
        self,
        cast: Cast,
        business: Business,
        support: Person,
        customer: Person,
        whose: str,
        changes: dict[str, Any],
    ) -> None:
        code = (await handover(support, customer))["code"]
        await cast.change(support if whose == "actor" else customer, **changes)
        answer = await redeem(business, code)
        assert (answer.status_code, answer.json()["code"]) == (403, "masquerade-denied")
        (entry,) = await cast.entries("masquerade.denied", about=customer.id)
        assert (entry.actor_id, entry.session_id, entry.reason) == (support.id, support.session_id, REASON)
        (line,) = cast.log_lines(action="HIJACK_DENIED", hijacked_email=customer.email)
        assert line["hijacker_email"] == support.email
        assert (await redeem(business, code)).json()["code"] == "link-invalid"

    @pytest.mark.parametrize("how", ["logged out", "expired", "unused for too long"])
    async def test_the_actors_own_session_must_last(
        self, cast: Cast, business: Business, support: Person, customer: Person, how: str
    ) -> None:
        code = (await handover(support, customer))["code"]
        now = utcnow()
        changes = {
            "logged out": {"revoked_at": now},
            "expired": {"expires_at": now},
            "unused for too long": {"rotated_at": now - timedelta(hours=1)},
        }[how]
        await cast.change_session(support.session_id, **changes)
        answer = await redeem(business, code)
        assert (answer.status_code, "has ended" in answer.json()["detail"]) == (403, True)

    async def test_a_business_suspended_meanwhile_answers_nobody(
        self, cast: Cast, platform: Platform, support: Person
    ) -> None:
        closed = await platform.sign_up()
        code = (await handover(support, await cast.add(Role.TENANT_STAFF, closed)))["code"]
        await cast.change_tenant(closed, status="suspended")
        assert (await redeem(closed, code)).json()["code"] == "tenant-suspended"

    async def test_the_credential_counts_at_that_business_only(
        self, cast: Cast, business: Business, other_business: Business, support: Person, customer: Person
    ) -> None:
        masked = await cast.mask(support, customer, business)
        for host in (other_business.host, "platform.localhost"):
            answer = await business.at(host, masked.token).get(f"{API}/me")
            assert answer.json()["code"] == "token-invalid"
