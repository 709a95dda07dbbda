"""Demo accounts: their term, and what happens when it is over."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.db.invalidation import announce
from app.errors import TenantSuspended
from app.models.public import TenantRow
from app.tenancy.tenant import tenant_tag
from tests.actors import Business, Platform

TENANTS = "/api/v1/platform/tenants"


def days_ahead(days: float) -> str:
    """An instant in so many days."""
    return (utcnow() + timedelta(days=days)).isoformat(timespec="seconds")


async def details(platform: Platform, business: Business) -> dict[str, Any]:
    """The business as the platform sees it."""
    found: dict[str, Any] = (await platform.superuser.get(f"{TENANTS}/{business.id}")).json()
    return found


async def term(platform: Platform, business: Business) -> timedelta | None:
    """How long the demo lasts from now on."""
    end = (await details(platform, business))["demo_expires_at"]
    return datetime.fromisoformat(end) - utcnow() if end else None


async def set_end(app: FastAPI, business: Business, end: datetime) -> None:
    """Have the term end at another instant, be it in the past."""
    async with app.state.database.transaction() as session:
        tenant = await session.get(TenantRow, UUID(business.id))
        tenant.demo_expires_at = end
        announce(session, tenant_tag(tenant.id))


@pytest.fixture
async def demo(platform: Platform) -> Business:
    """A demo account."""
    return await platform.sign_up(is_temporary=True)


class TestSignUp:
    async def test_a_demo_lasts_a_fortnight(self, platform: Platform, demo: Business) -> None:
        lasts = await term(platform, demo)
        assert lasts is not None
        assert timedelta(days=13, hours=23) < lasts <= timedelta(days=14)
        assert (await demo.owner.get("/api/v1/business")).json()["demo_expires_at"] is not None

    async def test_or_as_long_as_is_asked_for(self, platform: Platform) -> None:
        end = days_ahead(89)
        demo = await platform.sign_up(is_temporary=True, demo_expires_at=end)
        assert datetime.fromisoformat((await details(platform, demo))["demo_expires_at"]) == datetime.fromisoformat(end)

    async def test_a_business_has_no_end(self, platform: Platform, business: Business) -> None:
        assert await term(platform, business) is None

    @pytest.mark.parametrize(
        ("is_temporary", "days", "detail"),
        [
            (True, 91, "must lie within 90 days"),
            (True, -1, "must lie in the future"),
            (False, 5, "belongs to demo accounts only"),
        ],
    )
    async def test_refuses_an_impossible_end(
        self, platform: Platform, is_temporary: bool, days: int, detail: str
    ) -> None:
        body = {
            "name": "Never",
            "slug": "never-ending",
            "is_temporary": is_temporary,
            "demo_expires_at": days_ahead(days),
            "owner": {"email": "o@o.example", "name": "O", "password": "a long and private phrase"},
        }
        answer = await platform.superuser.post(TENANTS, json=body)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["detail"]) == ("/demo_expires_at", detail)


class TestUpdate:
    async def test_extends_it(self, platform: Platform, demo: Business) -> None:
        end = days_ahead(60)
        answer = await platform.superuser.patch(f"{TENANTS}/{demo.id}", json={"demo_expires_at": end})
        assert datetime.fromisoformat(answer.json()["demo_expires_at"]) == datetime.fromisoformat(end)

    async def test_leaves_the_end_where_it_is(self, platform: Platform, demo: Business) -> None:
        end = (await details(platform, demo))["demo_expires_at"]
        answer = await platform.superuser.patch(f"{TENANTS}/{demo.id}", json={"name": "Demo", "is_temporary": True})
        assert answer.json()["demo_expires_at"] == end

    async def test_makes_it_a_business_for_good_and_back(self, platform: Platform, demo: Business) -> None:
        await platform.superuser.patch(f"{TENANTS}/{demo.id}", json={"is_temporary": False})
        assert await term(platform, demo) is None
        await platform.superuser.patch(f"{TENANTS}/{demo.id}", json={"is_temporary": True})
        lasts = await term(platform, demo)
        assert lasts is not None
        assert lasts > timedelta(days=13)

    @pytest.mark.parametrize(
        "changes", [{"demo_expires_at": None}, {"is_temporary": False, "demo_expires_at": days_ahead(5)}]
    )
    async def test_refuses_an_impossible_end(self, platform: Platform, demo: Business, changes: dict[str, Any]) -> None:
        answer = await platform.superuser.patch(f"{TENANTS}/{demo.id}", json=changes)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/demo_expires_at"]

    async def test_one_that_has_ended_is_served_again(self, app: FastAPI, platform: Platform, demo: Business) -> None:
        await set_end(app, demo, utcnow())
        assert (await demo.owner.get("/api/v1/customers")).status_code == 403
        await platform.superuser.patch(f"{TENANTS}/{demo.id}", json={"demo_expires_at": days_ahead(1)})
        assert (await demo.owner.get("/api/v1/customers")).status_code == 200


class TestEnd:
    async def test_is_refused_from_that_instant(self, app: FastAPI, demo: Business) -> None:
        end = datetime(2030, 1, 1, tzinfo=UTC)
        await set_end(app, demo, end)
        before = await app.state.hosts.resolve(demo.host, now=end - timedelta(milliseconds=1))
        assert before.tenant.id == UUID(demo.id)
        with pytest.raises(TenantSuspended, match="This demo has ended"):
            await app.state.hosts.resolve(demo.host, now=end)
        with pytest.raises(TenantSuspended):
            await app.state.hosts.require(UUID(demo.id), now=end)

    async def test_says_why(self, app: FastAPI, demo: Business) -> None:
        await set_end(app, demo, utcnow())
        for answer in (await demo.owner.get("/api/v1/me"), await demo.anonymous.get("/api/v1/host")):
            assert (answer.status_code, answer.json()["code"]) == (403, "tenant-suspended")
            assert answer.json()["detail"].startswith("This demo has ended")
