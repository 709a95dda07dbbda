import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.auth import second_factor
from app.auth.roles import Role
from app.core.clock import utcnow
from app.errors import SecondFactorMissing, UserNotFound
from app.mail.messages import MailKind
from app.main import create_app
from app.models.public import OneTimeCodeRow, TotpSecretRow
from app.settings import Settings
from tests.actors import PASSWORD, Business
from tests.auth.visitors import Inside, Visitor, Visitors
from tests.conftest import Caller
from tests.mailbox import Mailbox


@pytest.fixture
async def inside(visitor: Visitor) -> Inside:
    """A visitor who has an authenticator app, none of whose codes has been used."""
    entered = await visitor.enter()
    await entered.set_up_app()
    await visitor.forget_codes()
    return entered


@pytest.fixture(scope="module")
async def strict_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """An installation that demands a second factor of the platform's people, as every one in production does."""
    application = create_app(settings.model_copy(update={"require_second_factor": True}))
    async with application.router.lifespan_context(application):
        yield application


def strict_visitors(app: FastAPI, at: Caller) -> Visitors:
    return Visitors(app, lambda host, token=None: at(host, token, app=app))


@pytest.fixture
async def strict_manager(strict_app: FastAPI, at: Caller) -> Visitor:
    return await strict_visitors(strict_app, at).add("platform.localhost", Role.PLATFORM_MANAGER)


@pytest.fixture
async def strict_visitor(strict_app: FastAPI, at: Caller, business: Business) -> Visitor:
    return await strict_visitors(strict_app, at).add(business.host, Role.TENANT_STAFF, business.id)


