"""The round that goes to every business: here to the few of an installation of its own."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import arq
import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI
from sqlalchemy import select

from app.auth import one_time_codes
from app.auth.one_time_codes import Purpose
from app.core.clock import utcnow
from app.core.ids import first_uuid7, uuid7
from app.development.postgres import Postgres
from app.events.wakeups import DRAIN
from app.main import create_app
from app.models.public import OneTimeCodeRow, ThrottleRow
from app.models.tenant import EventRow
from app.settings import Settings
from app.tenancy.migrations import migrate_public
from app.tenancy.mode import Mode
from app.workers import sweeper
from app.workers.jobs import WorkerState
from tests.actors import Business, Platform
from tests.conftest import clients, found_platform
from tests.emitting import emit
from tests.idempotency.desk import new_key, send
from tests.idempotency.kept import age, is_kept
from tests.outboxes import SUBSCRIBER
from tests.receivers import Receiver
from tests.scheduling.catalogue import add_resource, add_service, occupy
from tests.working import working

PATH = "/webhook-endpoints"


@pytest.fixture(scope="module")
async def settings(settings: Settings, postgres_server: Postgres) -> AsyncIterator[Settings]:
    postgres_server.query("CREATE DATABASE swept")
    url = postgres_server.url_of("swept")
    await migrate_public(url)
    yield settings.model_copy(update={"database_url": url})
    postgres_server.query("DROP DATABASE swept WITH (FORCE)")


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(scope="module")
async def platform(app: FastAPI) -> AsyncIterator[Platform]:
    async with clients(app) as at:
        yield await found_platform(app, at)


class TestSweep:
    async def test_recovers_a_wake_up_that_the_queue_lost(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business, receiver: Receiver
    ) -> None:
        sandbox = await business.client(*SUBSCRIBER, mode="test")
        await business.make(PATH, {"url": receiver.url, "events": ["*"]})
        await business.make(PATH, {"url": receiver.url, "events": ["appointment.*"]}, client=sandbox)
        for mode in Mode:
            await emit(app, business, mode)
        await redis.flushall()
        await redis.enqueue_job(sweeper.SWEEP)
        async with working(settings):
            await receiver.wait_for(2)

    async def test_goes_on_with_a_replay_that_the_queue_lost(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business, receiver: Receiver
    ) -> None:
        endpoint = await business.make(PATH, {"url": receiver.url, "events": ["resource.*"]})
        await emit(app, business, Mode.LIVE)
        path = f"/api/v1{PATH}/{endpoint['id']}/replays"
        body = {"since": "2026-01-01T00:00:00Z", "events": ["appointment.*"]}
        assert (await business.owner.post(path, json=body)).status_code == 202
        await redis.flushall()
        await redis.enqueue_job(sweeper.SWEEP)
        async with working(settings):
            await receiver.wait_for(1)

    async def test_keeps_what_happened_for_fewer_days_if_the_business_wants_that(
        self, app: FastAPI, state: WorkerState, platform: Platform
    ) -> None:
        business, at = await platform.sign_up(subscription_tier="ENTERPRISE"), utcnow() - timedelta(days=10)
        tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
        async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            session.add(EventRow(id=first_uuid7(at), type="appointment.created", occurred_at=at, payload="{}"))
        for days, left in ((11, [first_uuid7(at)]), (9, [])):
            answer = await business.owner.patch("/api/v1/business", json={"history_days": days})
            assert answer.status_code == 200, answer.text
            await sweeper.sweep({"worker": state})
            async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
                assert (await session.scalars(select(EventRow.id))).all() == left

    async def test_ends_holds_whose_time_is_up_and_tells_of_it(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business, receiver: Receiver
    ) -> None:
        await business.make(PATH, {"url": receiver.url, "events": ["appointment.*"]})
        staff = await add_resource(business)
        service = await add_service(business, [staff["id"]])
        start_at = utcnow() + timedelta(days=1)
        during = (start_at, start_at + timedelta(minutes=30))
        await occupy(app, business, service, staff["id"], during, expires_at=utcnow())
        await redis.enqueue_job(sweeper.SWEEP)
        async with working(settings):
            (message,) = await receiver.wait_for(1)
        assert json.loads(message.body)["type"] == "appointment.hold_expired"

    async def test_forgets_in_the_shared_tables_what_time_has_ended(self, app: FastAPI, state: WorkerState) -> None:
        long_ago = utcnow() - timedelta(days=2)
        key = uuid7().bytes
        async with app.state.database.transaction() as session:
            await one_time_codes.issue(
                session, state.runtime.keyring, Purpose.SIGN_UP, ttl=timedelta(hours=1), now=long_ago, payload={"a": 1}
            )
            session.add(ThrottleRow(key=key, failures=9, last_failed_at=long_ago, blocked_until=long_ago))
        await sweeper.sweep({"worker": state})
        async with app.state.database.transaction() as session:
            outlived = OneTimeCodeRow.expires_at < utcnow() - timedelta(days=1)
            assert (await session.scalars(select(OneTimeCodeRow).where(outlived))).all() == []
            assert await session.get(ThrottleRow, key) is None

    async def test_forgets_what_is_older_than_the_subscription_keeps(
        self, app: FastAPI, state: WorkerState, platform: Platform
    ) -> None:
        """FREE keeps 30 days, STARTER 90."""
        at, left = utcnow() - timedelta(days=60), {}
        for tier in ("FREE", "STARTER"):
            business = await platform.sign_up(subscription_tier=tier)
            tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
            for mode in Mode:
                async with app.state.database.transaction(tenant.schema(mode)) as session:
                    session.add(EventRow(id=first_uuid7(at), type="appointment.created", occurred_at=at, payload="{}"))
            await sweeper.sweep({"worker": state})
            for mode in Mode:
                async with app.state.database.transaction(tenant.schema(mode)) as session:
                    left[tier, mode] = len((await session.scalars(select(EventRow))).all())
        assert left == {(tier, mode): tier == "STARTER" for tier in ("FREE", "STARTER") for mode in Mode}

    async def test_forgets_the_answers_to_keys_that_are_older_than_a_day(
        self, app: FastAPI, state: WorkerState, business: Business
    ) -> None:
        old, young = new_key(), new_key()
        for key in (old, young):
            await send(business.owner, "/customers", {"name": "Grace"}, key)
            await send(business.owner, "/tokens", {"name": "till", "mode": "test", "scopes": ["audit:read"]}, key)
        for where in (business, None):
            await age(app, where, old, timedelta(days=1))
        await sweeper.sweep({"worker": state})
        for where in (business, None):
            assert not await is_kept(app, where, old)
            assert await is_kept(app, where, young)

    async def test_wakes_nobody_without_need(self, redis: ArqRedis, state: WorkerState, business: Business) -> None:
        await business.make(PATH, {"url": "https://example.com/hook", "events": ["*"]})
        await sweeper.sweep({"worker": state})
        assert not await redis.exists(f"arq:job:{DRAIN}:{business.id}:live")

    async def test_leaves_suspended_tenants_alone(
        self, app: FastAPI, redis: ArqRedis, state: WorkerState, platform: Platform, business: Business
    ) -> None:
        await business.make(PATH, {"url": "https://example.com/hook", "events": ["*"]})
        await emit(app, business)
        await redis.flushall()
        job = f"arq:job:{DRAIN}:{business.id}:live"
        for status, woken in (("suspended", 0), ("active", 1)):
            await platform.superuser.patch(f"/api/v1/platform/tenants/{business.id}", json={"status": status})
            await sweeper.sweep({"worker": state})
            assert await redis.exists(job) == woken

    async def test_goes_on_past_a_schema_that_fails(
        self, app: FastAPI, redis: ArqRedis, state: WorkerState, business: Business, other_business: Business
    ) -> None:
        tenants = [
            await state.runtime.hosts.require(UUID(each.id), now=utcnow()) for each in (business, other_business)
        ]
        await business.make(PATH, {"url": "https://example.com/hook", "events": ["*"]})
        await emit(app, business)
        await redis.flushall()
        async with state.runtime.database.transaction() as session:
            connection = await session.connection()
            schema = tenants[1].schema_name
            await connection.exec_driver_sql(f"ALTER SCHEMA {schema} RENAME TO {schema}_away")
        try:
            await sweeper.sweep({"worker": state})
            assert await redis.exists(f"arq:job:{DRAIN}:{business.id}:live") == 1
        finally:
            async with state.runtime.database.transaction() as session:
                connection = await session.connection()
                await connection.exec_driver_sql(f"ALTER SCHEMA {schema}_away RENAME TO {schema}")

    async def test_is_enqueued_once_for_each_minute_by_however_many_workers(self, redis: ArqRedis) -> None:
        now = utcnow()
        for _ in range(3):
            worker = arq.Worker(redis_pool=redis, cron_jobs=[sweeper.every_minute()], handle_signals=False)
            for moment in (now, now + timedelta(minutes=1)):
                await worker.run_cron(moment, delay=0.5)
        assert [job.function for job in await redis.queued_jobs()] == [sweeper.SWEEP]
