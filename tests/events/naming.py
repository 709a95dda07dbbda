"""What brings about the events of domains."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from app.core.clock import utcnow
from app.events.catalogue import EventType
from tests.domains.conftest import DOMAINS, Registrar
from tests.domains.nameserver import serving
from tests.events.stage import TIME, Cause, Stage


@asynccontextmanager
async def _registrar(stage: Stage) -> AsyncIterator[Registrar]:
    async with serving() as server:
        yield await Registrar(stage.app, stage.business, [server]).allow()


def _host(stage: Stage) -> str:
    return f"book.{stage.business.slug}.example"


async def _add(stage: Stage) -> str:
    async with _registrar(stage) as registrar:
        return str((await registrar.added(_host(stage)))["id"])


async def _prove(stage: Stage) -> str:
    async with _registrar(stage) as registrar:
        domain = await registrar.added(_host(stage))
        registrar.set(domain, "TXT")
        await registrar.check()
        return str(domain["id"])


async def _serve(stage: Stage) -> str:
    async with _registrar(stage) as registrar:
        return str((await registrar.active(_host(stage)))["id"])


async def _give_up(stage: Stage) -> str:
    async with _registrar(stage) as registrar:
        domain = await registrar.added(_host(stage))
        await registrar.check(now=utcnow() + timedelta(days=15))
        return str(domain["id"])


async def _lose(stage: Stage) -> str:
    async with _registrar(stage) as registrar:
        domain = await registrar.active(_host(stage))
        registrar.set(domain)
        for days in (2, 4, 6):
            await registrar.check(now=utcnow() + timedelta(days=days))
        return str(domain["id"])


def _by(method: str, path: str) -> Cause:
    async def cause(stage: Stage) -> str:
        async with _registrar(stage) as registrar:
            domain: dict[str, Any] = await registrar.active(_host(stage))
            answer = await stage.business.owner.request(method, f"{DOMAINS}/{domain['id']}{path}")
            assert answer.is_success, answer.text
            return str(domain["id"])

    return cause


T = EventType
NAMING: dict[tuple[str, EventType], Cause] = {
    ("addDomain", T.DOMAIN_ADDED): _add,
    (TIME, T.DOMAIN_VERIFIED): _prove,
    (TIME, T.DOMAIN_ACTIVATED): _serve,
    (TIME, T.DOMAIN_FAILED): _give_up,
    (TIME, T.DOMAIN_SUSPENDED): _lose,
    ("releaseDomain", T.DOMAIN_RELEASED): _by("DELETE", ""),
    ("makeDomainPrimary", T.DOMAIN_UPDATED): _by("POST", "/primary"),
}