@pytest.mark.usefixtures("inside")
class TestLogInWithAnApp:
    async def test_asks_for_a_code_after_the_password(self, visitor: Visitor) -> None:
        answer = await visitor.log_in()
        assert (answer.status_code, answer.json()["code"]) == (401, "second-factor-required")
        params = answer.json()["params"]
        assert params["methods"] == ["totp", "recovery_code"]
        assert params["expires_in"] == 300
        assert "set-cookie" not in answer.headers

    async def test_asks_only_whoever_knows_the_password(self, visitor: Visitor) -> None:
        assert (await visitor.log_in("not the password")).json()["code"] == "credentials-invalid"

    async def test_a_code_answers_as_a_log_in_does(self, visitor: Visitor) -> None:
        answer = await visitor.send_code(await visitor.challenge(), visitor.code())
        assert answer.status_code == 200
        assert answer.json()["user"]["id"] == str(visitor.id)
        assert await visitor.inside(answer).is_in()
        assert (await visitor.sessions())[-1].methods == ["pwd", "otp"]

    async def test_takes_a_code_as_apps_show_it(self, visitor: Visitor) -> None:
        code = visitor.code()
        answer = await visitor.send_code(await visitor.challenge(), f"{code[:3]} {code[3:]}")
        assert answer.status_code == 200

    @pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (1, 200), (2, 401)])
    async def test_a_phone_may_go_wrong_by_half_a_minute(self, visitor: Visitor, steps: int, status: int) -> None:
        answer = await visitor.send_code(await visitor.challenge(), visitor.code(steps=steps))
        assert answer.status_code == status

    async def test_a_code_counts_once(self, visitor: Visitor) -> None:
        code = visitor.code()
        assert (await visitor.send_code(await visitor.challenge(), code)).status_code == 200
        again = await visitor.send_code(await visitor.challenge(), code)
        assert (again.status_code, again.json()["code"]) == (401, "second-factor-invalid")

    async def test_of_two_with_the_same_code_at_once_one_comes_in(self, visitor: Visitor) -> None:
        code = visitor.code()
        challenges = [await visitor.challenge() for _ in range(2)]
        answers = await asyncio.gather(*(visitor.send_code(challenge, code) for challenge in challenges))
        assert sorted(answer.status_code for answer in answers) == [200, 401]

    async def test_no_earlier_code_counts_after_a_later_one(self, visitor: Visitor) -> None:
        assert (await visitor.send_code(await visitor.challenge(), visitor.code(steps=1))).status_code == 200
        assert (await visitor.send_code(await visitor.challenge(), visitor.code())).status_code == 401

    async def test_a_wrong_code_leaves_the_challenge_open(self, visitor: Visitor) -> None:
        challenge = await visitor.challenge()
        assert (await visitor.send_code(challenge, "000000")).json()["code"] == "second-factor-invalid"
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 200

    async def test_a_wrong_code_is_kept_in_the_trail(self, visitor: Visitor) -> None:
        await visitor.send_code(await visitor.challenge(), "000000")
        (entry,) = await visitor.trail("session.refused")
        assert (entry.diff, entry.result, entry.status) == ({"methods": ["otp"]}, "denied", 401)

    async def test_five_codes_can_be_tried_and_then_one_has_to_wait(self, visitor: Visitor) -> None:
        challenge = await visitor.challenge()
        codes = [await visitor.send_code(challenge, "000000") for _ in range(5)]
        assert {answer.status_code for answer in codes} == {401}
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 410
        again = await visitor.send_code(await visitor.challenge(), visitor.code())
        assert (again.status_code, again.json()["code"]) == (429, "too-many-attempts")

    async def test_a_challenge_works_once(self, visitor: Visitor) -> None:
        challenge = await visitor.challenge()
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 200
        again = await visitor.send_code(challenge, visitor.code(steps=1))
        assert (again.status_code, again.json()["code"]) == (410, "link-invalid")

    async def test_a_challenge_lasts_five_minutes(self, visitor: Visitor, app: FastAPI) -> None:
        challenge = await visitor.challenge()
        async with app.state.database.transaction() as session:
            await session.execute(
                update(OneTimeCodeRow).where(OneTimeCodeRow.user_id == visitor.id).values(expires_at=utcnow())
            )
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 410

    async def test_a_challenge_counts_at_its_own_host(self, visitor: Visitor, other_business: Business) -> None:
        body = {"challenge": await visitor.challenge(), "code": visitor.code()}
        answer = await other_business.anonymous.post("/api/v1/auth/second-factor", json=body)
        assert answer.status_code == 410

    async def test_a_made_up_challenge_is_refused(self, visitor: Visitor) -> None:
        assert (await visitor.send_code("x" * 43, visitor.code())).status_code == 410

    async def test_a_deactivated_user_does_not_come_in(self, visitor: Visitor) -> None:
        challenge = await visitor.challenge()
        await visitor.become(is_active=False)
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 410

    async def test_ending_all_sessions_ends_open_challenges(self, visitor: Visitor, inside: Inside) -> None:
        challenge = await visitor.challenge()
        assert (await inside.delete("/me/sessions")).status_code == 200
        assert (await visitor.send_code(challenge, visitor.code())).status_code == 410


@pytest.mark.usefixtures("inside")
class TestLogInWithARecoveryCode:
    async def test_a_recovery_code_counts_once(self, visitor: Visitor, inside: Inside) -> None:
        code = visitor.recovery_codes[0]
        assert (await visitor.send_code(await visitor.challenge(), code)).status_code == 200
        assert (await visitor.sessions())[-1].methods == ["pwd", "recovery"]
        assert (await visitor.send_code(await visitor.challenge(), code)).status_code == 401
        assert (await inside.get("/me/second-factor")).json()["recovery_codes_left"] == 9

    async def test_is_taken_as_people_type_it(self, visitor: Visitor) -> None:
        typed = f" {visitor.recovery_codes[0].upper().replace('-', ' ')} "
        assert (await visitor.send_code(await visitor.challenge(), typed)).status_code == 200

    async def test_without_any_left_none_is_offered(self, visitor: Visitor) -> None:
        for code in visitor.recovery_codes:
            assert (await visitor.send_code(await visitor.challenge(), code)).status_code == 200
        assert (await visitor.log_in()).json()["params"]["methods"] == ["totp"]

    async def test_nobody_elses_counts(self, visitor: Visitor, manager: Visitor) -> None:
        await (await manager.enter()).set_up_app()
        answer = await visitor.send_code(await visitor.challenge(), manager.recovery_codes[0])
        assert answer.status_code == 401


