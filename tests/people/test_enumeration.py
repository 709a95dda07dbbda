"""Nobody who is not logged in learns whether an address has an account: not by words, nor by the work that is done."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, func, select

from app.auth.roles import Role
from app.models.public import MailRow, ThrottleRow
from tests.actors import Business
from tests.mailbox import Mailbox
from tests.people.crowd import Crowd, Person, acceptance
from tests.round_trips import statements

LOGIN = "/api/v1/auth/login"
SIGN_UP = "/api/v1/auth/sign-up"
FORGOT = "/api/v1/auth/forgot-password"


@dataclass(frozen=True)
class Observation:
    """All that can be seen from outside, and every statement that it took."""

    status: int
    headers: list[str]
    body: dict[str, Any]
    statements: list[str]


def _without_columns(statement: str) -> str:
    """An INSERT names the columns that are not null: of the audit trail, whom it is about."""
    return statement.partition("(")[0] if statement.startswith("INSERT") else statement


class Observer:
    """Somebody who asks for addresses, and looks closely."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self._app = app
        self._client = client

    async def post(self, path: str, body: dict[str, Any]) -> Observation:
        """What is to be seen of a call by somebody who has not called before."""
        async with self._app.state.database.transaction() as session:
            await session.execute(delete(ThrottleRow))
        with statements(self._app) as sent:
            answer = await self._client.post(path, json=body)
        seen = answer.json()
        seen.pop("request_id", None)
        return Observation(answer.status_code, sorted(answer.headers), seen, [*map(_without_columns, sent)])


@pytest.fixture
async def open_shop(business: Business) -> Business:
    await business.owner.patch("/api/v1/business", json={"self_sign_up": True})
    return business


@pytest.fixture
async def known(open_shop: Business, crowd: Crowd) -> Person:
    return await crowd.add(Role.CUSTOMER, open_shop)


@pytest.fixture
async def observer(app: FastAPI, open_shop: Business) -> Observer:
    await open_shop.anonymous.get("/")  # so that the host is known
    return Observer(app, open_shop.anonymous)


def unknown_to(business: Business) -> str:
    return f"nobody@{business.slug}.example"


class TestLogIn:
    @pytest.mark.parametrize("is_active", [True, False])
    async def test_is_the_same_for_an_unknown_address(
        self, open_shop: Business, known: Person, observer: Observer, crowd: Crowd, is_active: bool
    ) -> None:
        if not is_active:
            await crowd.deactivate(known)
        seen = [
            await observer.post(LOGIN, {"email": email, "password": "a wrong one"})
            for email in (known.email, unknown_to(open_shop))
        ]
        assert seen[0] == seen[1]
        assert seen[0].body["code"] == "credentials-invalid"


class TestForgotPassword:
    @pytest.mark.parametrize("is_active", [True, False])
    async def test_is_the_same_for_an_unknown_address(
        self,
        open_shop: Business,
        known: Person,
        observer: Observer,
        crowd: Crowd,
        mailbox: Mailbox,
        is_active: bool,
    ) -> None:
        if not is_active:
            await crowd.deactivate(known)
        seen = [await observer.post(FORGOT, {"email": email}) for email in (known.email, unknown_to(open_shop))]
        assert seen[0] == seen[1]
        assert seen[0].status == 202
        assert [len(await mailbox.find(email)) for email in (known.email, unknown_to(open_shop))] == [is_active, 0]

    async def test_what_is_written_for_nobody_is_never_sent(
        self, open_shop: Business, observer: Observer, app: FastAPI
    ) -> None:
        await observer.post(FORGOT, {"email": unknown_to(open_shop)})
        async with app.state.database.transaction() as session:
            row = (await session.scalars(select(MailRow).order_by(MailRow.id.desc()).limit(1))).one()
            assert (row.recipient, row.status) == ("nobody@example.invalid", "withheld")
            sendable = select(func.count()).where(MailRow.recipient == row.recipient, MailRow.status != "withheld")
            assert await session.scalar(sendable) == 0


class TestSignUp:
    @pytest.mark.parametrize("is_active", [True, False])
    async def test_is_the_same_for_a_known_address(
        self,
        open_shop: Business,
        known: Person,
        observer: Observer,
        crowd: Crowd,
        mailbox: Mailbox,
        is_active: bool,
    ) -> None:
        if not is_active:
            await crowd.deactivate(known)
        seen = [
            await observer.post(SIGN_UP, {"email": email, "name": "Ada"})
            for email in (known.email, unknown_to(open_shop))
        ]
        assert seen[0] == seen[1]
        assert seen[0].status == 202
        kinds = [(await mailbox.latest(email)).kind for email in (known.email, unknown_to(open_shop))]
        assert kinds == ["already_registered", "verify_email"]

    async def test_a_flooded_address_is_refused_alike(self, open_shop: Business, known: Person) -> None:
        statuses = []
        for email in (known.email, unknown_to(open_shop)):
            body = {"email": email, "name": "Ada"}
            statuses.append({(await open_shop.anonymous.post(SIGN_UP, json=body)).status_code for _ in range(8)})
        assert statuses == [{202, 429}, {202, 429}]


class TestInvitations:
    async def test_a_code_that_never_was_and_one_that_is_over_look_alike(
        self, open_shop: Business, observer: Observer, mailbox: Mailbox
    ) -> None:
        email = unknown_to(open_shop)
        made = await open_shop.make("/invitations", {"email": email, "name": "Ada", "role": "TENANT_STAFF"})
        code = (await mailbox.latest(email)).code
        await open_shop.owner.delete(f"/api/v1/invitations/{made['id']}")
        seen = [await observer.post("/api/v1/invitations/accept", acceptance(each)) for each in (code, f"{code[:-1]}x")]
        assert seen[0] == seen[1]
        assert seen[0].body["code"] == "link-invalid"
