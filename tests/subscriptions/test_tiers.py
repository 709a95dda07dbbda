from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import AuditEntryRow
from app.people.users import create_user
from tests.actors import PASSWORD, Business, Platform, log_in
from tests.subscriptions.conftest import STARTER, Limiting

TIERS = "/api/v1/platform/tiers"


async def last_change(app: FastAPI) -> Any:
    """What the trail says of the latest change of a tier."""
    query = select(AuditEntryRow).where(AuditEntryRow.event == "tier.changed").order_by(AuditEntryRow.seq.desc())
    async with app.state.database.transaction() as session:
        return (await session.scalars(query.limit(1))).one()


class TestListTiers:
    async def test_lists_them_from_the_least(self, platform: Platform) -> None:
        tiers = (await platform.superuser.get(TIERS)).json()
        assert [tier["name"] for tier in tiers] == ["FREE", "STARTER", "PROFESSIONAL", "ENTERPRISE"]
        assert tiers[0] == {
            "name": "FREE",
            "max_staff": 3,
            "bookings_per_month": 100,
            "api_requests_per_minute": 60,
            "max_domains": 0,
            "retention_days": 30,
            "storage_megabytes": 500,
        }
        assert (tiers[3]["max_staff"], tiers[3]["bookings_per_month"], tiers[3]["max_domains"]) == (None, None, None)

    async def test_is_for_the_platform_alone(self, business: Business, platform: Platform) -> None:
        assert (await business.owner.get(TIERS)).status_code == 404
        assert (await platform.anonymous.get(TIERS)).status_code == 401


class TestUpdateTier:
    async def test_changes_what_is_named_and_nothing_else(self, platform: Platform, starter: Limiting) -> None:
        before = (await platform.superuser.get(TIERS)).json()
        answer = await platform.superuser.patch(STARTER, json={"max_staff": 12, "max_domains": None})
        assert answer.json() == before[1] | {"max_staff": 12, "max_domains": None}
        assert (await platform.superuser.get(TIERS)).json()[2:] == before[2:]
        await starter()

    async def test_is_written_down(self, app: FastAPI, starter: Limiting) -> None:
        await starter(retention_days=91)
        await starter(retention_days=92, max_staff=8)
        entry = await last_change(app)
        assert (entry.object_type, entry.object_id, entry.tenant_id) == ("tier", "STARTER", None)
        assert entry.diff == {"retention_days": {"from": 91, "to": 92}}

    async def test_a_change_of_nothing_is_none(self, app: FastAPI, starter: Limiting) -> None:
        await starter(retention_days=77)
        before: datetime = (await last_change(app)).at
        await starter(retention_days=77)
        assert (await last_change(app)).at == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("max_staff", 0),
            ("max_staff", -1),
            ("bookings_per_month", "many"),
            ("api_requests_per_minute", None),
            ("retention_days", None),
            ("retention_days", 0),
            ("name", "GOLD"),
            ("rank", 9),
        ],
    )
    async def test_refuses_and_points_at(self, platform: Platform, field: str, value: object) -> None:
        answer = await platform.superuser.patch(STARTER, json={field: value})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]

    async def test_an_unknown_one_is_not_found(self, platform: Platform) -> None:
        answer = await platform.superuser.patch(f"{TIERS}/GOLD", json={"max_staff": 1})
        assert (answer.status_code, answer.json()["code"]) == (404, "tier-not-found")

    async def test_is_for_superusers_alone(self, platform: Platform, business: Business, app: FastAPI) -> None:
        email = "prices@platform.example"
        async with app.state.database.transaction() as session:
            await create_user(
                session,
                email=email,
                name="Pia",
                password=PASSWORD,
                role=Role.PLATFORM_MANAGER,
                tenant_id=None,
                now=utcnow(),
            )
        manager = platform.at("platform.localhost", await log_in(platform.anonymous, email))
        assert (await manager.get(TIERS)).status_code == 200
        assert (await manager.patch(STARTER, json={"max_staff": 99})).json()["code"] == "permission-denied"
        assert (await business.owner.patch(STARTER, json={"max_staff": 99})).status_code == 404
