"""What is slow, dead or mad keeps no event from those beside it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from fastapi import FastAPI

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.tenant import WebhookEndpointRow
from app.tenancy.mode import Mode
from app.webhooks.drain import Dispatcher
from app.webhooks.signature import new_secret
from app.webhooks.transport import WebhookTransport
from tests.actors import Business, Platform
from tests.outboxes import Clock, Outbox, dispatcher_of
from tests.receivers import PATIENCE_SECONDS


class Street:
    """A server with many doors: behind some, things are not well until the street is closed."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self._arrived = asyncio.Condition()
        self._closed = asyncio.Event()
        app = web.Application()
        app.router.add_post("/{kind}/{door}", self._receive)
        self._server = TestServer(app)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Street"]:
        await self._server.start_server()
        try:
            yield self
        finally:
            self._closed.set()
            await self._server.close()

    def url(self, kind: str, door: int = 0) -> str:
        return f"http://127.0.0.1:{self._server.port}/{kind}/{door}"

    async def wait_until(self, calls: int, kind: str) -> None:
        """Until this kind of door has been called so often."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: self.calls[kind] >= calls)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        await request.read()
        self.calls.update([kind, request.path])
        self.under_way[kind] += 1
        async with self._arrived:
            self._arrived.notify_all()
        try:
            return await self._answer(request, kind)
        finally:
            self.under_way[kind] -= 1

    async def _answer(self, request: web.Request, kind: str) -> web.StreamResponse:
        if kind == "hangs":
            await self._closed.wait()
        if kind in ("drips", "endless"):
            response = web.StreamResponse(status=500 if kind == "endless" else 200)
            await response.prepare(request)
            await response.write(b"x")
            while kind == "endless":
                await response.write(b"x" * 65536)
            await self._closed.wait()
            return response
        return web.Response(status=500 if kind == "fails" else 204)


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    async with Street().open() as street:
        yield street


@pytest.fixture
async def transport() -> AsyncIterator[WebhookTransport]:
    async with WebhookTransport(allow_loopback=True, timeout_seconds=PATIENCE_SECONDS) as made:
        yield made


async def outbox_of(app: FastAPI, business: Business, dispatcher: Dispatcher, urls: list[str]) -> Outbox:
    """A business's outbox with an endpoint at each URL: more than its owner could make."""
    tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
    now, sealed = utcnow(), app.state.keyring.seal(new_secret())
    async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        session.add_all(
            WebhookEndpointRow(
                id=uuid7(), url=url, events=["*"], secret_sealed=sealed, is_enabled=True, created_at=now, updated_at=now
            )
            for url in urls
        )
    return Outbox(app, business, tenant, dispatcher)


async def end(dispatcher: Dispatcher) -> None:
    """As a killed process does: nobody waits for what hangs."""
    for task in [*dispatcher._tasks]:  # noqa: SLF001 - else the test would last as long as the longest attempt
        task.cancel()
    await dispatcher.settle(timeout_seconds=PATIENCE_SECONDS)


class TestEndpointsOfOneBusiness:
    async def test_fifty_that_are_well_get_theirs_beside_four_that_are_not(
        self, app: FastAPI, business: Business, street: Street, transport: WebhookTransport
    ) -> None:
        bad = ["hangs", "fails", "drips", "endless"]
        async with dispatcher_of(app, transport, Clock()) as dispatcher:
            urls = [*map(street.url, bad), *(street.url("well", door) for door in range(50))]
            outbox = await outbox_of(app, business, dispatcher, urls)
            await outbox.emit(times=10)
            dispatcher.drain(outbox.tenant, Mode.LIVE)
            await street.wait_until(500, "well")
            assert {street.calls[f"/well/{door}"] for door in range(50)} == {10}
            assert street.under_way["hangs"] == street.calls["hangs"] > 0
            assert street.under_way["drips"] == street.calls["drips"] > 0
            await outbox.emit()
            dispatcher.drain(outbox.tenant, Mode.LIVE)
            await street.wait_until(550, "well")
            assert street.calls["hangs"] <= 8
            await end(dispatcher)

    async def test_one_that_is_well_gets_its_own_beside_nineteen_that_hang(
        self, app: FastAPI, business: Business, street: Street, transport: WebhookTransport
    ) -> None:
        async with dispatcher_of(app, transport, Clock()) as dispatcher:
            outbox = await outbox_of(app, business, dispatcher, [street.url("hangs", door) for door in range(19)])
            await outbox.emit(times=10)
            dispatcher.drain(outbox.tenant, Mode.LIVE)
            await street.wait_until(43, "hangs")
            await outbox_of(app, business, dispatcher, [street.url("well")])
            await outbox.emit(times=5)
            dispatcher.drain(outbox.tenant, Mode.LIVE)
            await street.wait_until(5, "well")
            assert street.under_way["hangs"] == street.calls["hangs"] < 64
            await end(dispatcher)


class TestBusinesses:
    async def test_that_are_well_get_theirs_beside_six_that_hang(
        self, app: FastAPI, platform: Platform, street: Street, transport: WebhookTransport
    ) -> None:
        async with AsyncExitStack() as stack:
            dispatcher = await stack.enter_async_context(dispatcher_of(app, transport, Clock(), places=32))
            hanging = [street.url("hangs", door) for door in range(20)]
            for _ in range(6):
                outbox = await outbox_of(app, await platform.sign_up(), dispatcher, hanging)
                await outbox.emit()
                dispatcher.drain(outbox.tenant, Mode.LIVE)
                await street.wait_until(street.calls["hangs"] + 1, "hangs")
            outbox = await outbox_of(app, await platform.sign_up(), dispatcher, [street.url("well")])
            await outbox.emit(times=20)
            dispatcher.drain(outbox.tenant, Mode.LIVE)
            await street.wait_until(20, "well")
            assert street.under_way["hangs"] == street.calls["hangs"] < 32
            await end(dispatcher)
