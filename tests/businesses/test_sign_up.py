import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.auth.roles import Role
from app.core.clock import utcnow
from app.people.users import create_user
from tests.actors import PASSWORD, Business, Platform, log_in

TENANTS = "/api/v1/platform/tenants"


def body(slug: str = "brand-new", **changes: Any) -> dict[str, Any]:
    owner = {"email": f"owner@{slug}.example", "name": "Olga", "password": PASSWORD}
    return {"name": "Brand New", "slug": slug, "owner": owner} | changes


async def schemas_like(app: FastAPI, stem: str) -> set[str]:
    async with app.state.database.transaction() as session:
        found = await session.scalars(
            text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :stem)"), {"stem": stem}
        )
        return set(found)


class TestSignUp:
    async def test_the_business_can_be_used_at_once(self, platform: Platform, app: FastAPI) -> None:
        answer = await platform.superuser.post(TENANTS, json=body("at-once", subscription_tier="STARTER"))
        assert answer.status_code == 201
        made = answer.json()
        assert (made["status"], made["subscription_tier"], made["is_temporary"]) == ("active", "STARTER", False)
        anonymous = platform.at("at-once.localhost")
        owner = platform.at("at-once.localhost", await log_in(anonymous, "owner@at-once.example"))
        assert (await owner.get("/api/v1/customers")).json()["items"] == []
        assert await schemas_like(app, "tenant_at_once") == {"tenant_at_once", "tenant_at_once_sandbox"}

    @pytest.mark.parametrize("slug", ["select", "user", "order-by"])
    async def test_a_slug_may_be_an_sql_keyword(self, platform: Platform, slug: str) -> None:
        business = await platform.sign_up(slug)
        assert (await business.owner.get("/api/v1/customers")).status_code == 200

    @pytest.mark.parametrize("slug", ["www", "Demo", "dömo", "x" * 41, "a", "foo-sandbox", "two words", ""])
    async def test_a_bad_slug_is_explained(self, platform: Platform, slug: str) -> None:
        answer = await platform.superuser.post(TENANTS, json=body() | {"slug": slug})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["pointer"] == "/slug"

    async def test_a_slug_is_used_once(self, platform: Platform, business: Business) -> None:
        answer = await platform.superuser.post(TENANTS, json=body(business.slug))
        assert (answer.status_code, answer.json()["code"]) == (409, "slug-taken")
        assert (await business.owner.get("/api/v1/me")).status_code == 200

    async def test_of_many_at_once_one_gets_the_slug(self, platform: Platform, app: FastAPI) -> None:
        answers = await asyncio.gather(*(platform.superuser.post(TENANTS, json=body("wanted")) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
        assert await schemas_like(app, "tenant_wanted") == {"tenant_wanted", "tenant_wanted_sandbox"}

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"timezone": "Mars/Olympus"}, "/timezone"),
            ({"currency": "euro"}, "/currency"),
            ({"subscription_tier": "GOLD"}, "/subscription_tier"),
            ({"owner": {"email": "nonsense", "name": "O", "password": PASSWORD}}, "/owner/email"),
            ({"owner": {"email": "o@o.example", "name": "O", "password": "password"}}, "/owner/password"),
            ({"schema_name": "public"}, "/schema_name"),
        ],
    )
    async def test_bad_input_is_named(self, platform: Platform, changes: dict[str, Any], pointer: str) -> None:
        answer = await platform.superuser.post(TENANTS, json=body() | changes)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_a_password_is_never_repeated_in_an_error(self, platform: Platform) -> None:
        owner = {"email": "o@o.example", "name": "O", "password": "iloveyou"}
        answer = await platform.superuser.post(TENANTS, json=body() | {"owner": owner})
        assert answer.status_code == 422
        assert "iloveyou" not in answer.text

    async def test_an_owner_cannot_sign_businesses_up(self, platform: Platform, business: Business) -> None:
        answer = await business.owner.post(TENANTS, json=body())
        assert answer.status_code == 404
        stolen = platform.at("platform.localhost", business.owner.headers["Authorization"].removeprefix("Bearer "))
        assert (await stolen.post(TENANTS, json=body())).status_code == 401


class TestListTenants:
    async def test_newest_first(self, platform: Platform) -> None:
        made = [(await platform.sign_up()).id for _ in range(2)]
        page = (await platform.superuser.get(TENANTS, params={"limit": 2})).json()
        assert [item["id"] for item in page["items"]] == made[::-1]
        following = await platform.superuser.get(TENANTS, params={"limit": 1, "cursor": page["next_cursor"]})
        assert following.json()["items"][0]["id"] not in made


class TestUpdateTenant:
    async def test_changes_what_is_named_and_nothing_else(self, platform: Platform, business: Business) -> None:
        before = (await platform.superuser.get(f"{TENANTS}/{business.id}")).json()
        answer = await platform.superuser.patch(f"{TENANTS}/{business.id}", json={"name": "Renamed"})
        after = answer.json()
        assert after == before | {"name": "Renamed", "updated_at": after["updated_at"]}
        assert (await business.anonymous.get("/")).json()["business"] == "Renamed"

    async def test_suspending_acts_at_once_and_can_be_undone(self, platform: Platform, business: Business) -> None:
        assert (await business.owner.get("/api/v1/me")).status_code == 200
        await platform.superuser.patch(f"{TENANTS}/{business.id}", json={"status": "suspended"})
        answer = await business.owner.get("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant-suspended")
        await platform.superuser.patch(f"{TENANTS}/{business.id}", json={"status": "active"})
        assert (await business.owner.get("/api/v1/me")).status_code == 200

    async def test_a_null_is_refused_where_nothing_can_be_cleared(self, platform: Platform, business: Business) -> None:
        answer = await platform.superuser.patch(f"{TENANTS}/{business.id}", json={"name": None})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/name", "null")

    async def test_an_unknown_one_is_not_found(self, platform: Platform) -> None:
        answer = await platform.superuser.patch(f"{TENANTS}/00000000-0000-7000-8000-000000000000", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "tenant-not-found")


class TestSalesStaff:
    async def test_see_demo_accounts_and_change_nothing(self, platform: Platform, app: FastAPI) -> None:
        async with app.state.database.transaction() as session:
            await create_user(
                session,
                email="sales@platform.example",
                name="Sally",
                password=PASSWORD,
                role=Role.PLATFORM_SALES,
                tenant_id=None,
                now=utcnow(),
            )
        sales = platform.at("platform.localhost", await log_in(platform.anonymous, "sales@platform.example"))
        demo, real = await platform.sign_up(is_temporary=True), await platform.sign_up()

        listed = {item["id"] for item in (await sales.get(TENANTS, params={"limit": 100})).json()["items"]}
        assert (demo.id in listed, real.id in listed) == (True, False)
        assert (await sales.get(f"{TENANTS}/{demo.id}")).status_code == 200
        assert (await sales.get(f"{TENANTS}/{real.id}")).json()["code"] == "tenant-not-found"
        assert (await sales.patch(f"{TENANTS}/{demo.id}", json={"name": "Mine"})).json()["code"] == "permission-denied"
