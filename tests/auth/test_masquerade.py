"""Acting as somebody of the same host: begun, seen, told of, ended."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from jose import jwt as jose

from app.auth import masquerade
from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.mail.messages import MailKind
from app.main import create_app
from app.settings import Settings
from tests.actors import Business, Platform
from tests.auth.cast import API, PLATFORM_HOST, REASON, Cast, Person
from tests.conftest import Caller
from tests.mailbox import Mailbox


@pytest.fixture(scope="module")
async def business(platform: Platform) -> Business:
    """A business that these tests share: each has people of its own."""
    return await platform.sign_up()


@pytest.fixture(scope="module")
async def other_business(platform: Platform) -> Business:
    return await platform.sign_up()


@pytest.fixture
async def owner(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_OWNER, business)


@pytest.fixture
async def staff(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_STAFF, business)


class TestBeginMasquerade:
    async def test_answers_with_a_session_in_the_users_place(self, owner: Person, staff: Person) -> None:
        answer = await owner.act_as(staff)
        assert answer.status_code == 200
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in", "expires_at", "csrf_token", "user"}
        assert body["user"]["id"] == str(staff.id)
        claims = jose.get_unverified_claims(body["access_token"])
        assert (claims["sub"], claims["act"]) == (str(staff.id), {"sub": str(owner.id)})
        assert body["expires_in"] == 1800
        assert claims["exp"] - claims["iat"] in {1800, 1801}  # whole seconds, outwards

    async def test_me_says_who_really_acts_and_why(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        masked = await cast.mask(owner, staff, business)
        me = (await masked.me()).json()
        assert me["user"]["id"] == str(staff.id)
        assert me["masquerade"] == {
            "actor": {"id": str(owner.id), "email": owner.email, "role": "TENANT_OWNER"},
            "reason": REASON,
            "expires_at": masked.answer["expires_at"],
        }
        assert me["csrf_token"] == masked.answer["csrf_token"]

    async def test_gives_the_users_powers_but_not_that_to_hand_out_power(
        self, cast: Cast, business: Business, owner: Person
    ) -> None:
        manager = await cast.add(Role.TENANT_MANAGER, business)
        own = set((await manager.get("/me")).json()["permissions"])
        worn = set((await (await cast.mask(owner, manager, business)).me()).json()["permissions"])
        assert own - worn == {"grants:read", "grants:write", "sandbox:write", "support:write"}
        assert worn < own

    async def test_leaves_the_actors_own_session_as_it_was(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        await cast.mask(owner, staff, business)
        me = (await owner.get("/me")).json()
        assert (me["user"]["id"], me["masquerade"]) == (str(owner.id), None)

    async def test_never_lasts_longer_than_the_actors_own_session(
        self, cast: Cast, owner: Person, staff: Person
    ) -> None:
        end = utcnow() + timedelta(minutes=10)
        await cast.change_session(owner.session_id, expires_at=end)
        body = (await owner.act_as(staff)).json()
        assert datetime.fromisoformat(body["expires_at"]) == end
        assert 590 <= body["expires_in"] <= 600

    async def test_leaves_the_user_untouched(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        before = vars(await cast.user(staff)).copy()
        await cast.mask(owner, staff, business)
        after = vars(await cast.user(staff)).copy()
        before.pop("_sa_instance_state"), after.pop("_sa_instance_state")
        assert before == after
        listed = (await staff.get("/me/sessions")).json()["items"]
        assert [each["id"] for each in listed] == [str(staff.session_id)]

    async def test_is_not_taken_for_a_new_device(
        self, cast: Cast, business: Business, owner: Person, staff: Person, mailbox: Mailbox
    ) -> None:
        await cast.mask(owner, staff, business)
        assert await mailbox.find(staff.email, MailKind.NEW_DEVICE) == []

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"reason": "why"}, "/reason"),
            ({"reason": "    why    "}, "/reason"),
            ({"reason": "x" * 501}, "/reason"),
            ({"reason": "nul \0 nul"}, "/reason"),
            ({"user_id": "nobody"}, "/user_id"),
            ({"minutes": 60}, "/minutes"),
        ],
    )
    async def test_bad_input_is_named(
        self, owner: Person, staff: Person, changes: dict[str, object], pointer: str
    ) -> None:
        answer = await owner.post("/masquerade", {"user_id": str(staff.id), "reason": REASON} | changes)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


class TestRefusedMasquerade:
    async def test_as_oneself(self, owner: Person) -> None:
        answer = await owner.act_as(owner)
        assert (answer.status_code, answer.json()["code"]) == (403, "masquerade-denied")
        assert "themselves" in answer.json()["detail"]

    async def test_as_somebody_deactivated(self, cast: Cast, business: Business, owner: Person) -> None:
        gone = await cast.add(Role.TENANT_STAFF, business, is_active=False)
        assert "deactivated" in (await owner.act_as(gone)).json()["detail"]

    async def test_as_a_sandbox_user(self, cast: Cast, owner: Person, staff: Person) -> None:
        await cast.change(staff, is_sandbox=True)
        assert (await owner.act_as(staff)).json()["code"] == "masquerade-denied"

    @pytest.mark.parametrize("role", [Role.TENANT_OWNER, Role.CUSTOMER])
    async def test_by_an_owner_as_another_owner_or_a_customer(
        self, cast: Cast, business: Business, owner: Person, role: Role
    ) -> None:
        answer = await owner.act_as(await cast.add(role, business))
        assert answer.json()["detail"] == "The role TENANT_OWNER may not masquerade as this user."

    async def test_out_of_reach_shows_no_difference_between_somebody_and_nobody(
        self, cast: Cast, other_business: Business, owner: Person
    ) -> None:
        strangers = [
            (await cast.add(Role.TENANT_STAFF, other_business)).id,
            (await cast.add(Role.TENANT_STAFF, other_business, is_active=False)).id,
            (await cast.add(Role.SUPERUSER)).id,
            uuid7(),
        ]
        answers = [(await owner.act_as(each)).json() for each in strangers]
        assert {(each["status"], each["detail"]) for each in answers} == {
            (403, "The role TENANT_OWNER may not masquerade as this user.")
        }

    @pytest.mark.parametrize("role", [Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER])
    async def test_without_the_permission(self, cast: Cast, business: Business, staff: Person, role: Role) -> None:
        answer = await (await cast.add(role, business)).act_as(staff)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")

    async def test_with_an_api_token(self, cast: Cast, business: Business, staff: Person) -> None:
        client = await business.client("services:read")
        body = {"user_id": str(staff.id), "reason": REASON}
        answer = await client.post(f"{API}/masquerade", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")
        (entry,) = await cast.entries("masquerade.denied", about=staff.id)
        assert entry.token_id is not None

    async def test_before_the_second_factor_that_the_role_needs(
        self, cast: Cast, settings: Settings, at: Caller, staff: Person
    ) -> None:
        root = await cast.add(Role.SUPERUSER)
        strict = create_app(settings.model_copy(update={"require_second_factor": True}))
        async with strict.router.lifespan_context(strict):
            client = at(PLATFORM_HOST, root.token, app=strict)
            answer = await client.post(f"{API}/masquerade", json={"user_id": str(staff.id), "reason": REASON})
        assert (answer.status_code, answer.json()["code"]) == (403, "enrolment-required")
        (entry,) = await cast.entries("masquerade.denied", about=staff.id)
        assert entry.actor_id == root.id

    async def test_without_saying_who_one_is(self, business: Business, staff: Person) -> None:
        answer = await business.anonymous.post(f"{API}/masquerade", json={"user_id": str(staff.id), "reason": REASON})
        assert answer.status_code == 401

    @pytest.mark.parametrize("target", ["another", "the same", "oneself"])
    async def test_from_within_a_masquerade(
        self, cast: Cast, business: Business, owner: Person, staff: Person, target: str
    ) -> None:
        """Depth one: neither onwards, nor again, nor back to oneself."""
        manager = await cast.add(Role.TENANT_MANAGER, business)
        masked = await cast.mask(owner, staff, business)
        user = {"another": manager, "the same": staff, "oneself": owner}[target]
        answer = await masked.client.post(f"{API}/masquerade", json={"user_id": str(user.id), "reason": REASON})
        assert (answer.status_code, answer.json()["code"]) == (409, "already-masquerading")
        (entry,) = await cast.entries("masquerade.denied", about=user.id)
        assert (entry.actor_id, entry.user_id) == (owner.id, user.id)

    async def test_through_a_mask_that_has_the_power_itself(
        self, cast: Cast, business: Business, staff: Person
    ) -> None:
        root = await cast.add(Role.SUPERUSER)
        owner = await cast.add(Role.TENANT_OWNER, business)
        masked = await cast.mask(root, owner, business)
        answer = await masked.client.post(f"{API}/masquerade", json={"user_id": str(staff.id), "reason": REASON})
        assert answer.json()["code"] == "already-masquerading"


class TestTrail:
    async def test_keeps_the_beginning_each_request_and_the_end(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        masked = await cast.mask(owner, staff, business)
        await masked.client.get(f"{API}/services")
        await masked.end()
        (started,) = await cast.entries("masquerade.started", about=staff.id)
        (ended,) = await cast.entries("masquerade.ended", about=staff.id)
        for entry in (started, ended):
            assert (entry.actor_id, entry.user_id, entry.session_id) == (owner.id, staff.id, masked.session_id)
            assert str(entry.tenant_id) == str(entry.chain_id) == business.id
        assert started.reason == REASON
        assert started.diff["role"] == {"from": None, "to": "TENANT_STAFF"}

    async def test_is_in_the_log_file_with_both_addresses(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        masked = await cast.mask(owner, staff, business)
        await masked.end()
        lines = cast.log_lines(session_key=str(masked.session_id))
        assert [line["action"] for line in lines] == ["HIJACK_START", "HIJACK_END"]
        for line in lines:
            assert (line["hijacker_email"], line["hijacked_email"]) == (owner.email, staff.email)
            assert ip_address(line["ip_address"]).version == 4
            assert line["timestamp"]

    async def test_keeps_a_refusal_too(self, cast: Cast, business: Business, owner: Person) -> None:
        customer = await cast.add(Role.CUSTOMER, business)
        await owner.act_as(customer)
        (entry,) = await cast.entries("masquerade.denied", about=customer.id)
        assert (entry.result, entry.reason, entry.status) == ("denied", REASON, 403)
        assert (entry.actor_id, entry.user_id, str(entry.chain_id)) == (owner.id, customer.id, business.id)
        assert "may not masquerade" in entry.diff["rule"]["to"]
        (line,) = cast.log_lines(action="HIJACK_DENIED", hijacked_email=customer.email)
        assert (line["hijacker_email"], line["session_key"]) == (owner.email, str(owner.session_id))

    async def test_keeps_who_was_meant_by_somebody_without_the_permission(
        self, cast: Cast, business: Business, staff: Person
    ) -> None:
        manager = await cast.add(Role.TENANT_MANAGER, business)
        await manager.act_as(staff)
        (line,) = cast.log_lines(action="HIJACK_DENIED", hijacker_email=manager.email)
        assert (line["hijacked_email"], line["reason"]) == (staff.email, REASON)
        (entry,) = await cast.entries("masquerade.denied", about=staff.id)
        assert (entry.actor_id, entry.user_id) == (manager.id, staff.id)

    @pytest.mark.parametrize("body", [{}, {"user_id": "x"}, {"user_id": 7}, [], "x"])
    async def test_keeps_attempts_that_mean_nobody(self, cast: Cast, business: Business, body: Any) -> None:
        manager = await cast.add(Role.TENANT_MANAGER, business)
        answer = await manager.client.post(f"{API}/masquerade", json=body)
        assert answer.status_code in {403, 422}
        lines = cast.log_lines(action="HIJACK_DENIED", hijacker_email=manager.email)
        assert [line["hijacked_email"] for line in lines] == [None] * len(lines) != []

    async def test_shows_a_business_nothing_of_users_who_are_not_its_own(
        self, cast: Cast, business: Business, other_business: Business, owner: Person
    ) -> None:
        """The attempt is on the chain of whoever made it; the log file alone knows whom it meant."""
        stranger = await cast.add(Role.TENANT_STAFF, other_business)
        await owner.act_as(stranger)
        (entry,) = await cast.entries("masquerade.denied", about=stranger.id)
        assert (str(entry.chain_id), entry.user_id, entry.tenant_id) == (business.id, None, UUID(business.id))
        (line,) = cast.log_lines(action="HIJACK_DENIED", hijacker_email=owner.email)
        assert line["hijacked_email"] == stranger.email


class TestTold:
    async def test_the_user_and_the_other_owners(
        self, cast: Cast, business: Business, owner: Person, staff: Person, mailbox: Mailbox
    ) -> None:
        colleague = await cast.add(Role.TENANT_OWNER, business)
        await cast.mask(owner, staff, business)
        (notification,) = await cast.notifications(staff)
        assert (notification.kind, notification.data) == (
            "masqueraded",
            {"actor": "Pat Tenant_Owner", "reason": REASON},
        )
        for address in (staff.email, colleague.email):
            (mail,) = await mailbox.find(address, MailKind.MASQUERADED)
            assert REASON in mail.text
            assert "Pat Tenant_Owner" in mail.subject
        assert await mailbox.find(owner.email) == []
        assert await cast.notifications(owner) == []

    async def test_nobody_where_nothing_came_of_it(
        self, cast: Cast, business: Business, owner: Person, mailbox: Mailbox
    ) -> None:
        customer = await cast.add(Role.CUSTOMER, business)
        await owner.act_as(customer)
        assert await cast.notifications(customer) == []
        assert await mailbox.find(customer.email) == []


class TestEndMasquerade:
    async def test_acts_at_once(self, cast: Cast, business: Business, owner: Person, staff: Person) -> None:
        masked = await cast.mask(owner, staff, business)
        assert (await masked.me()).status_code == 200
        assert (await masked.end()).status_code == 204
        assert (await masked.me()).json()["code"] == "session-invalid"
        assert (await masked.end()).json()["code"] == "session-invalid"

    async def test_leaves_the_users_own_sessions_and_other_masquerades_alone(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        manager = await cast.add(Role.TENANT_MANAGER, business)
        masked, other = await cast.mask(owner, staff, business), await cast.mask(owner, manager, business)
        await masked.end()
        assert (await staff.get("/me")).status_code == 200
        assert (await other.me()).status_code == 200

    async def test_is_refused_to_whoever_is_themselves(self, business: Business, owner: Person) -> None:
        token = await business.client("services:read")
        for client in (owner.client, token):
            answer = await client.delete(f"{API}/masquerade")
            assert (answer.status_code, answer.json()["code"]) == (409, "not-masquerading")

    async def test_the_trail_is_told_once_the_time_is_up(
        self, app: FastAPI, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        masked = await cast.mask(owner, staff, business)
        end = datetime.fromisoformat(masked.answer["expires_at"])
        for instant in (end - timedelta(microseconds=1), end, end):
            async with app.state.database.transaction() as session:
                await masquerade.sweep(session, now=instant)
        (entry,) = await cast.entries("masquerade.ended", about=staff.id)
        assert (entry.actor_id, entry.reason, str(entry.chain_id)) == (owner.id, "The time was up.", business.id)
        actions = [line["action"] for line in cast.log_lines(session_key=str(masked.session_id))]
        assert actions == ["HIJACK_START", "HIJACK_END"]
