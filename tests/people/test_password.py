import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.mail.messages import MailKind
from tests.actors import PASSWORD, Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import NEW_PASSWORD, Crowd, Person, outcome, trail

CHANGE = "/api/v1/me/password"
FORGOT = "/api/v1/auth/forgot-password"
RESET = "/api/v1/auth/reset-password"
LOGIN = "/api/v1/auth/login"


@pytest.fixture
async def member(business: Business, crowd: Crowd) -> Person:
    return await crowd.add(Role.TENANT_STAFF, business)


async def link_to(business: Business, email: str, mailbox: Mailbox) -> str:
    """The code of a link to set a new password."""
    answer = await business.anonymous.post(FORGOT, json={"email": email})
    assert answer.status_code == 202, answer.text
    return (await mailbox.latest(email, MailKind.RESET_PASSWORD)).code


def reset_with(token: str, password: str = NEW_PASSWORD) -> dict[str, str]:
    return {"token": token, "password": password}


class TestQuestions:
    def test_no_way_to_a_password_has_a_hint_or_a_secret_question(self, app: FastAPI) -> None:
        document = app.openapi()
        asked = {}
        for path in (LOGIN, FORGOT, RESET, CHANGE):
            body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
            schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
            asked[path] = set(schema["properties"])
        assert asked == {
            LOGIN: {"email", "password"},
            FORGOT: {"email"},
            RESET: {"token", "password"},
            CHANGE: {"current_password", "new_password"},
        }


