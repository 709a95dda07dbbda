"""Starting the sandbox afresh: all of it, and nothing else."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.auth.roles import Role
from app.businesses import samples
from app.core.clock import utcnow
from app.db.base import TenantBase
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.scheduling.context import SchedulingContext
from app.tenancy import provisioning
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from tests.actors import Business
from tests.auth.cast import Cast
from tests.conftest import Caller
from tests.scheduling.salon import Salon

API = "/api/v1"
RESET = f"{API}/sandbox/reset"
SAMPLES = {"resources": 3, "services": 3, "customers": 5, "appointments": 6}


async def tenant_of(app: FastAPI, business: Business) -> Tenant:
    host = await app.state.hosts.resolve(business.host, now=utcnow())
    tenant: Tenant = host.tenant
    return tenant


async def dumped(app: FastAPI, business: Business, mode: Mode) -> dict[str, list[Any]]:
    """Every row of every table, with where it lies on disk and which transaction put it there."""
    tenant = await tenant_of(app, business)
    async with app.state.database.transaction(tenant.schema(mode)) as session:
        return {
            name: (await session.execute(text(f"SELECT ctid::text, xmin::text, t::text FROM {name} t"))).all()  # noqa: S608
            for name in sorted(TenantBase.metadata.tables)
        }


async def names(client: httpx.AsyncClient, path: str) -> set[str]:
    return {item["name"] for item in (await client.get(f"{API}{path}")).json()["items"]}


class TestResetSandbox:
    async def test_fills_it_with_a_small_business(self, business: Business) -> None:
        sandbox = business.in_sandbox()
        answer = await sandbox.post(RESET)
        assert (answer.status_code, answer.json()) == (200, SAMPLES)
        assert await names(sandbox, "/services") == {"Consultation", "Treatment", "Workshop"}
        assert await names(sandbox, "/resources") == {"Robin", "Kim", "Room 1"}
        assert len(await names(sandbox, "/customers")) == SAMPLES["customers"]
        found = (await sandbox.get(f"{API}/appointments")).json()["items"]
        assert Counter(each["status"] for each in found) == {"confirmed": 5, "pending": 1}

    async def test_leaves_nothing_of_before(self, business: Business, app: FastAPI) -> None:
        sandbox = business.in_sandbox()
        await business.make("/customers", {"name": "Ada Trial"}, client=sandbox)
        hook = {"url": "http://127.0.0.1:8009/", "events": ["*"]}
        await business.make("/webhook-endpoints", hook, client=sandbox)
        for _ in range(2):
            assert (await sandbox.post(RESET)).json() == SAMPLES
        assert "Ada Trial" not in await names(sandbox, "/customers")
        rows = {name: len(found) for name, found in (await dumped(app, business, Mode.SANDBOX)).items()}
        assert {name: rows[name] for name in SAMPLES} == SAMPLES
        assert rows["webhook_endpoints"] == rows["webhook_deliveries"] == 0

    async def test_touches_nothing_live(self, business: Business, other_business: Business, app: FastAPI) -> None:
        await business.owner.post(RESET)
        tenant = await tenant_of(app, business)
        async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            now = utcnow()
            await samples.fill(session, SchedulingContext(tenant, Mode.LIVE, "staff", now=now, recorded_at=now))
        await other_business.in_sandbox().post(RESET)
        before = [await dumped(app, business, Mode.LIVE), await dumped(app, other_business, Mode.SANDBOX)]
        assert (await business.owner.post(RESET)).status_code == 200
        assert [await dumped(app, business, Mode.LIVE), await dumped(app, other_business, Mode.SANDBOX)] == before
        assert all(before[0][name] for name in ("customers", "appointments", "claims", "events"))

    async def test_takes_the_sandboxs_shared_rows_along(self, business: Business, app: FastAPI, at: Caller) -> None:
        trial = await Cast(app, at).add(Role.CUSTOMER, business)
        await Cast(app, at).change(trial, is_sandbox=True)
        me = (await business.owner.get(f"{API}/me")).json()["user"]["id"]
        async with app.state.database.transaction() as session:
            for is_sandbox in (True, False):
                notify(session, UUID(me), NotificationKind.PASSWORD_CHANGED, {}, now=utcnow(), is_sandbox=is_sandbox)
        token = await business.token("services:read", mode="test")
        assert (await business.owner.post(RESET)).status_code == 200
        for client, count in ((business.owner, 1), (business.in_sandbox(), 0)):
            assert len((await client.get(f"{API}/notifications")).json()["items"]) == count
        assert (await at(business.host, token).get(f"{API}/services")).status_code == 200
        async with app.state.database.transaction() as session:
            query = text("SELECT count(*) FROM public.users WHERE id = :id")
            assert await session.scalar(query, {"id": trial.id}) == 0

    async def test_is_there_for_a_test_token(self, business: Business) -> None:
        tester = await business.client("sandbox:write", mode="test")
        assert (await tester.post(RESET)).json() == SAMPLES

    async def test_is_not_for_a_live_token(self, business: Business) -> None:
        client = await business.client("sandbox:write")
        answer = await client.post(RESET)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")

    async def test_needs_the_permission(self, business: Business, app: FastAPI, at: Caller) -> None:
        tester = await business.client("services:write", mode="test")
        staff = await Cast(app, at).add(Role.TENANT_STAFF, business)
        for client in (tester, staff.client):
            assert (await client.post(RESET)).json()["code"] == "permission-denied"

    async def test_is_in_the_audit_trail(self, business: Business) -> None:
        await business.in_sandbox().post(RESET)
        (entry,) = (await business.owner.get(f"{API}/audit", params={"event": "sandbox.reset"})).json()["items"]
        assert (entry["mode"], entry["object_type"], entry["object_id"]) == ("sandbox", "tenant", business.id)

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia", "America/St_Johns"])
    @pytest.mark.parametrize("now", ["2026-11-27T23:45:00", "2026-03-27T10:01:02.345", "2027-12-31T11:59:59"])
    async def test_has_a_diary_wherever_and_whenever(
        self, business: Business, app: FastAPI, zone: str, now: str
    ) -> None:
        instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
        tenant = replace(await tenant_of(app, business), timezone=zone)
        context = SchedulingContext(tenant, Mode.SANDBOX, "staff", now=instant, recorded_at=instant)
        async with app.state.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
            assert (await samples.fill(session, context)).appointments == SAMPLES["appointments"]
            starts = (await session.scalars(text("SELECT start_at FROM appointments"))).all()
        local = [start.astimezone(ZoneInfo(zone)) for start in starts]
        assert all(start.isoweekday() <= 5 and 9 <= start.hour < 17 for start in local)
        assert min(local).date() > instant.astimezone(ZoneInfo(zone)).date()


class TestResetAmidTraffic:
    async def test_bookings_come_before_it_or_after_it(self, business: Business, app: FastAPI) -> None:
        salon = await Salon.open(business)
        ada = await salon.resource(opens="00:00", closes="00:00")
        service = await salon.service([ada])
        booked = [salon.book(service, f"{number:02}:00") for number in range(8, 18)]
        *answers, first, second = await asyncio.gather(
            *booked, business.owner.post(RESET), business.in_sandbox().post(RESET)
        )
        statuses = {first.status_code, second.status_code}
        assert 200 in statuses
        assert statuses <= {200, 503}  # whoever comes while it is being reset is told to come again
        codes = {answer.json().get("code", answer.status_code) for answer in answers}
        assert codes <= {201, "service-not-found", "customer-not-found"}
        rows = await dumped(app, business, Mode.SANDBOX)
        assert len(rows["appointments"]) == SAMPLES["appointments"]

    async def test_it_empties_nothing_but_the_schema_it_is_confined_to(self, business: Business, app: FastAPI) -> None:
        tenant = await tenant_of(app, business)
        async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            with pytest.raises(ValueError, match="is confined to"):
                await provisioning.empty_schema(session, tenant.schema(Mode.SANDBOX))

    async def test_it_hides_no_failure_but_that_of_waiting(
        self, business: Business, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(provisioning, "_EMPTYING_LOCK_TIMEOUT", "no time at all")
        answer = await business.owner.post(RESET)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")

    async def test_it_gives_way_to_whoever_does_not_end(
        self, business: Business, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(provisioning, "_EMPTYING_LOCK_TIMEOUT", "20ms")
        await business.make("/customers", {"name": "Ada Trial"}, client=business.in_sandbox())
        tenant = await tenant_of(app, business)
        async with app.state.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
            await session.execute(text("SELECT FROM customers"))
            answer = await business.owner.post(RESET)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert await names(business.in_sandbox(), "/customers") == {"Ada Trial"}
