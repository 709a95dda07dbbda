"""Webhooks, jobs and subscriptions in the back office."""

from datetime import timedelta
from uuid import UUID

import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI
from sqlalchemy import select

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.integrations.queue import JobQueue
from app.integrations.queue_state import MOST_FAILURES, Failure
from app.main import create_app
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow
from app.settings import Settings
from tests.actors import Business, Platform
from tests.admin.conftest import Hire
from tests.admin.office import Office, words


async def deliver(app: FastAPI, business: Business, endpoint_id: str, *statuses: str, age: timedelta) -> None:
    """Write deliveries as the worker would have left them; what is pending has been due for ten minutes."""
    now = utcnow()
    tenant = await app.state.hosts.require(UUID(business.id), now=now)
    async with app.state.database.transaction(tenant.schema_name) as session:
        for status in statuses:
            event = EventRow(id=uuid7(), type="appointment.created", payload="{}", occurred_at=now - age)
            session.add(event)
            await session.flush()
            session.add(
                WebhookDeliveryRow(
                    event_id=event.id,
                    endpoint_id=UUID(endpoint_id),
                    status=status,
                    attempts=0 if status == "pending" else 1,
                    next_attempt_at=now - timedelta(minutes=10) if status == "pending" else None,
                    created_at=now - age,
                )
            )


class TestWebhooks:
    async def test_say_how_each_endpoint_fared_in_the_last_day(
        self, superuser: Office, business: Business, app: FastAPI
    ) -> None:
        endpoint = await business.make(
            "/webhook-endpoints", {"url": "https://hooks.example.com/secret-path", "events": ["*"]}
        )
        recent, old = timedelta(hours=1), timedelta(days=2)
        await deliver(app, business, endpoint["id"], "failed", "failed", age=old)
        await deliver(app, business, endpoint["id"], "succeeded", "succeeded", "failed", "pending", age=recent)
        assert business.slug in words(await superuser.open("/webhooks", q=business.slug))
        page = await superuser.open(f"/webhooks/{business.id}")
        assert f"hooks.example.com {endpoint['id']} enabled 66.7 % 3 2 1" in words(page)
        assert "Oldest delivery that is due: 20" in words(page)
        assert "secret-path" not in page.text

    async def test_modes_are_apart(self, superuser: Office, business: Business) -> None:
        await business.make("/webhook-endpoints", {"url": "https://hooks.example.com/", "events": ["*"]})
        live = words(await superuser.open(f"/webhooks/{business.id}"))
        assert "nothing was sent" in live
        assert "Oldest delivery that is due: none" in live
        sandbox = words(await superuser.open(f"/webhooks/{business.id}", mode="sandbox"))
        assert "This business has no webhook endpoints in this mode." in sandbox

    async def test_say_why_one_was_disabled(self, superuser: Office, business: Business, app: FastAPI) -> None:
        await business.make("/webhook-endpoints", {"url": "https://hooks.example.com/", "events": ["*"]})
        tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
        async with app.state.database.transaction(tenant.schema_name) as session:
            (row,) = await session.scalars(select(WebhookEndpointRow))
            row.is_enabled, row.disabled_reason = False, "The endpoint answered 410 Gone."
        page = words(await superuser.open(f"/webhooks/{business.id}"))
        assert "disabled The endpoint answered 410 Gone." in page

    async def test_can_be_looked_at_while_the_business_is_suspended(
        self, superuser: Office, business: Business
    ) -> None:
        await superuser.post(f"/tenants/{business.id}/suspend")
        assert (await superuser.open(f"/webhooks/{business.id}")).status_code == 200


class TestJobs:
    async def test_show_what_waits(self, superuser: Office, redis: ArqRedis, app: FastAPI) -> None:
        assert "The queue is empty." in words(await superuser.open("/jobs"))
        queue: JobQueue = app.state.runtime.queue
        await queue.enqueue("mail.send", job_id="mail.send:now")
        await queue.enqueue("mail.send", job_id="mail.send:later", delay=timedelta(hours=1))
        await redis.set("arq:in-progress:mail.send:now", b"1")
        page = words(await superuser.open("/jobs"))
        assert "2 jobs, 1 of them due" in page
        assert "running" in page
        assert "waiting" in page

    @pytest.mark.usefixtures("redis")
    async def test_show_the_latest_failures_with_their_reasons(self, superuser: Office, app: FastAPI) -> None:
        assert "No job has failed." in words(await superuser.open("/jobs"))
        queue: JobQueue = app.state.runtime.queue
        for number in range(MOST_FAILURES + 1):
            failure = Failure("mail.send", f"mail.send:{number}", 1, utcnow(), f"OSError: number {number}!")
            await queue.keep_failure(failure)
        page = words(await superuser.open("/jobs"))
        assert f"the latest {MOST_FAILURES}" in page
        assert f"OSError: number {MOST_FAILURES}!" in page
        assert "OSError: number 0!" not in page

    async def test_say_that_the_queue_is_out_of_reach(self, settings: Settings, hire: Hire) -> None:
        app = create_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
        async with app.router.lifespan_context(app):
            office = await hire(Role.PLATFORM_SUPPORT, app=app)
            page = await office.open("/jobs")
            assert page.status_code == 200
            assert "The queue cannot be reached." in words(page)


class TestTiers:
    async def test_are_read_by_all_and_changed_by_superusers(self, superuser: Office, hire: Hire) -> None:
        sales = await hire(Role.PLATFORM_SALES)
        assert "/admin/tiers/STARTER" not in (await sales.open("/tiers")).text
        assert "/admin/tiers/STARTER" in (await superuser.open("/tiers")).text

    async def test_limits_are_changed_and_lifted(self, superuser: Office, platform: Platform) -> None:
        known = {tier["name"]: tier for tier in (await platform.superuser.get("/api/v1/platform/tiers")).json()}
        before = {name: value for name, value in known["PROFESSIONAL"].items() if name != "name"}
        wanted = {"max_staff": 77, "api_requests_per_minute": 600, "retention_days": 365}
        blank = {"bookings_per_month": "", "max_domains": "", "storage_megabytes": ""}
        try:
            answer = await superuser.post("/tiers/PROFESSIONAL/limits", **wanted, **blank)
            assert answer.headers["location"] == "/admin/tiers/PROFESSIONAL?done=limits-changed"
            assert "PROFESSIONAL 77 no limit 600 no limit no limit 365" in words(await superuser.open("/tiers"))
            assert 'value="77"' in (await superuser.open("/tiers/PROFESSIONAL")).text
            assert "tier.changed" in words(await superuser.open("/audit", actor_id=superuser.user_id))
        finally:
            await platform.superuser.patch("/api/v1/platform/tiers/PROFESSIONAL", json=before)

    @pytest.mark.parametrize(
        "fields", [{"max_staff": "0"}, {"max_staff": "many"}, {"retention_days": ""}, {"name": "MINE"}]
    )
    async def test_a_wrong_limit_is_named(self, superuser: Office, fields: dict[str, str]) -> None:
        answer = await superuser.post("/tiers/STARTER/limits", **fields)
        assert answer.status_code == 422
        assert next(iter(fields)) in words(answer)

    async def test_there_are_no_others(self, superuser: Office) -> None:
        assert (await superuser.open("/tiers/GOLD")).status_code == 404
        assert (await superuser.post("/tiers/GOLD/limits", max_staff="1")).status_code == 404
