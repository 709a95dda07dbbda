"""GET /me: what a client has to know when it starts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth.permissions import Area, Permission, permissions_of
from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.invalidation import announce
from app.models.public import PermissionGrantRow, UserRow
from app.settings import Settings
from tests.actors import Business, Platform
from tests.matrix.callers import Caller, World
from tests.round_trips import recorded

ME = "/api/v1/me"


@pytest.fixture
async def world(app: FastAPI, business: Business, other_business: Business) -> World:
    made = World(app, business, other_business, business.at)
    await made.populate()
    return made


async def me(world: World, caller: Caller) -> dict[str, Any]:
    answer = await world.at(world.host_of(caller.role), await world.credential(caller)).get(ME)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


class TestGetMe:
    async def test_says_who_where_and_what_for(self, business: Business) -> None:
        body = (await business.owner.get(ME)).json()
        assert body["user"]["email"] == business.email
        assert body["user"]["role"] == "TENANT_OWNER"
        assert body["tenant"]["slug"] == business.slug
        assert body["tier"]["name"] == "ENTERPRISE"
        assert body["mode"] == "live"
        assert body["permissions"] == sorted(permissions_of(Role.TENANT_OWNER))
        assert body["masquerade"] is None
        assert body["unread"] == {"notifications": 0}

    @pytest.mark.parametrize("role", Role)
    async def test_lists_what_the_role_may_do(self, world: World, role: Role) -> None:
        body = await me(world, Caller(role))
        assert body["permissions"] == sorted(permissions_of(role))
        assert (body["tenant"] is None) == role.is_platform

    async def test_lists_what_the_areas_of_a_member_of_staff_bring(self, world: World) -> None:
        body = await me(world, Caller(Role.TENANT_STAFF, (Area.REPORTS,)))
        assert body["user"]["areas"] == ["reports"]
        assert "audit:read" in body["permissions"]
        assert "customers:read" not in body["permissions"]

    async def test_is_regional_by_the_business_and_by_ones_own_choice(self, business: Business) -> None:
        asked = {"timezone": "Asia/Tokyo", "first_weekday": 7}
        await business.owner.patch("/api/v1/business", json={"first_weekday": 6, "timezone": "Europe/Vienna"})
        assert (await business.owner.get(ME)).json()["regional"] == {
            "locale": "en",
            "timezone": "Europe/Vienna",
            "first_weekday": 6,
            "currency": "EUR",
        }
        assert (await business.owner.put(f"{ME}/preferences", json=asked)).status_code == 200
        regional = (await business.owner.get(ME)).json()["regional"]
        assert (regional["locale"], regional["timezone"], regional["first_weekday"]) == ("en", "Asia/Tokyo", 7)

    async def test_shows_what_is_lent_and_until_when(self, world: World, app: FastAPI) -> None:
        now = utcnow()
        grantee, grantor = world.users[Role.TENANT_STAFF, ()], world.users[Role.TENANT_OWNER, ()]
        async with app.state.database.transaction() as session:
            session.add(
                PermissionGrantRow(
                    id=uuid7(),
                    tenant_id=UUID(world.business.id),
                    grantor_id=grantor,
                    grantee_id=grantee,
                    permission=Permission.AUDIT_READ,
                    reason="the yearly report",
                    expires_at=now + timedelta(minutes=30),
                    revoked_at=None,
                    revoked_by=None,
                    created_at=now,
                )
            )
        body = await me(world, Caller(Role.TENANT_STAFF))
        assert [grant["permission"] for grant in body["grants"]] == ["audit:read"]
        assert body["grants"][0]["grantor_id"] == str(grantor)
        assert "audit:read" in body["permissions"]

    async def test_shows_who_really_acts(self, world: World) -> None:
        body = await me(world, Caller(Role.TENANT_OWNER, is_masked=True))
        assert body["masquerade"]["actor"]["role"] == "SUPERUSER"
        assert body["masquerade"]["reason"] == "to see"
        assert "tokens:write" not in body["permissions"]

    async def test_gives_no_csrf_token_to_an_api_token(self, business: Business) -> None:
        body = (await (await business.client("services:read")).get(ME)).json()
        assert body["csrf_token"] is None
        assert (await business.owner.get(ME)).json()["csrf_token"]

    async def test_names_the_address_of_live_updates_and_the_build(
        self, business: Business, settings: Settings
    ) -> None:
        body = (await business.owner.get(ME)).json()
        assert body["websocket_url"] == f"ws://{business.host}/api/v1/ws"
        assert body["build_id"] == settings.build_id

    async def test_follows_a_change_of_role_at_once(self, world: World, app: FastAPI) -> None:
        caller = Caller(Role.TENANT_MANAGER)
        assert "audit:read" in (await me(world, caller))["permissions"]
        async with app.state.database.transaction() as session:
            row = await session.get(UserRow, world.users[Role.TENANT_MANAGER, ()])
            assert row is not None
            row.role = Role.CUSTOMER
            announce(session, f"user:{row.id}")
        assert (await me(world, caller))["permissions"] == sorted(permissions_of(Role.CUSTOMER))

    async def test_takes_three_round_trips(self, app: FastAPI, business: Business) -> None:
        await business.owner.get(ME)
        with recorded(app) as trips:
            await business.owner.get(ME)
        assert len(trips) == 3, trips

    async def test_asks_who_one_is(self, business: Business, platform: Platform) -> None:
        assert (await business.anonymous.get(ME)).status_code == 401
        assert (await platform.anonymous.get(ME)).status_code == 401
