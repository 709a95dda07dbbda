import asyncio
from dataclasses import dataclass

import httpx
import pytest

from app.auth.roles import Role
from app.mail.messages import MailKind
from tests.actors import PASSWORD, Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import Crowd, Person, outcome, trail

REQUEST = "/api/v1/me/email"
CONFIRM = "/api/v1/auth/confirm-email-change"


@dataclass(frozen=True)
class Move:
    """Somebody who wants another address."""

    business: Business
    person: Person
    new: str
    mailbox: Mailbox

    async def ask(self, email: str | None = None, password: str = PASSWORD) -> httpx.Response:
        body = {"email": email or self.new.upper(), "current_password": password}
        return await self.person.client.post(REQUEST, json=body)

    async def codes(self) -> tuple[str, str]:
        """The codes at the old and at the new address."""
        assert (await self.ask()).status_code == 202
        old = await self.mailbox.latest(self.person.email, MailKind.EMAIL_CHANGE_OLD)
        new = await self.mailbox.latest(self.new, MailKind.EMAIL_CHANGE_NEW)
        return old.code, new.code

    async def confirm(self, code: str) -> httpx.Response:
        return await self.business.anonymous.post(CONFIRM, json={"token": code})

    async def address(self) -> str:
        return str((await self.person.client.get("/api/v1/me")).json()["user"]["email"])


@pytest.fixture
async def move(business: Business, crowd: Crowd, mailbox: Mailbox) -> Move:
    person = await crowd.add(Role.TENANT_STAFF, business)
    return Move(business, person, f"new-{person.email}", mailbox)


class TestChangeEmail:
    @pytest.mark.parametrize("first", [0, 1])
    async def test_takes_both_addresses_in_either_order(self, move: Move, crowd: Crowd, first: int) -> None:
        codes = await move.codes()
        assert (await move.confirm(codes[first])).json() == {"is_complete": False}
        assert await move.address() == move.person.email
        assert (await move.confirm(codes[1 - first])).json() == {"is_complete": True}
        assert await move.address() == move.new
        await crowd.session_of(move.new, move.business)

    async def test_both_at_once_work(self, move: Move) -> None:
        codes = await move.codes()
        answers = await asyncio.gather(*[move.confirm(code) for code in codes])
        assert sorted(answer.json()["is_complete"] for answer in answers) == [False, True]
        assert await move.address() == move.new

    async def test_tells_both_addresses_and_the_trail(self, move: Move) -> None:
        for code in await move.codes():
            await move.confirm(code)
        for address in (move.person.email, move.new):
            assert (await move.mailbox.latest(address)).kind == MailKind.EMAIL_CHANGED
        assert (await move.person.client.get("/api/v1/me")).json()["user"]["email_verified"] is True
        (entry,) = await trail(move.business.owner, "email.changed")
        assert (entry["user_id"], entry["diff"]) == (move.person.id, {"email": "changed"})
        assert len(await trail(move.business.owner, "email.change_requested")) == 1

    async def test_the_same_link_twice_is_not_both(self, move: Move) -> None:
        old, _ = await move.codes()
        assert (await move.confirm(old)).status_code == 200
        assert outcome(await move.confirm(old)) == (410, "link-invalid")
        assert await move.address() == move.person.email

    async def test_a_new_request_withdraws_earlier_links(self, move: Move) -> None:
        old, new = await move.codes()
        await move.confirm(new)
        latest_old, latest_new = await move.codes()
        assert outcome(await move.confirm(old)) == (410, "link-invalid")
        assert (await move.confirm(latest_old)).json() == {"is_complete": False}
        assert (await move.confirm(latest_new)).json() == {"is_complete": True}

    async def test_a_new_request_and_an_old_link_at_once_leave_the_address_alone(self, move: Move) -> None:
        old, new = await move.codes()
        await move.confirm(new)
        other = f"other-{move.new}"
        asked, confirmed = await asyncio.gather(move.ask(other), move.confirm(old))
        assert asked.status_code == 202
        if confirmed.status_code == 200:
            assert await move.address() == move.new
        else:
            assert outcome(confirmed) == (410, "link-invalid")
            assert await move.address() == move.person.email

    async def test_whether_somebody_has_the_address_is_said_at_the_end_alone(self, move: Move, crowd: Crowd) -> None:
        known = await crowd.add(Role.CUSTOMER, move.business)
        assert (await move.ask(known.email)).status_code == 202
        to_new = await move.mailbox.latest(known.email)
        assert "already" not in to_new.text
        old = (await move.mailbox.latest(move.person.email)).code
        assert (await move.confirm(to_new.code)).json() == {"is_complete": False}
        assert outcome(await move.confirm(old)) == (409, "email-taken")
        assert await move.address() == move.person.email

    async def test_a_link_sent_to_the_old_address_is_dead_afterwards(self, move: Move) -> None:
        await move.business.anonymous.post("/api/v1/auth/forgot-password", json={"email": move.person.email})
        reset = (await move.mailbox.latest(move.person.email)).code
        for code in await move.codes():
            await move.confirm(code)
        body = {"token": reset, "password": "yet another private phrase"}
        answer = await move.business.anonymous.post("/api/v1/auth/reset-password", json=body)
        assert outcome(answer) == (410, "link-invalid")

    async def test_a_new_password_stops_it(self, move: Move) -> None:
        old, new = await move.codes()
        await move.confirm(new)
        body = {"current_password": PASSWORD, "new_password": "yet another private phrase"}
        assert (await move.person.client.post("/api/v1/me/password", json=body)).status_code == 204
        assert outcome(await move.confirm(old)) == (410, "link-invalid")

    async def test_is_too_late_after_its_term(self, move: Move, crowd: Crowd) -> None:
        old, new = await move.codes()
        await move.confirm(new)
        await crowd.let_links_expire(move.person.email)
        assert outcome(await move.confirm(old)) == (410, "link-invalid")
        assert await move.address() == move.person.email

    async def test_at_another_host_is_worth_nothing(
        self, move: Move, other_business: Business, platform: Platform
    ) -> None:
        old, _ = await move.codes()
        for client in (other_business.anonymous, platform.anonymous):
            assert outcome(await client.post(CONFIRM, json={"token": old})) == (410, "link-invalid")

    async def test_wants_the_password(self, move: Move) -> None:
        assert outcome(await move.ask(password="a wrong one")) == (403, "password-wrong")
        assert await move.mailbox.find(move.new) == []

    @pytest.mark.parametrize("email", ["nobody", "a@" + "b" * 300 + ".example"])
    async def test_refuses_what_is_no_address(self, move: Move, email: str) -> None:
        answer = await move.ask(email)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/email"]

    async def test_refuses_the_address_that_it_is(self, move: Move) -> None:
        answer = await move.ask(move.person.email.upper())
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/email"]

    async def test_nobody_writes_to_everybody(self, move: Move) -> None:
        statuses = [(await move.ask(f"{number}-{move.new}")).status_code for number in range(10)]
        assert statuses[0] == 202
        assert 429 in statuses

    async def test_needs_a_session(self, shop: Business) -> None:
        token = await shop.client("services:read")
        body = {"email": "new@people.example", "current_password": PASSWORD}
        assert outcome(await token.post(REQUEST, json=body)) == (403, "in-person-only")
        assert (await shop.anonymous.post(REQUEST, json=body)).status_code == 401
