import asyncio
from typing import Any

import pytest

from app.auth.roles import Role
from app.mail.messages import MailKind
from tests.actors import Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import NEW_PASSWORD, Crowd, acceptance, outcome, trail

SIGN_UP = "/api/v1/auth/sign-up"
CONFIRM = "/api/v1/auth/confirm-sign-up"


@pytest.fixture
async def open_shop(business: Business) -> Business:
    """A business that lets customers sign up by themselves."""
    answer = await business.owner.patch("/api/v1/business", json={"self_sign_up": True})
    assert answer.status_code == 200, answer.text
    return business


def application(business: Business, **changes: Any) -> dict[str, Any]:
    """Who wants to be a customer, with an address that no other test uses."""
    return {"email": f"Ada@{business.slug}.example", "name": "Ada Lovelace"} | changes


def completion(code: str, password: str = NEW_PASSWORD) -> dict[str, Any]:
    """What the page behind the link sends."""
    return {"token": code, "password": password}


async def sign_up(business: Business, mailbox: Mailbox, **changes: Any) -> str:
    """Ask for an account; the code that the mail brings."""
    body = application(business, **changes)
    answer = await business.anonymous.post(SIGN_UP, json=body)
    assert answer.status_code == 202, answer.text
    return (await mailbox.latest(body["email"].lower(), MailKind.VERIFY_EMAIL)).code


