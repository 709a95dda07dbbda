from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import arq
import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI
from sqlalchemy import select, text

from app.businesses import demos
from app.core.clock import utcnow
from app.db.invalidation import announce
from app.models.public import AuditEntryRow, TenantRow
from app.settings import Settings
from app.tenancy.tenant import tenant_tag
from app.workers.demos import END_DEMOS, end_demos, every_hour
from app.workers.jobs import WorkerState
from tests.actors import Business, Platform
from tests.receivers import eventually
from tests.working import working

_COUNTS = text("""
SELECT (SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, :stem)) AS schemas,
  (SELECT count(*) FROM public.tenants WHERE id = :id) AS tenants,
  (SELECT count(*) FROM public.tenant_schemas WHERE tenant_id = :id) AS registered,
  (SELECT count(*) FROM public.users WHERE tenant_id = :id) AS users,
  (SELECT count(*) FROM public.api_tokens WHERE tenant_id = :id) AS tokens,
  (SELECT count(*) FROM public.domains WHERE tenant_id = :id) AS domains
""")
WHOLE = (2, 1, 2, 1, 1, 1)
NOTHING = (0, 0, 0, 0, 0, 0)

SetEnd = Callable[[Business, datetime], Awaitable[None]]


async def remains(app: FastAPI, business: Business) -> tuple[int, ...]:
    """What there is of a business: schemas, record, registered schemas, users, tokens, domains."""
    stem = f"tenant_{business.slug.replace('-', '_')}"
    async with app.state.database.transaction() as session:
        return tuple((await session.execute(_COUNTS, {"stem": stem, "id": UUID(business.id)})).one())


@pytest.fixture
async def demo(platform: Platform) -> Business:
    """A demo account in use."""
    made = await platform.sign_up(is_temporary=True)
    await made.make("/customers", {"name": "Clara"})
    await made.token("customers:read")
    return made


@pytest.fixture
def set_end(app: FastAPI) -> SetEnd:
    """Have a demo's term end at another instant."""

    async def change(business: Business, end: datetime) -> None:
        async with app.state.database.transaction() as session:
            tenant: Any = await session.get(TenantRow, UUID(business.id))
            tenant.demo_expires_at = end
            announce(session, tenant_tag(tenant.id))

    return change


