"""Webhooks: how many a worker's core sends beside a bare loop, and how long one is under way."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, cycle, islice
from uuid import UUID

import aiohttp
import orjson

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.events.catalogue import EventType
from app.events.outbox import Event, message_of, payload_of, record
from app.models.tenant import WebhookEndpointRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.webhooks.drain import Dispatcher
from app.webhooks.places import MOST_PER_TENANT
from app.webhooks.signature import new_secret, sign
from app.webhooks.transport import OWN_HEADERS, WebhookTransport
from app.workers.process import work
from bench.stage import PASSWORD, Stage

EVENTS = 400
ENDPOINTS = 8
ROUNDS = 5
TENANTS = (10, 1_000)
SAMPLES = 200
BUSY_EVENTS = 400
BUSY_PAUSE = 0.02  # seconds between two events: fifty a second
BAD = ("hangs", "fails", "drips", "endless")
DATA = {"id": str(uuid7()), "status": "confirmed", "notes": "x" * 600}  # about as long as an appointment


@dataclass(frozen=True, slots=True)
class Receiver:
    """The other process."""

    session: aiohttp.ClientSession
    url: str

    async def taken(self, number: int) -> list[tuple[str, int]]:
        """Once it has taken so many: their ids, and when they arrived."""
        while int(await self._get("count")) < number:  # noqa: ASYNC110 — what is waited for lies in another process
            await asyncio.sleep(0.01)
        found: list[tuple[str, int]] = orjson.loads(await self._get("take"))
        return found

    async def _get(self, path: str) -> str:
        async with self.session.get(f"{self.url}/{path}") as answer:
            return await answer.text()


async def measure(stage: Stage) -> None:
    """Print deliveries a second and their ratio to the limit, then delays from commit to receipt."""
    async with _receiving() as receiver:
        print("Webhooks")
        await _measure_speed(stage, receiver)
        for most, tenants in zip(TENANTS, await _sign_up(stage, TENANTS, [f"{receiver.url}/ok/one"]), strict=True):
            await _measure_delay(stage, receiver, tenants, most)
        await _measure_neighbours(stage, receiver)


@asynccontextmanager
async def _receiving() -> AsyncIterator[Receiver]:
    command = (sys.executable, "-m", "bench.receiver")
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        port = int(await process.stdout.readline()) if process.stdout else 0
        async with aiohttp.ClientSession() as session:
            yield Receiver(session, f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        await process.wait()


async def _measure_speed(stage: Stage, receiver: Receiver) -> None:
    """One business, eight endpoints, as many sendings at once as it may have; the loop sends the same bytes."""
    (tenant,) = (await _sign_up(stage, [1], endpoints=[f"{receiver.url}/ok/{number}" for number in range(ENDPOINTS)]))[
        0
    ]
    total, ours, limits = EVENTS * ENDPOINTS, [], []
    runtime = stage.app.state.runtime
    async with (
        WebhookTransport(allow_loopback=True) as transport,
        Dispatcher(runtime.database, runtime.queue, runtime.keyring, transport) as dispatcher,
    ):
        for _ in range(ROUNDS + 1):
            await _emit(stage, tenant, EVENTS)
            began, cpu = time.perf_counter(), time.process_time()
            dispatcher.drain(tenant, Mode.LIVE)
            await dispatcher.settle(timeout_seconds=120)
            ours.append((time.perf_counter() - began, time.process_time() - cpu))
            await receiver.taken(total)
            began, cpu = time.perf_counter(), time.process_time()
            await _send_bare(f"{receiver.url}/ok/bare", total)
            limits.append((time.perf_counter() - began, time.process_time() - cpu))
            await receiver.taken(total)
    (taken, cpu), (limit, limit_cpu) = (
        map(statistics.median, zip(*times[1:], strict=True)) for times in (ours, limits)
    )
    print(f"  bare loop            {total / limit:8.0f} a second")
    print(f"  one worker           {total / taken:8.0f} a second   {limit / taken:.2f} of the limit's speed")
    print(f"  of the worker's core {total / cpu:8.0f} a second   {limit_cpu / cpu:.2f}")


async def _send_bare(url: str, number: int) -> None:
    """The limit: the same client, the same signing, the same number at once; nothing is read or recorded."""
    secret, numbers = new_secret(), iter(range(number))
    payload = payload_of(_event())

    async def send() -> None:
        for sequence in numbers:
            message_id, timestamp, body = str(uuid7()), int(time.time()), message_of(payload, sequence).encode()
            headers = {
                **OWN_HEADERS,
                "webhook-id": message_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign([secret], message_id, timestamp, body),
            }
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:
        for _ in range(MOST_PER_TENANT):
            group.create_task(send())


async def _measure_delay(stage: Stage, receiver: Receiver, tenants: Sequence[Tenant], most: int) -> None:
    """An event now of this business, now of that, each once the one before has arrived."""
    delays = []
    async with _working(stage):
        for tenant in islice(cycle(tenants), SAMPLES):
            committed_at = await _emit(stage, tenant, 1)
            ((_, arrived_at),) = await receiver.taken(1)
            delays.append((arrived_at - committed_at) / 1e6)
    print(f"  commit to receipt at {most:5,} businesses: {_percentiles(delays)}")


async def _measure_neighbours(stage: Stage, receiver: Receiver) -> None:
    """Fifty endpoints of five businesses, fifty events a second; then four more that are no good, among them."""
    healthy = [f"{receiver.url}/ok/{number}" for number in range(10)]
    (tenants,) = await _sign_up(stage, [5], endpoints=healthy)
    alone = await _busy(stage, receiver, tenants)
    for tenant, kind in zip(tenants, BAD, strict=False):
        await _subscribe(stage, tenant, [f"{receiver.url}/{kind}/"])
    beside = await _busy(stage, receiver, tenants)
    growth = _percentile(beside, 95) / _percentile(alone, 95)
    print(f"  50 healthy endpoints:         {_percentiles(alone)}")
    print(f"  beside one that hangs, one that fails, one that drips, one without an end: {_percentiles(beside)}")
    print(f"  p95 beside them               {growth:5.2f} of that without them")


async def _busy(stage: Stage, receiver: Receiver, tenants: Sequence[Tenant]) -> list[float]:
    committed: list[int] = []
    async with _working(stage):
        for tenant in islice(cycle(tenants), BUSY_EVENTS):
            committed.append(await _emit(stage, tenant, 1))
            await asyncio.sleep(BUSY_PAUSE)
        found = await receiver.taken(BUSY_EVENTS * 10)
    arrived: dict[str, list[int]] = {}
    for message_id, arrived_at in found:
        arrived.setdefault(message_id, []).append(arrived_at)
    in_order = sorted(arrived.items())  # as ids are
    return [
        (at - committed_at) / 1e6
        for committed_at, (_, instants) in zip(committed, in_order, strict=True)
        for at in instants
    ]


@asynccontextmanager
async def _working(stage: Stage) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(work(stage.settings, stop))
    yield
    stop.set()
    await task


_numbers = count()


async def _sign_up(stage: Stage, groups: Sequence[int], endpoints: Sequence[str] = ()) -> list[list[Tenant]]:
    """Businesses, in groups that hold those of the group before; each has these endpoints."""
    tenants: list[Tenant] = []
    for _ in range(max(groups)):
        slug = f"hook-{next(_numbers)}"
        owner = {"email": f"owner@{slug}.example", "name": "Owner", "password": PASSWORD}
        body = {"name": slug, "slug": slug, "subscription_tier": "ENTERPRISE", "owner": owner}
        made = await stage.platform.make("/platform/tenants", body)
        tenants.append(await stage.app.state.hosts.require(UUID(made["id"]), now=utcnow()))
        await _subscribe(stage, tenants[-1], endpoints)
    return [tenants[:size] for size in groups]


async def _subscribe(stage: Stage, tenant: Tenant, urls: Sequence[str]) -> None:
    now, seal = utcnow(), stage.app.state.keyring.seal
    async with stage.app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        for url in urls:
            session.add(
                WebhookEndpointRow(
                    id=uuid7(),
                    url=url,
                    events=["*"],
                    secret_sealed=seal(new_secret()),
                    is_enabled=True,
                    created_at=now,
                    updated_at=now,
                )
            )


async def _emit(stage: Stage, tenant: Tenant, number: int) -> int:
    """Commit so many events; the nanosecond at which the commit began."""
    async with stage.app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        for _ in range(number):
            record(session, _event())
        return time.time_ns()


def _event() -> Event:
    return Event(EventType.APPOINTMENT_CREATED, utcnow(), uuid7(), DATA)


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _percentiles(values: Sequence[float]) -> str:
    return f"p50 {_percentile(values, 50):6.1f} ms, p95 {_percentile(values, 95):6.1f} ms"
