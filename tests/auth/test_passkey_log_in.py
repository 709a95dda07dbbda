"""Logging in with a passkey: alone, or as the second factor after the password."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import OneTimeCodeRow, PasskeyRow
from app.tenancy.hosts import PLATFORM_LABEL
from tests.actors import Business
from tests.auth.authenticator import Authenticator, encode
from tests.auth.visitors import Visitor, Visitors


@pytest.fixture
async def passkey(visitor: Visitor) -> Authenticator:
    """The visitor's passkey, and there is no app."""
    made = visitor.passkey()
    assert (await (await visitor.enter()).add_passkey(made)).status_code == 201
    return made


async def begin(visitor: Visitor, **body: str) -> dict[str, Any]:
    answer = await visitor.post("/auth/passkey/options", body)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def send(visitor: Visitor, options: dict[str, Any], credential: dict[str, Any]) -> httpx.Response:
    return await visitor.post("/auth/passkey", {"challenge": options["challenge"], "credential": credential})


async def log_in(visitor: Visitor, passkey: Authenticator, **lies: Any) -> httpx.Response:
    """Log in with the passkey alone."""
    options = await begin(visitor)
    return await send(visitor, options, passkey.answer(options["public_key"], **lies))


def is_refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (401, "passkey-invalid")


class TestPasskeyAlone:
    async def test_asks_any_passkey_of_the_host(self, visitor: Visitor) -> None:
        options = await begin(visitor)
        wanted = options["public_key"]
        assert wanted["challenge"] == options["challenge"]
        assert wanted["rpId"] == visitor.host
        assert wanted["allowCredentials"] == []
        assert wanted["userVerification"] == "required"

    async def test_logs_in(self, visitor: Visitor, passkey: Authenticator) -> None:
        answer = await log_in(visitor, passkey)
        assert answer.status_code == 200
        inside = visitor.inside(answer)
        assert (await inside.get("/me")).json()["user"]["id"] == str(visitor.id)
        assert (await visitor.sessions())[-1].methods == ["webauthn"]
        (listed,) = (await inside.get("/me/passkeys")).json()["items"]
        assert listed["last_used_at"] is not None

    async def test_is_two_factors_in_one(self, visitor: Visitor, passkey: Authenticator) -> None:
        inside = visitor.inside(await log_in(visitor, passkey))
        await inside.set_up_app()
        assert (await log_in(visitor, passkey)).status_code == 200

    async def test_logs_in_at_the_platform(self, manager: Visitor) -> None:
        passkey = manager.passkey()
        await (await manager.enter()).add_passkey(passkey)
        assert manager.host.startswith(PLATFORM_LABEL)
        assert (await log_in(manager, passkey)).status_code == 200

    async def test_a_passkey_that_counts_nothing_is_taken(self, visitor: Visitor) -> None:
        passkey = visitor.passkey(steps=0)
        await (await visitor.enter()).add_passkey(passkey)
        assert [(await log_in(visitor, passkey)).status_code for _ in range(2)] == [200, 200]

    async def test_has_to_ask_for_a_pin_or_a_finger(self, visitor: Visitor, passkey: Authenticator) -> None:
        passkey.knows_user = False
        assert is_refused(await log_in(visitor, passkey))
        (entry,) = await visitor.trail("session.refused")
        assert entry.diff == {"methods": ["webauthn"]}

    async def test_has_to_say_whose_it_is(self, visitor: Visitor, passkey: Authenticator) -> None:
        assert is_refused(await log_in(visitor, passkey, user_handle=None))

    async def test_must_not_say_that_it_is_somebody_elses(
        self, visitor: Visitor, passkey: Authenticator, manager: Visitor
    ) -> None:
        assert is_refused(await log_in(visitor, passkey, user_handle=manager.id.bytes))

    @pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:8000", "null"])
    async def test_on_another_page_is_refused(self, visitor: Visitor, passkey: Authenticator, origin: str) -> None:
        passkey.origin = origin
        assert is_refused(await log_in(visitor, passkey))

    async def test_for_another_site_is_refused(self, visitor: Visitor, passkey: Authenticator) -> None:
        passkey.rp_id = "evil.example"
        assert is_refused(await log_in(visitor, passkey))

    async def test_for_another_challenge_is_refused(self, visitor: Visitor, passkey: Authenticator) -> None:
        first, second = await begin(visitor), await begin(visitor)
        assert is_refused(await send(visitor, second, passkey.answer(first["public_key"])))

    async def test_an_answer_works_once(self, visitor: Visitor, passkey: Authenticator) -> None:
        options = await begin(visitor)
        credential = passkey.answer(options["public_key"])
        assert (await send(visitor, options, credential)).status_code == 200
        again = await send(visitor, options, credential)
        assert (again.status_code, again.json()["code"]) == (410, "link-invalid")

    async def test_of_two_with_the_same_answer_at_once_one_comes_in(
        self, visitor: Visitor, passkey: Authenticator
    ) -> None:
        options = await begin(visitor)
        credential = passkey.answer(options["public_key"])
        answers = await asyncio.gather(*(send(visitor, options, credential) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 410]

    async def test_a_wrong_answer_uses_the_challenge_up(self, visitor: Visitor, passkey: Authenticator) -> None:
        options = await begin(visitor)
        wrong = passkey.answer(options["public_key"], type="webauthn.create")
        assert is_refused(await send(visitor, options, wrong))
        assert (await send(visitor, options, passkey.answer(options["public_key"]))).status_code == 410

    async def test_a_challenge_lasts_five_minutes(self, visitor: Visitor, passkey: Authenticator, app: FastAPI) -> None:
        options = await begin(visitor)
        async with app.state.database.transaction() as session:
            await session.execute(
                update(OneTimeCodeRow).where(OneTimeCodeRow.purpose == "passkey_log_in").values(expires_at=utcnow())
            )
        assert (await send(visitor, options, passkey.answer(options["public_key"]))).status_code == 410

    async def test_signed_with_another_key_is_refused(self, visitor: Visitor, passkey: Authenticator) -> None:
        copied = visitor.passkey(credential_id=passkey.credential_id, user_handle=visitor.id.bytes, sign_count=5)
        assert is_refused(await log_in(visitor, copied))

    async def test_a_counter_that_went_back_is_refused_and_kept(self, visitor: Visitor, passkey: Authenticator) -> None:
        passkey.sign_count = 10
        assert (await log_in(visitor, passkey)).status_code == 200
        for count in (4, 10):
            passkey.sign_count = count
            assert is_refused(await log_in(visitor, passkey))
        assert (await log_in(visitor, passkey)).status_code == 200
        reasons = [entry.reason for entry in await visitor.trail("session.refused")]
        assert reasons == ["The passkey's counter went back: there may be a copy of it."] * 2

    async def test_counts_at_the_business_of_its_user(
        self, passkey: Authenticator, visitors: Visitors, other_business: Business
    ) -> None:
        there = await visitors.add(other_business.host, Role.CUSTOMER, other_business.id)
        passkey.origin = there.passkey().origin
        assert is_refused(await log_in(there, passkey))
        assert not await there.sessions()

    async def test_a_challenge_counts_at_its_own_host(
        self, visitor: Visitor, passkey: Authenticator, manager: Visitor
    ) -> None:
        options = await begin(manager)
        assert (await send(visitor, options, passkey.answer(options["public_key"]))).status_code == 410

    async def test_a_deactivated_user_does_not_come_in(self, visitor: Visitor, passkey: Authenticator) -> None:
        await visitor.become(is_active=False)
        assert is_refused(await log_in(visitor, passkey))

    async def test_an_unknown_passkey_is_refused(self, visitor: Visitor) -> None:
        stranger = visitor.passkey(user_handle=visitor.id.bytes)
        assert is_refused(await log_in(visitor, stranger))

    @pytest.mark.parametrize(
        "credential",
        [{}, {"id": 7}, {"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "{"}}],
    )
    async def test_anything_else_is_refused(self, visitor: Visitor, credential: dict[str, Any]) -> None:
        assert is_refused(await send(visitor, await begin(visitor), credential))

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            ("clientDataJSON", encode(b"[" * 5000)),
            ("clientDataJSON", encode(b"7")),
            ("authenticatorData", encode(b"\xff" * 37)),
            ("authenticatorData", ""),
            ("signature", encode(b"\x30\x00")),
        ],
    )
    async def test_nonsense_in_its_parts_is_refused(
        self, visitor: Visitor, passkey: Authenticator, part: str, value: str
    ) -> None:
        options = await begin(visitor)
        credential = passkey.answer(options["public_key"])
        credential["response"][part] = value
        assert is_refused(await send(visitor, options, credential))

    async def test_wrong_answers_have_to_wait(self, visitor: Visitor) -> None:
        stranger = visitor.passkey(user_handle=visitor.id.bytes)
        answers = [await log_in(visitor, stranger) for _ in range(31)]
        assert [answer.status_code for answer in answers] == [401] * 30 + [429]


class TestPasskeyAsSecondFactor:
    async def test_the_password_alone_is_not_enough_any_more(self, visitor: Visitor, passkey: Authenticator) -> None:
        assert passkey.credential_id
        answer = await visitor.log_in()
        assert answer.json()["code"] == "second-factor-required"
        assert answer.json()["params"]["methods"] == ["passkey"]

    async def test_stands_beside_the_app(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.set_up_app()
        await inside.add_passkey(visitor.passkey())
        assert (await visitor.log_in()).json()["params"]["methods"] == ["totp", "recovery_code", "passkey"]

    async def test_names_the_users_passkeys(self, visitor: Visitor, passkey: Authenticator) -> None:
        wanted = (await begin(visitor, challenge=await visitor.challenge()))["public_key"]
        assert [each["id"] for each in wanted["allowCredentials"]] == [encode(passkey.credential_id)]
        assert wanted["userVerification"] == "preferred"

    @pytest.mark.parametrize("says_whose", [True, False])
    async def test_needs_no_pin_after_the_password(
        self, visitor: Visitor, passkey: Authenticator, says_whose: bool
    ) -> None:
        passkey.knows_user = False
        options = await begin(visitor, challenge=await visitor.challenge())
        lies = {} if says_whose else {"user_handle": None}
        answer = await send(visitor, options, passkey.answer(options["public_key"], **lies))
        assert answer.status_code == 200
        assert (await visitor.sessions())[-1].methods == ["pwd", "webauthn"]

    async def test_uses_the_log_ins_challenge_up(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.set_up_app()
        await visitor.forget_codes()
        passkey = visitor.passkey()
        await inside.add_passkey(passkey)
        challenge = await visitor.challenge()
        options = await begin(visitor, challenge=challenge)
        assert (await send(visitor, options, passkey.answer(options["public_key"]))).status_code == 200
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 410

    async def test_after_a_wrong_passkey_a_code_still_counts(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.set_up_app()
        await visitor.forget_codes()
        challenge = await visitor.challenge()
        options = await begin(visitor, challenge=challenge)
        stranger = visitor.passkey(user_handle=visitor.id.bytes)
        assert is_refused(await send(visitor, options, stranger.answer(options["public_key"])))
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 200

    async def test_nobody_elses_counts(
        self, visitor: Visitor, passkey: Authenticator, visitors: Visitors, business: Business
    ) -> None:
        assert passkey.credential_id
        other = await visitors.add(business.host, Role.CUSTOMER, business.id)
        theirs = other.passkey()
        await (await other.enter()).add_passkey(theirs)
        options = await begin(visitor, challenge=await visitor.challenge())
        for lies in ({}, {"user_handle": None}, {"user_handle": visitor.id.bytes}):
            assert is_refused(await send(visitor, options, theirs.answer(options["public_key"], **lies)))
            options = await begin(visitor, challenge=await visitor.challenge())
        assert {entry.result for entry in await other.trail("session.refused")} == {"denied"}

    async def test_needs_a_challenge_of_a_log_in(self, visitor: Visitor) -> None:
        answer = await visitor.post("/auth/passkey/options", {"challenge": "x" * 43})
        assert (answer.status_code, answer.json()["code"]) == (410, "link-invalid")

    async def test_one_deleted_meanwhile_does_not_count(
        self, visitor: Visitor, passkey: Authenticator, app: FastAPI
    ) -> None:
        options = await begin(visitor, challenge=await visitor.challenge())
        async with app.state.database.transaction() as session:
            await session.execute(delete(PasskeyRow).where(PasskeyRow.user_id == visitor.id))
        assert is_refused(await send(visitor, options, passkey.answer(options["public_key"])))