class TestBeginTotp:
    async def test_answers_with_what_an_app_wants(self, visitor: Visitor, business: Business) -> None:
        answer = await (await visitor.enter()).post("/me/totp", {"current_password": PASSWORD})
        body = answer.json()
        assert answer.status_code == 200
        assert len(body["secret"]) == 32
        assert body["otpauth_uri"].startswith("otpauth://totp/The%20" + business.slug)
        assert f"secret={body['secret']}" in body["otpauth_uri"]
        assert body["qr_svg"].startswith("<svg")

    async def test_names_the_platform_on_its_own_host(self, manager: Visitor) -> None:
        answer = await (await manager.enter()).post("/me/totp", {"current_password": PASSWORD})
        assert "issuer=Smooth%20Schedule" in answer.json()["otpauth_uri"]

    async def test_keeps_the_secret_sealed(self, visitor: Visitor, app: FastAPI) -> None:
        made = (await (await visitor.enter()).post("/me/totp", {"current_password": PASSWORD})).json()
        async with app.state.database.transaction() as session:
            row = await session.get_one(TotpSecretRow, visitor.id)
        assert made["secret"] not in row.sealed

    async def test_needs_the_password(self, visitor: Visitor) -> None:
        answer = await (await visitor.enter()).post("/me/totp", {"current_password": "another one"})
        assert (answer.status_code, answer.json()["code"]) == (403, "password-wrong")
        (entry,) = await visitor.trail("password.refused")
        assert (entry.result, entry.status) == ("denied", 403)

    async def test_guessing_the_password_has_to_wait(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        for _ in range(5):
            await inside.post("/me/totp", {"current_password": "another one"})
        answer = await inside.post("/me/totp", {"current_password": PASSWORD})
        assert answer.json()["code"] == "too-many-attempts"

    async def test_changes_nothing_until_it_is_confirmed(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.post("/me/totp", {"current_password": PASSWORD})
        assert (await inside.get("/me/second-factor")).json()["totp"] is False
        assert (await visitor.log_in()).status_code == 200

    async def test_begins_anew_as_often_as_one_likes(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        first = (await inside.post("/me/totp", {"current_password": PASSWORD})).json()["secret"]
        await inside.set_up_app()
        assert visitor.secret != first

    async def test_there_is_only_one_app(self, inside: Inside) -> None:
        answer = await inside.post("/me/totp", {"current_password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (409, "second-factor-present")

    async def test_is_not_for_tokens(self, business: Business) -> None:
        client = await business.client("services:read")
        answer = await client.post("/api/v1/me/totp", json={"current_password": PASSWORD})
        assert answer.json()["code"] == "in-person-only"


class TestConfirmTotp:
    async def test_answers_with_ten_recovery_codes(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.set_up_app()
        codes = visitor.recovery_codes
        assert len(set(codes)) == 10
        assert all([len(group) for group in code.split("-")] == [7, 7, 7, 7] for code in codes)
        assert not set("".join(codes)) & set("01ilo")
        assert (await inside.get("/me/second-factor")).json() == {
            "totp": True,
            "recovery_codes_left": 10,
            "passkeys": 0,
        }

    @pytest.mark.usefixtures("inside")
    async def test_tells_the_user_and_the_trail(self, visitor: Visitor, mailbox: Mailbox) -> None:
        mail = await mailbox.latest(visitor.email, MailKind.SECOND_FACTOR_CHANGED)
        assert "authenticator app was set up" in mail.text
        (notice,) = await visitor.notifications("second_factor_changed")
        assert notice.data == {"change": "totp_added"}
        assert len(await visitor.trail("second_factor.enabled")) == 1
        (made,) = await visitor.trail("recovery_codes.made")
        assert made.diff == {"count": 10}

    async def test_wants_a_code_of_the_app(self, visitor: Visitor) -> None:
        inside = await visitor.enter()
        await inside.post("/me/totp", {"current_password": PASSWORD})
        for _ in range(5):
            answer = await inside.post("/me/totp/confirm", {"code": "000000"})
            assert answer.json()["code"] == "second-factor-invalid"
        assert (await inside.post("/me/totp/confirm", {"code": "000000"})).status_code == 429
        assert (await inside.get("/me/second-factor")).json()["totp"] is False

    async def test_without_a_beginning_there_is_nothing_to_confirm(self, visitor: Visitor) -> None:
        answer = await (await visitor.enter()).post("/me/totp/confirm", {"code": "000000"})
        assert (answer.status_code, answer.json()["code"]) == (409, "second-factor-missing")

    async def test_confirms_once(self, visitor: Visitor, inside: Inside) -> None:
        answer = await inside.post("/me/totp/confirm", {"code": visitor.code()})
        assert answer.json()["code"] == "second-factor-present"

    async def test_its_code_does_not_log_in_too(self, visitor: Visitor) -> None:
        await (await visitor.enter()).set_up_app()
        assert (await visitor.send_code(await visitor.challenge(), visitor.code())).status_code == 401


class TestGiveUpTotp:
    async def test_leaves_the_password_alone(self, visitor: Visitor, inside: Inside, mailbox: Mailbox) -> None:
        body = {"current_password": PASSWORD, "code": visitor.code()}
        assert (await inside.delete("/me/totp", body)).status_code == 204
        assert (await visitor.log_in()).status_code == 200
        assert (await inside.get("/me/second-factor")).json() == {
            "totp": False,
            "recovery_codes_left": 0,
            "passkeys": 0,
        }
        assert "removed" in (await mailbox.latest(visitor.email, MailKind.SECOND_FACTOR_CHANGED)).text
        assert [entry.result for entry in await visitor.trail("second_factor.disabled")] == ["success"]

    async def test_takes_a_recovery_code_from_whoever_has_lost_the_phone(
        self, visitor: Visitor, inside: Inside
    ) -> None:
        body = {"current_password": PASSWORD, "code": visitor.recovery_codes[3]}
        assert (await inside.delete("/me/totp", body)).status_code == 204

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"current_password": "another one"}, "password-wrong"), ({"code": "000000"}, "second-factor-invalid")],
    )
    async def test_needs_both(self, visitor: Visitor, inside: Inside, changes: dict[str, str], code: str) -> None:
        body = {"current_password": PASSWORD, "code": visitor.code()} | changes
        assert (await inside.delete("/me/totp", body)).json()["code"] == code
        assert (await visitor.log_in()).json()["code"] == "second-factor-required"

    async def test_without_an_app_there_is_none_to_give_up(self, visitor: Visitor) -> None:
        body = {"current_password": PASSWORD, "code": "000000"}
        answer = await (await visitor.enter()).delete("/me/totp", body)
        assert answer.json()["code"] == "second-factor-missing"

    async def test_guesses_have_to_wait(self, inside: Inside) -> None:
        for _ in range(5):
            await inside.delete("/me/totp", {"current_password": PASSWORD, "code": "000000"})
        answer = await inside.delete("/me/totp", {"current_password": PASSWORD, "code": "000000"})
        assert answer.status_code == 429


class TestRenewRecoveryCodes:
    async def test_voids_the_old_ones(self, visitor: Visitor, inside: Inside, mailbox: Mailbox) -> None:
        old = visitor.recovery_codes
        answer = await inside.post("/me/recovery-codes", {"current_password": PASSWORD})
        new = answer.json()["recovery_codes"]
        assert len(new) == 10
        assert not set(new) & set(old)
        assert (await visitor.send_code(await visitor.challenge(), old[0])).status_code == 401
        assert (await visitor.send_code(await visitor.challenge(), new[0])).status_code == 200
        assert "recovery codes" in (await mailbox.latest(visitor.email, MailKind.SECOND_FACTOR_CHANGED)).text

    async def test_needs_the_password(self, inside: Inside) -> None:
        answer = await inside.post("/me/recovery-codes", {"current_password": "another one"})
        assert answer.json()["code"] == "password-wrong"

    async def test_is_of_use_with_an_app_alone(self, visitor: Visitor) -> None:
        answer = await (await visitor.enter()).post("/me/recovery-codes", {"current_password": PASSWORD})
        assert answer.json()["code"] == "second-factor-missing"


class TestReset:
    async def test_takes_every_factor_away_and_ends_all_sessions(
        self, visitor: Visitor, inside: Inside, app: FastAPI, mailbox: Mailbox
    ) -> None:
        assert (await inside.add_passkey(visitor.passkey())).status_code == 201
        state = app.state
        async with state.database.transaction() as session:
            await second_factor.reset(session, state.keyring, visitor.id, now=utcnow())
        assert not await inside.is_in()
        entered = await visitor.enter()
        assert (await entered.get("/me/second-factor")).json() == {
            "totp": False,
            "recovery_codes_left": 0,
            "passkeys": 0,
        }
        assert "staff removed" in (await mailbox.latest(visitor.email, MailKind.SECOND_FACTOR_CHANGED)).text
        assert (await visitor.notifications("second_factor_changed"))[-1].data == {"change": "totp_reset"}

    async def test_needs_something_to_take_away(self, visitor: Visitor, app: FastAPI) -> None:
        state = app.state
        with pytest.raises(SecondFactorMissing):
            async with state.database.transaction() as session:
                await second_factor.reset(session, state.keyring, visitor.id, now=utcnow())

    async def test_needs_somebody(self, app: FastAPI, business: Business) -> None:
        with pytest.raises(UserNotFound):
            async with app.state.database.transaction() as session:
                await second_factor.reset(session, app.state.keyring, UUID(business.id), now=utcnow())


class TestRequiredSecondFactor:
    """On an installation that demands it of the platform's people."""

    async def test_nothing_else_is_permitted_before_one_is_set_up(self, strict_manager: Visitor) -> None:
        inside = await strict_manager.enter()
        assert (await inside.get("/platform/tenants")).json()["code"] == "enrolment-required"
        assert (await inside.get("/me")).json()["must_enrol_second_factor"] is True
        await inside.set_up_app()
        assert (await inside.get("/platform/tenants")).status_code == 200
        assert (await inside.get("/me")).json()["must_enrol_second_factor"] is False

    async def test_a_passkey_is_one(self, strict_manager: Visitor) -> None:
        inside = await strict_manager.enter()
        assert (await inside.add_passkey(strict_manager.passkey())).status_code == 201
        assert (await inside.get("/platform/tenants")).status_code == 200

    async def test_the_last_one_cannot_be_given_up(self, strict_manager: Visitor) -> None:
        inside = await strict_manager.enter()
        await inside.set_up_app()
        body = {"current_password": PASSWORD, "code": strict_manager.code(steps=1)}
        answer = await inside.delete("/me/totp", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "enrolment-required")
        assert (await inside.get("/me/second-factor")).json()["recovery_codes_left"] == 10
        added = await inside.add_passkey(strict_manager.passkey())
        assert (await inside.delete("/me/totp", body)).status_code == 204
        answer = await inside.delete(f"/me/passkeys/{added.json()['id']}", {"current_password": PASSWORD})
        assert answer.json()["code"] == "enrolment-required"
        assert (await inside.get("/me/second-factor")).json()["passkeys"] == 1

    async def test_is_not_asked_of_a_business(self, strict_visitor: Visitor) -> None:
        inside = await strict_visitor.enter()
        assert (await inside.get("/services")).status_code == 200
        await inside.set_up_app()
        body = {"current_password": PASSWORD, "code": strict_visitor.code(steps=1)}
        assert (await inside.delete("/me/totp", body)).status_code == 204
