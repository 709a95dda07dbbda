"""What the benchmarks stand on: servers of their own, the application, and a business to measure."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI
from sqlalchemy import update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.development import postgres, valkey
from app.main import create_app
from app.models.public import TierRow
from app.people.users import create_user
from app.settings import Environment, Settings
from app.tenancy.migrations import migrate_public
from bench.calling import Caller
from bench.round_trips import counting

PASSWORD = "a long and private phrase"  # noqa: S105 — of a database that is gone in a minute
SCOPES = ["appointments:read", "appointments:write", "availability:read"]


@dataclass(frozen=True, slots=True)
class Stage:
    app: FastAPI
    settings: Settings
    platform: Caller

    async def sign_up(self, slug: str, **changes: Any) -> Caller:
        """A new business without limits, called by its owner."""
        owner = {"email": f"owner@{slug}.example", "name": "Owner", "password": PASSWORD}
        body = {"name": slug, "slug": slug, "subscription_tier": "ENTERPRISE", "owner": owner}
        await self.platform.make("/platform/tenants", body | changes)
        return await log_in(Caller(self.app, f"{slug}.localhost"), owner["email"])

    async def token(self, owner: Caller) -> Caller:
        """The owner's business, called with an API token."""
        made = await owner.make("/tokens", {"name": "bench", "mode": "live", "scopes": SCOPES})
        return Caller(self.app, owner.host, made["token"])


async def log_in(caller: Caller, email: str) -> Caller:
    """The same host, called by whoever has this address."""
    answer = await caller("POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD})
    return Caller(caller.app, caller.host, answer.json()["access_token"])


async def add_staff(owner: Caller, count: int) -> list[str]:
    """Members of staff who work every day from eight to eight, UTC."""
    weekly = [{"weekday": weekday, "start": "08:00", "end": "20:00"} for weekday in range(1, 8)]
    members = []
    for number in range(count):
        made = await owner.make("/resources", {"kind": "staff", "name": f"Staff {number}", "timezone": "UTC"})
        schedule = {"timezone": "UTC", "weekly": weekly, "overrides": []}
        await owner("PUT", f"/api/v1/resources/{made['id']}/schedule", schedule)
        members.append(made["id"])
    return members


async def add_service(owner: Caller, members: list[str], **changes: Any) -> str:
    """A half-hour service that any of them gives."""
    body = {"name": "Cut", "duration_minutes": 30, "slot_step_minutes": 30, "price_minor": 4500, "currency": "EUR"}
    made = await owner.make("/services", body | {"requirements": [{"resource_ids": members}]} | changes)
    return str(made["id"])


def next_monday(weeks: int = 1) -> datetime:
    """Midnight UTC of a Monday ahead."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 * weeks - today.weekday())


@contextmanager
def _servers() -> Any:
    with postgres.throwaway() as database, valkey.throwaway() as queue:
        yield database.url, queue.url


@asynccontextmanager
async def application(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application for these settings, started."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


async def round_trips_of(stage: Stage, caller: Caller, ask: Callable[[Caller], Awaitable[object]]) -> int:
    """How many round trips to the database a request takes from a caller who is known."""
    async with (
        counting(stage.settings.database_url) as (counter, url),
        application(stage.settings.model_copy(update={"database_url": url})) as app,
    ):
        counted = Caller(app, caller.host, caller.token)
        for _ in range(3):
            await ask(counted)
        before = counter.round_trips
        await ask(counted)
        return counter.round_trips - before


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """A fresh installation with a superuser."""
    with _servers() as (database_url, redis_url), TemporaryDirectory() as logs:
        await migrate_public(database_url)
        settings = Settings(
            _env_file=None,
            environment=Environment.TEST,
            secret_key="a secret key for a benchmark only",  # noqa: S106 — likewise
            database_url=database_url,
            redis_url=redis_url,
            webhook_allow_loopback=True,
            requests_per_minute_of_session=1_000_000,
            requests_per_minute_of_address=1_000_000,
            log_dir=Path(logs),
        )
        async with application(settings) as app:
            email = "root@platform.example"
            async with app.state.database.transaction() as session:
                await session.execute(update(TierRow).values(api_requests_per_minute=1_000_000_000))
                await create_user(
                    session,
                    email=email,
                    name="Root",
                    password=PASSWORD,
                    role=Role.SUPERUSER,
                    tenant_id=None,
                    now=utcnow(),
                )
            yield Stage(app, settings, await log_in(Caller(app, "platform.localhost"), email))