class TestEraseEnded:
    async def test_leaves_nothing_but_its_trail(
        self, app: FastAPI, state: WorkerState, platform: Platform, demo: Business, set_end: SetEnd
    ) -> None:
        assert await remains(app, demo) == WHOLE
        await set_end(demo, utcnow())
        await end_demos({"worker": state})
        assert await remains(app, demo) == NOTHING
        query = select(AuditEntryRow).where(AuditEntryRow.object_id == demo.id, AuditEntryRow.event == "tenant.erased")
        async with app.state.database.transaction() as session:
            entry = (await session.scalars(query)).one()
        assert (entry.chain_id, entry.actor_id) == (UUID(int=0), None)
        assert entry.diff["slug"] == {"from": demo.slug, "to": None}
        assert (await platform.superuser.get(f"/api/v1/platform/tenants/{demo.id}")).status_code == 404

    async def test_is_known_everywhere_at_once(self, state: WorkerState, demo: Business, set_end: SetEnd) -> None:
        await set_end(demo, utcnow())
        assert (await demo.owner.get("/api/v1/me")).json()["code"] == "tenant-suspended"
        await end_demos({"worker": state})

        async def is_unknown() -> bool:
            return bool((await demo.owner.get("/api/v1/me")).json()["code"] == "tenant-not-found")

        await eventually(is_unknown)

    async def test_its_address_is_free_again(
        self, state: WorkerState, platform: Platform, demo: Business, set_end: SetEnd
    ) -> None:
        await set_end(demo, utcnow())
        await end_demos({"worker": state})
        heir = await platform.sign_up(demo.slug)
        assert (await heir.owner.get("/api/v1/customers")).json()["items"] == []

    async def test_leaves_everybody_else_alone(
        self, app: FastAPI, state: WorkerState, demo: Business, business: Business
    ) -> None:
        await business.token("customers:read")
        await end_demos({"worker": state})
        assert (await remains(app, demo), await remains(app, business)) == (WHOLE, WHOLE)

    async def test_happens_as_a_whole_or_not_at_all(self, app: FastAPI, demo: Business, set_end: SetEnd) -> None:
        await set_end(demo, utcnow())
        with pytest.raises(ZeroDivisionError):
            async with app.state.database.transaction() as session:
                assert await demos.erase_ended(session, UUID(demo.id), now=utcnow())
                raise ZeroDivisionError
        assert await remains(app, demo) == WHOLE

    async def test_one_that_was_extended_meanwhile_is_kept(self, app: FastAPI, demo: Business) -> None:
        async with app.state.database.transaction() as session:
            assert not await demos.erase_ended(session, UUID(demo.id), now=utcnow())
        assert await remains(app, demo) == WHOLE

    async def test_two_workers_do_not_wait_for_each_other(self, app: FastAPI, demo: Business, set_end: SetEnd) -> None:
        await set_end(demo, utcnow())
        async with app.state.database.transaction() as first, app.state.database.transaction() as second:
            assert await demos.erase_ended(first, UUID(demo.id), now=utcnow())
            assert not await demos.erase_ended(second, UUID(demo.id), now=utcnow())
        assert await remains(app, demo) == NOTHING

    async def test_goes_on_past_one_that_fails(
        self, app: FastAPI, state: WorkerState, platform: Platform, demo: Business, set_end: SetEnd
    ) -> None:
        other = await platform.sign_up(is_temporary=True)
        await other.token("customers:read")
        for each in (demo, other):
            await set_end(each, utcnow())
        schema = f"tenant_{demo.slug.replace('-', '_')}"
        async with app.state.database.transaction() as session:  # somebody works in it for longer than we wait
            await session.execute(text(f"LOCK TABLE {schema}.customers IN ACCESS SHARE MODE"))
            await end_demos({"worker": state})
        assert (await remains(app, demo), await remains(app, other)) == (WHOLE, NOTHING)
        await end_demos({"worker": state})
        assert await remains(app, demo) == NOTHING


class TestWarnOwners:
    async def test_tells_them_once(self, app: FastAPI, state: WorkerState, demo: Business, set_end: SetEnd) -> None:
        await end_demos({"worker": state})
        assert (await demo.owner.get("/api/v1/notifications")).json()["items"] == []
        await set_end(demo, utcnow() + timedelta(days=2))
        for _ in range(2):
            await end_demos({"worker": state})
        (notice,) = (await demo.owner.get("/api/v1/notifications")).json()["items"]
        assert notice["kind"] == "demo_expiring"
        await set_end(demo, utcnow() + timedelta(days=40))
        async with app.state.database.transaction() as session:
            await demos.warn_owners(session, now=utcnow() + timedelta(days=38))
        told = (await demo.owner.get("/api/v1/notifications")).json()["items"]
        assert [each["kind"] for each in told] == ["demo_expiring", "demo_expiring"]


class TestEveryHour:
    async def test_a_worker_does_it(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, demo: Business, set_end: SetEnd
    ) -> None:
        await set_end(demo, utcnow())
        await redis.enqueue_job(END_DEMOS)

        async def is_gone() -> bool:
            return await remains(app, demo) == NOTHING

        async with working(settings):
            await eventually(is_gone)

    async def test_is_enqueued_once_for_each_hour_by_however_many_workers(self, redis: ArqRedis) -> None:
        now = utcnow()
        for _ in range(3):
            worker = arq.Worker(redis_pool=redis, cron_jobs=[every_hour()], handle_signals=False)
            for moment in (now, now + timedelta(hours=1)):
                await worker.run_cron(moment, delay=0.5)
        assert [job.function for job in await redis.queued_jobs()] == [END_DEMOS]
