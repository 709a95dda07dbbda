"""What a worker has claimed and not begun: there are more of these than places, so that none is ever idle."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from fastapi import FastAPI

from app.models.tenant import WebhookDeliveryRow
from app.tenancy.mode import Mode
from app.webhooks import deliveries
from app.webhooks.deliveries import LEASE
from app.webhooks.places import BATCH, MOST_PER_ENDPOINT, Room
from app.webhooks.transport import WebhookTransport
from tests.actors import Business
from tests.outboxes import Clock, Outbox, dispatcher_of, outbox_of
from tests.receivers import Received, Receiver, eventually

PATH = "/api/v1/webhook-endpoints"
MADE = BATCH
WAITING = MADE - MOST_PER_ENDPOINT
A_MOMENT = timedelta(seconds=2)


class Gate:
    """Keeps whatever arrives at a receiver waiting until it is opened."""

    def __init__(self, receiver: Receiver) -> None:
        self.opened = asyncio.Event()
        receiver.answer = self.answer

    async def answer(self, _message: Received) -> web.Response:
        await self.opened.wait()
        return web.Response()


@pytest.fixture
def gate(receiver: Receiver) -> Gate:
    return Gate(receiver)


@pytest.fixture
async def endpoint(outbox: Outbox, receiver: Receiver, gate: Gate) -> AsyncIterator[str]:
    """An endpoint that is sent as much as it may be, with more waiting for it."""
    made = await outbox.subscribe(receiver.url)
    await outbox.emit(times=MADE)
    outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)
    await receiver.wait_for(MOST_PER_ENDPOINT)
    yield made
    gate.opened.set()
    await outbox.dispatcher.settle(timeout_seconds=30)


async def look_again(outbox: Outbox, clock: Clock) -> None:
    """Have the worker compare what waits with what the endpoint has become."""
    clock.now += A_MOMENT
    outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)

    def is_anew(row: WebhookDeliveryRow) -> bool:
        return row.next_attempt_at in {clock.now, clock.now + LEASE}

    async def has_looked() -> bool:
        return sum(is_anew(row) for row in await outbox.deliveries()) == WAITING

    await eventually(has_looked)


class TestWaiting:
    async def test_goes_where_the_endpoint_has_moved_meanwhile(
        self, outbox: Outbox, endpoint: str, receiver: Receiver, other_receiver: Receiver, clock: Clock, gate: Gate
    ) -> None:
        await outbox.business.owner.patch(f"{PATH}/{endpoint}", json={"url": other_receiver.url})
        await look_again(outbox, clock)
        gate.opened.set()
        await other_receiver.wait_for(WAITING)
        await outbox.dispatcher.settle(timeout_seconds=30)
        assert (len(receiver.received), len(other_receiver.received)) == (MOST_PER_ENDPOINT, WAITING)

    async def test_is_signed_with_the_secret_that_has_replaced_the_old_one(
        self, outbox: Outbox, endpoint: str, receiver: Receiver, clock: Clock, gate: Gate
    ) -> None:
        await outbox.business.owner.post(f"{PATH}/{endpoint}/rotate-secret", json={})
        await look_again(outbox, clock)
        gate.opened.set()
        await receiver.wait_for(MADE)
        signed = Counter(len(each.headers["webhook-signature"].split()) for each in receiver.received)
        assert signed == {1: MOST_PER_ENDPOINT, 2: WAITING}

    async def test_is_not_sent_to_an_endpoint_that_was_switched_off_meanwhile(
        self, outbox: Outbox, endpoint: str, receiver: Receiver, clock: Clock, gate: Gate
    ) -> None:
        await outbox.business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": False})
        await look_again(outbox, clock)
        gate.opened.set()
        await outbox.dispatcher.settle(timeout_seconds=30)
        assert len(receiver.received) == MOST_PER_ENDPOINT
        found = Counter(each["status"] for each in await outbox.deliveries_to(endpoint))
        assert found == {"succeeded": MOST_PER_ENDPOINT, "pending": WAITING}

    async def test_past_its_lease_is_left_to_who_has_claimed_it_since(
        self, app: FastAPI, outbox: Outbox, endpoint: str, receiver: Receiver, clock: Clock, gate: Gate
    ) -> None:
        later = Clock()
        later.now = clock.now + LEASE
        async with (
            WebhookTransport(allow_loopback=True) as transport,
            dispatcher_of(app, transport, later) as other_worker,
        ):
            other_worker.drain(outbox.tenant, Mode.LIVE)
            await receiver.wait_for(2 * MOST_PER_ENDPOINT)
            clock.now = later.now  # not before: looking at what waits, the first would claim it once more
            gate.opened.set()
            await other_worker.settle(timeout_seconds=30)
        await outbox.dispatcher.settle(timeout_seconds=30)
        times = Counter(message.id for message in receiver.received)
        assert Counter(times.values()) == {1: WAITING, 2: MOST_PER_ENDPOINT}
        assert {each["status"] for each in await outbox.deliveries_to(endpoint)} == {"succeeded"}

    async def test_of_two_businesses_gets_on_with_a_single_place(
        self, app: FastAPI, business: Business, other_business: Business, receiver: Receiver, clock: Clock
    ) -> None:
        async with (
            outbox_of(app, business, clock) as outbox,
            outbox_of(app, other_business, clock) as other_outbox,
            WebhookTransport(allow_loopback=True) as transport,
            dispatcher_of(app, transport, clock, places=1) as worker,
        ):
            for each in (outbox, other_outbox):
                await each.subscribe(receiver.url)
                await each.emit(times=3)
                worker.drain(each.tenant, Mode.LIVE)
            await receiver.wait_for(6)
            await worker.settle(timeout_seconds=30)
        assert len({message.id for message in receiver.received}) == 6


class TestRelease:
    async def test_leaves_alone_what_another_worker_has_claimed_since(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            first = await deliveries.claim(session, Room(9, 9, []), now=clock.now)
            clock.now += LEASE
            await deliveries.claim(session, Room(9, 9, []), now=clock.now)
            await deliveries.release(session, first, now=clock.now)
            assert await deliveries.next_due_at(session, after=clock.now) == clock.now + LEASE
