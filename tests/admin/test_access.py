"""Who gets at what: every address of the back office, for everybody."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route

from app.auth.permissions import Permission, permissions_of
from app.auth.roles import Role
from app.core.ids import uuid7
from tests.actors import Business
from tests.admin.conftest import Hire
from tests.admin.office import OWN_PAGE, Office, words

P = Permission
OPEN = "open"
"""To anybody at all."""
OWN = "own"
"""To whoever is logged in: it concerns themselves."""

WHO = {
    "GET /": OWN,
    "POST /end-masquerade": OWN,
    "GET /login": OPEN,
    "POST /login": OPEN,
    "POST /login/code": OPEN,
    "POST /logout": OWN,
    "GET /second-factor": OWN,
    "POST /second-factor/begin": OWN,
    "POST /second-factor/confirm": OWN,
    "GET /tenants": P.TENANTS_READ,
    "GET /tenants/{tenant_id:uuid}": P.TENANTS_READ,
    "POST /tenants/{tenant_id:uuid}/suspend": P.TENANTS_WRITE,
    "POST /tenants/{tenant_id:uuid}/resume": P.TENANTS_WRITE,
    "POST /tenants/{tenant_id:uuid}/tier": P.TENANTS_WRITE,
    "POST /tenants/{tenant_id:uuid}/extend": P.TENANTS_WRITE,
    "GET /users": P.USERS_READ,
    "GET /users/{user_id:uuid}": P.USERS_READ,
    "POST /users/{user_id:uuid}/masquerade": P.MASQUERADE,
    "POST /users/{user_id:uuid}/revoke-sessions": P.USERS_WRITE,
    "POST /users/{user_id:uuid}/reset-second-factor": P.USERS_WRITE,
    "POST /users/{user_id:uuid}/deactivate": P.USERS_WRITE,
    "POST /users/{user_id:uuid}/reactivate": P.USERS_WRITE,
    "GET /tickets": P.SUPPORT_DESK_READ,
    "GET /tickets/{ticket_id:uuid}": P.SUPPORT_DESK_READ,
    "POST /tickets/{ticket_id:uuid}/messages": P.SUPPORT_DESK_WRITE,
    "POST /tickets/{ticket_id:uuid}/status": P.SUPPORT_DESK_WRITE,
    "POST /tickets/{ticket_id:uuid}/sort": P.SUPPORT_DESK_WRITE,
    "GET /grants": P.GRANTS_READ,
    "POST /grants/revoke": P.GRANTS_WRITE,
    "GET /audit": P.AUDIT_READ,
    "POST /audit/verify": P.AUDIT_READ,
    "POST /audit/export": P.AUDIT_READ,
    "GET /webhooks": P.OPERATIONS_READ,
    "GET /webhooks/{tenant_id:uuid}": P.OPERATIONS_READ,
    "GET /jobs": P.OPERATIONS_READ,
    "GET /tiers": P.TIERS_READ,
    "GET /tiers/{name}": P.TIERS_WRITE,
    "POST /tiers/{name}/limits": P.TIERS_WRITE,
}
PLATFORM_ROLES = [role for role in Role if role.is_platform]
MENU = {
    "/tenants": P.TENANTS_READ,
    "/users": P.USERS_READ,
    "/tickets": P.SUPPORT_DESK_READ,
    "/grants": P.GRANTS_READ,
    "/audit": P.AUDIT_READ,
    "/webhooks": P.OPERATIONS_READ,
    "/jobs": P.OPERATIONS_READ,
    "/tiers": P.TIERS_READ,
}


def addresses(only: str = "") -> list[tuple[str, str, str]]:
    """Method, path with nobody's ids in it, and name in the table, of all of a method."""
    nobody = str(uuid7())
    named = [(key, *key.split(" ")) for key in WHO if key.startswith(only)]
    return [(method, re.sub(r"\{\w+:uuid\}", nobody, path).replace("{name}", "X"), key) for key, method, path in named]


class TestRoutes:
    def test_there_are_these_and_none_of_the_librarys_own(self, app: FastAPI) -> None:
        (mount,) = (route for route in app.routes if isinstance(route, Mount) and route.path == "/admin")
        routes = [route for route in mount.routes if isinstance(route, Route)]
        found = {
            f"{method} {route.path}" for route in routes for method in (route.methods or set()) if method != "HEAD"
        }
        assert found == set(WHO)
        others = [route for route in mount.routes if not isinstance(route, Route)]
        assert [route.name for route in others if isinstance(route, Mount)] == ["static"]
        assert len(others) == 1


