"""Passkeys made known, listed, deleted."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.mail.messages import MailKind
from app.models.public import OneTimeCodeRow, PasskeyRow
from tests.actors import PASSWORD, Business
from tests.auth.authenticator import Authenticator, encode
from tests.auth.visitors import Inside, Visitor, Visitors
from tests.mailbox import Mailbox

OPTIONS, PASSKEYS = "/me/passkeys/options", "/me/passkeys"


@pytest.fixture
async def inside(visitor: Visitor) -> Inside:
    return await visitor.enter()


async def options_of(inside: Inside) -> dict[str, Any]:
    answer = await inside.post(OPTIONS, {"current_password": PASSWORD})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def code_of_adding(inside: Inside, options: dict[str, Any], credential: Any) -> str:
    """What is answered to a passkey that should not be taken."""
    body = {"name": "Phone", "challenge": options["challenge"], "credential": credential}
    answer = await inside.post(PASSKEYS, body)
    assert answer.status_code >= 400
    return str(answer.json()["code"])


class TestBeginPasskey:
    async def test_answers_with_what_a_browser_wants(self, inside: Inside, visitor: Visitor) -> None:
        options = await options_of(inside)
        wanted = options["public_key"]
        assert wanted["challenge"] == options["challenge"]
        assert wanted["rp"]["id"] == visitor.host
        assert wanted["user"] == {"id": encode(visitor.id.bytes), "name": visitor.email, "displayName": "Vera Visitor"}
        assert wanted["attestation"] == "none"
        assert wanted["excludeCredentials"] == []

    async def test_names_those_that_are_known_so_that_none_is_added_twice(
        self, inside: Inside, visitor: Visitor
    ) -> None:
        passkey = visitor.passkey()
        await inside.add_passkey(passkey)
        (known,) = (await options_of(inside))["public_key"]["excludeCredentials"]
        assert known["id"] == encode(passkey.credential_id)
        assert sorted(known["transports"]) == ["hybrid", "internal"]

    async def test_needs_the_password(self, inside: Inside) -> None:
        answer = await inside.post(OPTIONS, {"current_password": "another one"})
        assert (answer.status_code, answer.json()["code"]) == (403, "password-wrong")

    async def test_is_not_for_tokens(self, business: Business) -> None:
        client = await business.client("services:read")
        answer = await client.post(f"/api/v1{OPTIONS}", json={"current_password": PASSWORD})
        assert answer.json()["code"] == "in-person-only"


class TestAddPasskey:
    async def test_keeps_it_and_tells_the_user(self, inside: Inside, visitor: Visitor, mailbox: Mailbox) -> None:
        answer = await inside.add_passkey(visitor.passkey(), "My phone")
        assert answer.status_code == 201
        assert (answer.json()["name"], answer.json()["last_used_at"]) == ("My phone", None)
        assert (await inside.get(PASSKEYS)).json() == {"items": [answer.json()]}
        assert (await inside.get("/me/second-factor")).json()["passkeys"] == 1
        assert "passkey was added" in (await mailbox.latest(visitor.email, MailKind.SECOND_FACTOR_CHANGED)).text
        (entry,) = await visitor.trail("passkey.added")
        assert entry.object_id == answer.json()["id"]

    async def test_takes_one_that_asks_for_no_pin(self, inside: Inside, visitor: Visitor) -> None:
        assert (await inside.add_passkey(visitor.passkey(knows_user=False))).status_code == 201

    async def test_without_known_transports_none_are_kept(self, inside: Inside, visitor: Visitor, app: FastAPI) -> None:
        for said in ([7, "carrier-pigeon", "usb"], "usb", None):
            options = await options_of(inside)
            credential = visitor.passkey().make(options["public_key"])
            credential["response"]["transports"] = said
            body = {"name": "Key", "challenge": options["challenge"], "credential": credential}
            assert (await inside.post(PASSKEYS, body)).status_code == 201
        async with app.state.database.transaction() as session:
            query = select(PasskeyRow.transports).where(PasskeyRow.user_id == visitor.id).order_by(PasskeyRow.id)
            assert list(await session.scalars(query)) == [["usb"], [], []]

    @pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:8000", "https://{host}:8000", "null"])
    async def test_refuses_one_that_was_made_on_another_page(
        self, inside: Inside, visitor: Visitor, origin: str
    ) -> None:
        options = await options_of(inside)
        elsewhere = Authenticator(origin.format(host=visitor.host))
        assert await code_of_adding(inside, options, elsewhere.make(options["public_key"])) == "passkey-invalid"

    async def test_refuses_one_that_was_made_for_another_site(self, inside: Inside, visitor: Visitor) -> None:
        options = await options_of(inside)
        credential = visitor.passkey(rp_id="evil.example").make(options["public_key"])
        assert await code_of_adding(inside, options, credential) == "passkey-invalid"

    async def test_refuses_one_that_was_made_for_another_challenge(self, inside: Inside, visitor: Visitor) -> None:
        first, second = await options_of(inside), await options_of(inside)
        credential = visitor.passkey().make(first["public_key"])
        assert await code_of_adding(inside, second, credential) == "passkey-invalid"

    async def test_a_challenge_works_once(self, inside: Inside, visitor: Visitor) -> None:
        options = await options_of(inside)
        assert await code_of_adding(inside, options, {}) == "passkey-invalid"
        credential = visitor.passkey().make(options["public_key"])
        assert await code_of_adding(inside, options, credential) == "link-invalid"

    async def test_a_challenge_lasts_five_minutes(self, inside: Inside, visitor: Visitor, app: FastAPI) -> None:
        options = await options_of(inside)
        async with app.state.database.transaction() as session:
            mine = OneTimeCodeRow.user_id == visitor.id
            await session.execute(update(OneTimeCodeRow).where(mine).values(expires_at=utcnow()))
        credential = visitor.passkey().make(options["public_key"])
        assert await code_of_adding(inside, options, credential) == "link-invalid"

    async def test_a_challenge_is_its_users(
        self, inside: Inside, visitors: Visitors, business: Business, visitor: Visitor
    ) -> None:
        other = await visitors.add(business.host, Role.CUSTOMER, business.id)
        options = await options_of(await other.enter())
        credential = visitor.passkey().make(options["public_key"])
        assert await code_of_adding(inside, options, credential) == "link-invalid"

    async def test_a_passkey_belongs_to_one_user(self, inside: Inside, visitor: Visitor, manager: Visitor) -> None:
        passkey = visitor.passkey()
        await inside.add_passkey(passkey)
        copied = manager.passkey(credential_id=passkey.credential_id)
        answer = await (await manager.enter()).add_passkey(copied)
        assert (answer.status_code, answer.json()["code"]) == (401, "passkey-invalid")

    @pytest.mark.parametrize(
        "credential",
        [
            {},
            {"response": None},
            {"response": {"clientDataJSON": 7, "attestationObject": []}},
            {
                "id": "x",
                "rawId": "x",
                "type": "public-key",
                "response": {"clientDataJSON": "", "attestationObject": ""},
            },
            {
                "id": "eA",
                "rawId": "eA",
                "type": "public-key",
                "response": {"clientDataJSON": encode(b"[" * 5000), "attestationObject": encode(b"\xff" * 99)},
            },
        ],
    )
    async def test_anything_else_is_refused(self, inside: Inside, credential: dict[str, Any]) -> None:
        assert await code_of_adding(inside, await options_of(inside), credential) == "passkey-invalid"

    async def test_ten_are_enough(self, inside: Inside, visitor: Visitor) -> None:
        begun = await options_of(inside)
        for number in range(10):
            assert (await inside.add_passkey(visitor.passkey(), f"Key {number}")).status_code == 201
        answer = await inside.post(OPTIONS, {"current_password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (409, "passkey-limit")
        credential = visitor.passkey().make(begun["public_key"])
        assert await code_of_adding(inside, begun, credential) == "passkey-limit"


class TestDeletePasskey:
    async def test_forgets_it(self, inside: Inside, visitor: Visitor, mailbox: Mailbox) -> None:
        made = (await inside.add_passkey(visitor.passkey())).json()
        answer = await inside.delete(f"{PASSKEYS}/{made['id']}", {"current_password": PASSWORD})
        assert answer.status_code == 204
        assert (await inside.get(PASSKEYS)).json() == {"items": []}
        assert (await visitor.log_in()).status_code == 200
        assert "passkey was removed" in (await mailbox.latest(visitor.email, MailKind.SECOND_FACTOR_CHANGED)).text
        (entry,) = await visitor.trail("passkey.deleted")
        assert entry.object_id == made["id"]

    async def test_needs_the_password(self, inside: Inside, visitor: Visitor) -> None:
        made = (await inside.add_passkey(visitor.passkey())).json()
        answer = await inside.delete(f"{PASSKEYS}/{made['id']}", {"current_password": "another one"})
        assert answer.json()["code"] == "password-wrong"
        assert len((await inside.get(PASSKEYS)).json()["items"]) == 1

    async def test_finds_nobody_elses(self, inside: Inside, manager: Visitor) -> None:
        theirs = (await (await manager.enter()).add_passkey(manager.passkey())).json()
        answer = await inside.delete(f"{PASSKEYS}/{theirs['id']}", {"current_password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (404, "passkey-not-found")