class TestSignUp:
    async def test_makes_a_customer_once_the_address_is_confirmed(
        self, open_shop: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        code = await sign_up(open_shop, mailbox)
        body = application(open_shop)
        log_in = {"email": body["email"], "password": NEW_PASSWORD}
        assert (await open_shop.anonymous.post("/api/v1/auth/login", json=log_in)).status_code == 401
        answer = await open_shop.anonymous.post(CONFIRM, json=completion(code))
        assert answer.status_code == 200, answer.text
        user = answer.json()["session"]["user"]
        assert (user["email"], user["name"], user["role"], user["email_verified"]) == (
            body["email"].lower(),
            "Ada Lovelace",
            "CUSTOMER",
            True,
        )
        await crowd.session_of(body["email"], open_shop, NEW_PASSWORD)
        (entry,) = await trail(open_shop.owner, "user.signed_up")
        assert (entry["user_id"], entry["diff"]) == (user["id"], {"role": {"from": None, "to": "CUSTOMER"}})

    async def test_a_business_that_has_not_opened_it_refuses(self, shop: Business) -> None:
        answer = await shop.anonymous.post(SIGN_UP, json=application(shop))
        assert outcome(answer) == (403, "sign-up-closed")

    async def test_a_business_that_has_closed_it_since_refuses(self, open_shop: Business, mailbox: Mailbox) -> None:
        code = await sign_up(open_shop, mailbox)
        await open_shop.owner.patch("/api/v1/business", json={"self_sign_up": False})
        answer = await open_shop.anonymous.post(CONFIRM, json=completion(code))
        assert outcome(answer) == (403, "sign-up-closed")

    async def test_does_not_exist_at_the_platform(self, platform: Platform, shop: Business) -> None:
        assert (await platform.anonymous.post(SIGN_UP, json=application(shop))).status_code == 404

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"email": "nobody"}, "/email"),
            ({"name": ""}, "/name"),
            ({"password": NEW_PASSWORD}, "/password"),
            ({"role": "TENANT_OWNER"}, "/role"),
            ({"tenant_id": None}, "/tenant_id"),
            ({"email_verified_at": "2026-01-01T00:00:00Z"}, "/email_verified_at"),
        ],
    )
    async def test_refuses_and_points_at(self, open_shop: Business, change: dict[str, Any], pointer: str) -> None:
        answer = await open_shop.anonymous.post(SIGN_UP, json=application(open_shop, **change))
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_whoever_has_an_account_is_told_by_mail_alone(
        self, open_shop: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        known = await crowd.add(Role.CUSTOMER, open_shop)
        body = application(open_shop, email=known.email, name="Mallory")
        assert (await open_shop.anonymous.post(SIGN_UP, json=body)).status_code == 202
        mail = await mailbox.latest(known.email)
        assert mail.kind == MailKind.ALREADY_REGISTERED
        assert "Mallory" not in mail.text
        await crowd.session_of(known.email, open_shop)

    async def test_an_address_in_another_business_is_free(
        self, open_shop: Business, other_business: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        elsewhere = await crowd.add(Role.CUSTOMER, other_business)
        code = await sign_up(open_shop, mailbox, email=elsewhere.email)
        assert (await open_shop.anonymous.post(CONFIRM, json=completion(code))).status_code == 200

    async def test_nobody_is_flooded(self, open_shop: Business) -> None:
        body = application(open_shop)
        answers = [await open_shop.anonymous.post(SIGN_UP, json=body) for _ in range(10)]
        assert answers[0].status_code == 202
        assert 429 in {answer.status_code for answer in answers}

    async def test_one_address_does_not_write_to_everybody(self, open_shop: Business) -> None:
        bodies = [application(open_shop, email=f"{number}@{open_shop.slug}.example") for number in range(30)]
        statuses = {(await open_shop.anonymous.post(SIGN_UP, json=body)).status_code for body in bodies}
        assert statuses == {202, 429}


class TestConfirmSignUp:
    @pytest.mark.parametrize("password", ["short", "password123", "The {slug} 1!", "ada@{slug}.example"])
    async def test_refuses_an_unfit_password_and_the_link_stays_good(
        self, open_shop: Business, mailbox: Mailbox, password: str
    ) -> None:
        code = await sign_up(open_shop, mailbox)
        unfit = completion(code, password.format(slug=open_shop.slug))
        answer = await open_shop.anonymous.post(CONFIRM, json=unfit)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/password"]
        assert (await open_shop.anonymous.post(CONFIRM, json=completion(code))).status_code == 200

    async def test_works_once(self, open_shop: Business, mailbox: Mailbox) -> None:
        code = await sign_up(open_shop, mailbox)
        answers = await asyncio.gather(*[open_shop.anonymous.post(CONFIRM, json=completion(code)) for _ in range(3)])
        assert sorted(answer.status_code for answer in answers) == [200, 410, 410]

    async def test_a_second_link_finds_the_address_taken(self, open_shop: Business, mailbox: Mailbox) -> None:
        first, second = [await sign_up(open_shop, mailbox) for _ in range(2)]
        assert (await open_shop.anonymous.post(CONFIRM, json=completion(second))).status_code == 200
        assert outcome(await open_shop.anonymous.post(CONFIRM, json=completion(first))) == (409, "email-taken")

    async def test_at_another_host_is_worth_nothing(
        self, open_shop: Business, other_business: Business, platform: Platform, mailbox: Mailbox
    ) -> None:
        code = await sign_up(open_shop, mailbox)
        for client in (other_business.anonymous, platform.anonymous):
            assert outcome(await client.post(CONFIRM, json=completion(code))) == (410, "link-invalid")

    async def test_a_code_for_something_else_is_worth_nothing(
        self, open_shop: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        known = await crowd.add(Role.CUSTOMER, open_shop)
        await open_shop.anonymous.post("/api/v1/auth/forgot-password", json={"email": known.email})
        code = (await mailbox.latest(known.email)).code
        assert outcome(await open_shop.anonymous.post(CONFIRM, json=completion(code))) == (410, "link-invalid")

    async def test_the_one_record_with_the_address_becomes_theirs(
        self, open_shop: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        body = application(open_shop)
        made = await open_shop.make("/customers", {"name": "Ms Lovelace", "email": body["email"].upper()})
        code = await sign_up(open_shop, mailbox)
        answer = await open_shop.anonymous.post(CONFIRM, json=completion(code))
        (record,) = await crowd.customers(open_shop)
        user = answer.json()["session"]["user"]
        assert (str(record.id), record.name, str(record.user_id)) == (made["id"], "Ms Lovelace", user["id"])

    @pytest.mark.parametrize("sharing", [0, 2])
    async def test_otherwise_a_record_is_made(
        self, open_shop: Business, mailbox: Mailbox, crowd: Crowd, sharing: int
    ) -> None:
        body = application(open_shop)
        for _ in range(sharing):
            await open_shop.make("/customers", {"name": "A Lovelace", "email": body["email"]})
        code = await sign_up(open_shop, mailbox)
        answer = await open_shop.anonymous.post(CONFIRM, json=completion(code))
        *others, record = await crowd.customers(open_shop)
        assert [other.user_id for other in others] == [None] * sharing
        assert (record.name, record.email, str(record.user_id)) == (
            "Ada Lovelace",
            body["email"].lower(),
            answer.json()["session"]["user"]["id"],
        )

    async def test_somebody_elses_record_stays_theirs(
        self, open_shop: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        made = await open_shop.make("/customers", {"name": "Ms Lovelace", "email": application(open_shop)["email"]})
        other = await crowd.add(Role.CUSTOMER, open_shop)
        await crowd.log_in_belongs_to(open_shop, made["id"], other.uuid)
        code = await sign_up(open_shop, mailbox)
        assert (await open_shop.anonymous.post(CONFIRM, json=completion(code))).status_code == 200
        first, second = await crowd.customers(open_shop)
        assert first.user_id == other.uuid
        assert second.user_id not in {None, other.uuid}

    async def test_may_come_between_an_invitation_to_work_here_and_its_acceptance(
        self, open_shop: Business, mailbox: Mailbox
    ) -> None:
        email = application(open_shop)["email"].lower()
        await open_shop.make("/invitations", {"email": email, "name": "Ada", "role": "TENANT_STAFF"})
        invitation = (await mailbox.latest(email)).code
        code = await sign_up(open_shop, mailbox)
        await open_shop.anonymous.post(CONFIRM, json=completion(code))
        answer = await open_shop.anonymous.post("/api/v1/invitations/accept", json=acceptance(invitation))
        assert answer.json()["session"]["user"]["role"] == "TENANT_STAFF"
