"""Attempts to become more than one is."""

from typing import Any
from uuid import UUID

import pytest

from app.auth.roles import Role
from tests.actors import PASSWORD, Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import NEW_PASSWORD, Crowd, acceptance, outcome

POWERS = {
    "role": "SUPERUSER",
    "tenant_id": None,
    "is_sandbox": True,
    "email_verified_at": "2026-01-01T00:00:00Z",
    "password_hash": "$argon2id$",
    "is_active": True,
    "areas": ["settings"],
    "user_id": "01980000-0000-7000-8000-000000000001",
}

# Every body of this room, with which of the powers it names of its own accord.
NOBODY = UUID(int=1)
BODIES: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("POST", "/auth/login", {"email": "a@b.example", "password": PASSWORD}, set()),
    ("POST", "/auth/sign-up", {"email": "a@b.example", "name": "A"}, set()),
    ("POST", "/auth/confirm-sign-up", {"token": "x", "password": PASSWORD}, set()),
    ("POST", "/auth/confirm-email", {"token": "x"}, set()),
    ("POST", "/auth/forgot-password", {"email": "a@b.example"}, set()),
    ("POST", "/auth/reset-password", {"token": "x", "password": PASSWORD}, set()),
    ("POST", "/auth/confirm-email-change", {"token": "x"}, set()),
    ("POST", "/invitations/accept", {"token": "x", "name": "A", "password": PASSWORD}, set()),
    ("POST", "/me/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}, set()),
    ("POST", "/me/email", {"email": "a@b.example", "current_password": PASSWORD}, set()),
    (
        "POST",
        "/invitations",
        {"email": "a@b.example", "name": "A", "role": "TENANT_STAFF"},
        {"role", "areas"},
    ),
    ("PATCH", f"/staff/{NOBODY}", {"name": "A"}, {"role", "areas", "is_active"}),
]
ASSIGNMENTS = [
    (method, path, body | {power: value}, power)
    for method, path, body, own in BODIES
    for power, value in POWERS.items()
    if power not in own
]


class TestMassAssignment:
    @pytest.mark.parametrize(("method", "path", "body", "power"), ASSIGNMENTS)
    async def test_what_a_body_does_not_speak_of_is_refused(
        self, shop: Business, method: str, path: str, body: dict[str, Any], power: str
    ) -> None:
        client = shop.owner if path.startswith(("/me", "/invitations", "/staff")) else shop.anonymous
        answer = await client.request(method, f"/api/v1{path}", json=body)
        assert outcome(answer) == (422, "validation-failed")
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{power}"]


class TestFromStaffToOwner:
    @pytest.mark.parametrize("role", [Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER])
    async def test_neither_by_invitation_nor_by_themselves(self, business: Business, crowd: Crowd, role: Role) -> None:
        person = await crowd.add(role, business)
        body = {"email": "accomplice@people.example", "name": "A", "role": "TENANT_OWNER"}
        assert outcome(await person.client.post("/api/v1/invitations", json=body)) == (403, "permission-denied")
        answer = await person.client.patch(f"/api/v1/staff/{person.id}", json={"role": "TENANT_OWNER"})
        assert outcome(answer) == (403, "permission-denied")

    async def test_not_by_inviting_oneself_as_a_customer(
        self, business: Business, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        member = await crowd.add(Role.TENANT_STAFF, business, areas=["customers"])
        customer = await business.make("/customers", {"name": "Me", "email": member.email})
        answer = await member.client.post(f"/api/v1/customers/{customer['id']}/invitation")
        assert outcome(answer) == (409, "email-taken")
        assert await mailbox.find(member.email) == []

    async def test_not_by_an_invitation_to_somebody_else(
        self, business: Business, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        """The place is the address's: whoever holds the link cannot put it on another account."""
        email = f"boss@{business.slug}.example"
        await business.make("/invitations", {"email": email, "name": "Boss", "role": "TENANT_OWNER"})
        member = await crowd.add(Role.TENANT_STAFF, business)
        body = acceptance((await mailbox.latest(email)).code)
        answer = await member.client.post("/api/v1/invitations/accept", json=body)
        assert answer.json()["session"]["user"]["email"] == email
        assert (await member.client.get("/api/v1/me")).json()["user"]["role"] == "TENANT_STAFF"


class TestFromBusinessToPlatform:
    @pytest.mark.parametrize("role", [role.value for role in Role if role.is_platform])
    async def test_not_by_invitation(self, shop: Business, role: str) -> None:
        body = {"email": "root@people.example", "name": "Root", "role": role}
        assert outcome(await shop.owner.post("/api/v1/invitations", json=body)) == (403, "role-denied")

    @pytest.mark.parametrize("role", [role.value for role in Role if not role.is_platform])
    async def test_nor_does_the_platform_invite_to_businesses(self, platform: Platform, role: str) -> None:
        body = {"email": "owner@people.example", "name": "O", "role": role}
        assert outcome(await platform.superuser.post("/api/v1/invitations", json=body)) == (403, "role-denied")

    async def test_a_businesss_session_is_nobody_at_the_platform(self, shop: Business, platform: Platform) -> None:
        headers = shop.owner.headers
        for path in ("/staff", "/invitations", "/platform/users"):
            answer = await platform.anonymous.get(f"/api/v1{path}", headers={"Authorization": headers["authorization"]})
            assert answer.status_code == 401


class TestWhileMasquerading:
    """What is done in another's place touches neither their account nor anybody's power."""

    async def test_accounts_and_power_are_out_of_reach(self, business: Business, crowd: Crowd) -> None:
        owner = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        masked = await crowd.masked(business, owner)
        assert (await masked.get("/api/v1/me")).json()["masquerade"] is not None
        place = {"email": "a@b.example", "name": "A", "role": "TENANT_OWNER"}
        calls = [
            ("POST", "/me/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}, "in-person-only"),
            ("POST", "/me/email", {"email": "a@b.example", "current_password": PASSWORD}, "in-person-only"),
            ("POST", "/me/email/verification", {}, "in-person-only"),
            ("POST", "/invitations", place, "permission-denied"),
            ("PATCH", f"/staff/{owner}", {"name": "A"}, "permission-denied"),
        ]
        for method, path, body, code in calls:
            answer = await masked.request(method, f"/api/v1{path}", json=body)
            assert outcome(answer) == (403, code), path


class TestFromAnotherSite:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/auth/confirm-sign-up", {"token": "x", "password": NEW_PASSWORD}),
            ("/auth/reset-password", {"token": "x", "password": NEW_PASSWORD}),
            ("/invitations/accept", acceptance("x")),
        ],
    )
    async def test_nobody_is_logged_in_to_somebody_elses_account(
        self, shop: Business, path: str, body: dict[str, str]
    ) -> None:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await shop.anonymous.post(f"/api/v1{path}", json=body, headers=headers)
            assert outcome(answer) == (403, "cross-site-request")
        own = {"Origin": f"http://{shop.host}", "Sec-Fetch-Site": "same-origin"}
        assert outcome(await shop.anonymous.post(f"/api/v1{path}", json=body, headers=own)) == (410, "link-invalid")