class TestStranger:
    async def test_is_led_to_the_log_in(self, stranger: httpx.AsyncClient) -> None:
        for method, path, key in addresses():
            if WHO[key] != OPEN:
                answer = await stranger.request(method, f"/admin{path}", headers=OWN_PAGE)
                assert answer.status_code == 303, key
                assert answer.headers["location"].startswith("/admin/login"), key

    async def test_finds_nothing_at_a_business(self, business: Business) -> None:
        for method, path, key in addresses():
            answer = await business.owner.request(method, f"/admin{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), key


class TestRoles:
    @pytest.mark.parametrize("role", PLATFORM_ROLES)
    async def test_get_what_their_permissions_allow(self, hire: Hire, role: Role) -> None:
        office = await hire(role)
        allowed = permissions_of(role)
        for method, path, key in addresses():
            needed = WHO[key]
            if not isinstance(needed, Permission):
                continue
            answer = await (office.open(path) if method == "GET" else office.post(path, reason="no reason"))
            refused = answer.status_code == 403 and f"This needs the permission '{needed}'" in words(answer)
            assert refused is (needed not in allowed), (key, words(answer)[-300:])

    @pytest.mark.parametrize("role", PLATFORM_ROLES)
    async def test_are_shown_what_they_get(self, hire: Hire, role: Role) -> None:
        office = await hire(role)
        page = (await office.open("/")).text
        assert {path for path in MENU if f'href="/admin{path}"' in page} == {
            path for path, needed in MENU.items() if needed in permissions_of(role)
        }

    async def test_a_refusal_is_in_the_audit_trail(self, hire: Hire, superuser: Office) -> None:
        office = await hire(Role.PLATFORM_SALES)
        await office.open("/jobs")
        page = words(await superuser.open("/audit", event="permission.denied", actor_id=office.user_id))
        assert office.email in page
        assert "This needs the permission 'operations:read'." in page


class TestForgery:
    async def test_a_form_without_the_sessions_token_is_refused(self, hire: Hire, superuser: Office) -> None:
        other = await hire(Role.SUPERUSER)
        for method, path, key in addresses("POST"):
            if WHO[key] == OPEN:
                continue
            for token in ("", "x", "ä", superuser.token[:-1], other.token):
                answer = await superuser.post(path, csrf_token=token)
                assert answer.status_code == 403, (key, token)
                assert "X-CSRF-Token" in words(answer), key
            bare = await superuser.client.request(method, f"/admin{path}", headers=OWN_PAGE)
            assert bare.status_code == 403, key

    @pytest.mark.parametrize(
        "headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}]
    )
    async def test_a_form_of_another_site_is_refused_even_with_the_token(
        self, superuser: Office, headers: dict[str, str]
    ) -> None:
        for method, path, key in addresses("POST"):
            form = {"csrf_token": superuser.token, "email": superuser.email, "password": "x", "challenge": "x"}
            answer = await superuser.client.request(method, f"/admin{path}", data=form, headers=headers)
            assert answer.status_code == 403, key

    async def test_the_token_does_not_count_in_the_address(self, superuser: Office) -> None:
        path = f"/admin/users/{uuid7()}/deactivate?csrf_token={superuser.token}"
        assert (await superuser.client.post(path, headers=OWN_PAGE)).status_code == 403

    async def test_no_link_changes_anything(self, superuser: Office, business: Business) -> None:
        for _, path, key in addresses("POST"):
            there = path.replace(path.split("/")[2], business.id) if path.startswith("/tenants/") else path
            if key != "POST /login":
                assert (await superuser.open(there)).status_code in {404, 405}, key
        assert (await business.anonymous.get("/")).status_code == 200

    async def test_a_form_of_too_many_fields_is_refused(self, superuser: Office) -> None:
        body = f"csrf_token={superuser.token}&" + "&".join(f"f{number}=" for number in range(600))
        headers = OWN_PAGE | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await superuser.client.post(f"/admin/users/{UUID(int=1)}/deactivate", content=body, headers=headers)
        assert answer.status_code == 403

    async def test_a_form_over_a_mebibyte_is_refused(self, superuser: Office) -> None:
        answer = await superuser.post("/grants/revoke", reason="x" * 1024 * 1024)
        assert answer.status_code == 413

    async def test_in_pieces_too(self, superuser: Office) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 100_000

        headers = OWN_PAGE | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await superuser.client.post("/admin/grants/revoke", content=pieces(), headers=headers)
        assert answer.status_code == 413


class TestSales:
    async def test_see_demo_accounts_alone(self, hire: Hire, business: Business) -> None:
        office = await hire(Role.PLATFORM_SALES)
        owner = (await business.owner.get("/api/v1/me")).json()["user"]
        assert business.slug not in words(await office.open("/tenants", q=business.slug))
        assert business.email not in words(await office.open("/users", q=business.email))
        for path in (f"/tenants/{business.id}", f"/users/{owner['id']}"):
            assert (await office.open(path)).status_code == 404