class TestChangePassword:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}  # noqa: RUF012 — nobody changes it

    async def test_ends_the_other_sessions_and_tells(
        self, business: Business, member: Person, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        other = await crowd.session_of(member.email, business)
        assert (await member.client.post(CHANGE, json=self.body)).status_code == 204
        assert (await member.client.get("/api/v1/me")).status_code == 200
        assert outcome(await other.get("/api/v1/me")) == (401, "session-invalid")
        assert (await mailbox.latest(member.email)).kind == MailKind.PASSWORD_CHANGED
        notices = (await member.client.get("/api/v1/notifications")).json()["items"]
        assert "password_changed" in {notice["kind"] for notice in notices}
        (entry,) = await trail(business.owner, "password.changed")
        assert entry["user_id"] == member.id

    async def test_only_the_new_one_logs_in(self, business: Business, member: Person, crowd: Crowd) -> None:
        await member.client.post(CHANGE, json=self.body)
        refused = await business.anonymous.post(LOGIN, json={"email": member.email, "password": PASSWORD})
        assert refused.status_code == 401
        await crowd.session_of(member.email, business, NEW_PASSWORD)

    async def test_wants_the_current_one(self, business: Business, member: Person, crowd: Crowd) -> None:
        answer = await member.client.post(CHANGE, json=self.body | {"current_password": "a wrong one"})
        assert outcome(answer) == (403, "password-wrong")
        await crowd.session_of(member.email, business)

    @pytest.mark.parametrize("password", ["short", "password123", "x" * 257, None, 12345678])
    async def test_refuses_an_unfit_one(self, business: Business, member: Person, crowd: Crowd, password: Any) -> None:
        answer = await member.client.post(CHANGE, json=self.body | {"new_password": password})
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/new_password"]
        await crowd.session_of(member.email, business)

    async def test_keeps_spaces_as_they_were_typed(self, business: Business, member: Person, crowd: Crowd) -> None:
        await member.client.post(CHANGE, json=self.body | {"new_password": f"  {NEW_PASSWORD} "})
        refused = await business.anonymous.post(LOGIN, json={"email": member.email, "password": NEW_PASSWORD})
        assert refused.status_code == 401
        await crowd.session_of(member.email, business, f"  {NEW_PASSWORD} ")

    async def test_makes_links_that_are_under_way_worthless(
        self, business: Business, member: Person, mailbox: Mailbox
    ) -> None:
        code = await link_to(business, member.email, mailbox)
        await member.client.post(CHANGE, json=self.body)
        assert outcome(await business.anonymous.post(RESET, json=reset_with(code))) == (410, "link-invalid")

    async def test_needs_a_session(self, shop: Business) -> None:
        token = await shop.client("services:read")
        assert outcome(await token.post(CHANGE, json=self.body)) == (403, "in-person-only")
        assert (await shop.anonymous.post(CHANGE, json=self.body)).status_code == 401


class TestForgotPassword:
    async def test_writes_to_whoever_has_the_address_here(
        self, business: Business, other_business: Business, member: Person, mailbox: Mailbox
    ) -> None:
        for client in (other_business.anonymous, business.anonymous):
            assert (await client.post(FORGOT, json={"email": member.email.upper()})).status_code == 202
        (mail,) = await mailbox.find(member.email, MailKind.RESET_PASSWORD)
        assert f"http://{business.slug}.localhost" in mail.link
        (entry,) = await trail(business.owner, "password.reset_requested")
        assert (entry["result"], entry["user_id"]) == ("success", member.id)

    async def test_writes_to_nobody_who_is_deactivated(
        self, business: Business, member: Person, mailbox: Mailbox
    ) -> None:
        await business.owner.patch(f"/api/v1/staff/{member.id}", json={"is_active": False})
        assert (await business.anonymous.post(FORGOT, json={"email": member.email})).status_code == 202
        assert await mailbox.find(member.email, MailKind.RESET_PASSWORD) == []

    async def test_nobody_is_flooded(self, business: Business, member: Person) -> None:
        answers = [await business.anonymous.post(FORGOT, json={"email": member.email}) for _ in range(10)]
        assert answers[0].status_code == 202
        assert 429 in {answer.status_code for answer in answers}


class TestResetPassword:
    async def test_sets_it_and_logs_in(
        self, business: Business, member: Person, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        code = await link_to(business, member.email, mailbox)
        answer = await business.anonymous.post(RESET, json=reset_with(code))
        assert answer.status_code == 200, answer.text
        session = answer.json()["session"]
        business.anonymous.cookies.clear()
        assert session["user"]["id"] == member.id
        me = await business.at(business.host, session["access_token"]).get("/api/v1/me")
        assert me.json()["user"]["email_verified"] is True
        await crowd.session_of(member.email, business, NEW_PASSWORD)
        (entry,) = await trail(business.owner, "password.reset")
        assert entry["user_id"] == member.id

    async def test_ends_every_session_and_every_other_link(
        self, business: Business, member: Person, mailbox: Mailbox
    ) -> None:
        first, second = [await link_to(business, member.email, mailbox) for _ in range(2)]
        assert (await business.anonymous.post(RESET, json=reset_with(second))).status_code == 200
        assert (await member.client.get("/api/v1/me")).status_code == 401
        assert outcome(await business.anonymous.post(RESET, json=reset_with(first))) == (410, "link-invalid")
        assert (await mailbox.latest(member.email, MailKind.PASSWORD_CHANGED)).recipient == member.email

    async def test_works_once(self, business: Business, member: Person, mailbox: Mailbox) -> None:
        code = await link_to(business, member.email, mailbox)
        answers = await asyncio.gather(*[business.anonymous.post(RESET, json=reset_with(code)) for _ in range(3)])
        assert sorted(answer.status_code for answer in answers) == [200, 410, 410]

    async def test_does_not_pass_a_second_factor(
        self, business: Business, member: Person, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        await crowd.give_second_factor(member)
        code = await link_to(business, member.email, mailbox)
        answer = await business.anonymous.post(RESET, json=reset_with(code))
        assert answer.json() == {"session": None}
        assert answer.headers.get_list("set-cookie") == []
        refused = await business.anonymous.post(LOGIN, json={"email": member.email, "password": NEW_PASSWORD})
        assert outcome(refused) == (401, "second-factor-required")

    async def test_lets_in_who_was_locked_out_by_others(
        self, business: Business, member: Person, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        wrong = {"email": member.email, "password": "a wrong one"}
        statuses = {(await business.anonymous.post(LOGIN, json=wrong)).status_code for _ in range(12)}
        assert 429 in statuses
        code = await link_to(business, member.email, mailbox)
        await business.anonymous.post(RESET, json=reset_with(code))
        await crowd.session_of(member.email, business, NEW_PASSWORD)

    @pytest.mark.parametrize("password", ["short", "password123", None])
    async def test_refuses_an_unfit_one_and_the_link_stays_good(
        self, business: Business, member: Person, mailbox: Mailbox, password: Any
    ) -> None:
        code = await link_to(business, member.email, mailbox)
        refused = await business.anonymous.post(RESET, json=reset_with(code, password))
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/password"]
        assert (await business.anonymous.post(RESET, json=reset_with(code))).status_code == 200

    async def test_at_another_host_is_worth_nothing(
        self, business: Business, other_business: Business, platform: Platform, member: Person, mailbox: Mailbox
    ) -> None:
        code = await link_to(business, member.email, mailbox)
        for client in (other_business.anonymous, platform.anonymous):
            assert outcome(await client.post(RESET, json=reset_with(code))) == (410, "link-invalid")

    async def test_is_too_late_after_its_term(
        self, business: Business, member: Person, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        code = await link_to(business, member.email, mailbox)
        await crowd.let_links_expire(member.email)
        assert outcome(await business.anonymous.post(RESET, json=reset_with(code))) == (410, "link-invalid")

    @pytest.mark.parametrize("token", ["", "x", "x" * 256, "Yk3Qm7ünïcode"])
    async def test_a_made_up_code_is_worth_nothing(self, shop: Business, token: str) -> None:
        assert outcome(await shop.anonymous.post(RESET, json=reset_with(token))) == (410, "link-invalid")
