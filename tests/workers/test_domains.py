"""The worker looks for the records of domains: at once when asked, and when the sweep finds that it is time."""

import json
from typing import Any

from arq.connections import ArqRedis
from fastapi import FastAPI

from app.core.clock import utcnow
from app.settings import Settings
from app.workers import sweeper
from tests.actors import Business
from tests.domains.conftest import Registrar
from tests.receivers import eventually
from tests.working import working


def set_records(settings: Settings, domain: dict[str, Any]) -> None:
    """Write them into the file that stands for the name system."""
    names: dict[str, dict[str, list[str]]] = {}
    for record in domain["records"]:
        names[record["name"]] = {record["type"]: [record["value"]]}
    (settings.data_dir / "dns.json").write_text(json.dumps(names))


class TestCheck:
    async def test_follows_the_adding_of_a_domain(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business
    ) -> None:
        registrar = await Registrar(app, business, []).allow()
        domain = await registrar.added(f"book.{business.slug}.example")
        set_records(settings, domain)
        assert await redis.zcard("arq:queue")
        async with working(settings):
            await eventually(lambda: _is(registrar, domain, "active"))

    async def test_follows_the_sweep_when_it_is_time(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business
    ) -> None:
        registrar = await Registrar(app, business, []).allow()
        domain = await registrar.added(f"book.{business.slug}.example")
        set_records(settings, domain)
        await redis.flushall()
        await registrar.change(domain, next_check_at=utcnow())
        await redis.enqueue_job(sweeper.SWEEP)
        async with working(settings):
            await eventually(lambda: _is(registrar, domain, "active"))


async def _is(registrar: Registrar, domain: dict[str, Any], status: str) -> bool:
    return bool((await registrar.read(domain))["status"] == status)
