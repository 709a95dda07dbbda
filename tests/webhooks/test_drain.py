import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from fastapi import FastAPI
from sqlalchemy import text, update

from app.models.tenant import WebhookEndpointRow
from app.tenancy.mode import Mode
from app.webhooks import deliveries
from app.webhooks.deliveries import LEASE
from app.webhooks.places import MOST_PER_ENDPOINT, Room
from app.webhooks.retries import DELAYS
from app.webhooks.transport import WebhookTransport
from tests.outboxes import CANCELLED, CREATED, Clock, Outbox, dispatcher_of
from tests.receivers import Received, Receiver, eventually, receiving, refuse


@pytest.fixture
async def transport() -> AsyncIterator[WebhookTransport]:
    async with WebhookTransport(allow_loopback=True) as made:
        yield made


class TestDrain:
    async def test_sends_the_stored_payload_and_records_the_answer(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        (message,) = receiver.received
        assert json.loads(message.body).keys() == {"type", "timestamp", "data", "sequence"}
        assert message.headers["webhook-timestamp"] == str(int(clock.now.timestamp()))
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert delivery["event_id"] == message.id
        assert (delivery["status"], delivery["attempts"]) == ("succeeded", 1)
        assert (delivery["response_status"], delivery["error"], delivery["next_attempt_at"]) == (204, None, None)
        assert datetime.fromisoformat(delivery["last_attempt_at"]) == clock.now

    async def test_sends_nothing_twice(self, outbox: Outbox, receiver: Receiver) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        await outbox.drain()
        assert len(receiver.received) == 1

    async def test_sends_only_what_the_endpoint_subscribes_to(self, outbox: Outbox, receiver: Receiver) -> None:
        await outbox.subscribe(receiver.url, CANCELLED)
        await outbox.emit(CREATED)
        await outbox.emit(CANCELLED)
        await outbox.drain()
        assert [json.loads(message.body)["type"] for message in receiver.received] == [CANCELLED]

    async def test_sends_a_backlog_with_few_at_once(self, outbox: Outbox, receiver: Receiver) -> None:
        at_once = 0
        most = 0

        async def answer(_message: Received) -> web.Response:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.005)
            at_once -= 1
            return web.Response()

        receiver.answer = answer
        await outbox.subscribe(receiver.url)
        await outbox.emit(times=50)
        await outbox.drain()
        assert len({message.id for message in receiver.received}) == 50
        assert 1 < most <= MOST_PER_ENDPOINT

    async def test_is_not_held_up_by_an_endpoint_that_hangs(
        self, outbox: Outbox, receiver: Receiver, other_receiver: Receiver
    ) -> None:
        released = asyncio.Event()

        async def hang(_message: Received) -> web.Response:
            await released.wait()
            return web.Response()

        receiver.answer = hang
        await outbox.subscribe(receiver.url)
        await outbox.subscribe(other_receiver.url)
        await outbox.emit(times=20)
        outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)
        await other_receiver.wait_for(20)
        await outbox.emit()
        outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)
        await other_receiver.wait_for(21)
        assert len(receiver.received) <= MOST_PER_ENDPOINT
        released.set()
        await receiver.wait_for(21)
        await outbox.dispatcher.settle(timeout_seconds=30)

    async def test_shares_the_work_between_workers(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit(times=40)
        async with AsyncExitStack() as stack:
            for _ in range(3):
                transport = await stack.enter_async_context(WebhookTransport(allow_loopback=True))
                worker = await stack.enter_async_context(dispatcher_of(app, transport, clock))
                worker.drain(outbox.tenant, Mode.LIVE)
            await receiver.wait_for(40)
        assert set(Counter(message.id for message in receiver.received).values()) == {1}
        found = await outbox.deliveries_to(endpoint)
        assert Counter(each["status"] for each in found) == {"succeeded": 40}

    async def test_survives_an_endpoint_deleted_meanwhile(self, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)

        async def answer(_message: Received) -> web.Response:
            await outbox.business.owner.delete(f"/api/v1/webhook-endpoints/{endpoint}")
            return web.Response()

        receiver.answer = answer
        await outbox.emit()
        await outbox.drain()
        assert len(receiver.received) == 1

    async def test_goes_on_when_the_database_is_back(
        self, outbox: Outbox, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        schema = outbox.tenant.schema(Mode.LIVE)
        await outbox.change(text(f"ALTER SCHEMA {schema} RENAME TO {schema}_away"))
        outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)

        async def has_failed() -> bool:
            return "no turn for" in caplog.text

        await eventually(has_failed)
        await outbox.change(text(f"ALTER SCHEMA {schema}_away RENAME TO {schema}"))
        await receiver.wait_for(1)
        await outbox.dispatcher.settle(timeout_seconds=30)

    async def test_ends_with_what_it_has_begun_and_leaves_the_rest_to_others(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver, clock: Clock, transport: WebhookTransport
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit(times=20)
        released = asyncio.Event()

        async def hang(_message: Received) -> web.Response:
            await released.wait()
            return web.Response()

        receiver.answer = hang
        async with dispatcher_of(app, transport, clock) as stopping:
            stopping.drain(outbox.tenant, Mode.LIVE)
            await receiver.wait_for(MOST_PER_ENDPOINT)
            asyncio.get_running_loop().call_soon(released.set)
        found = Counter(each["status"] for each in await outbox.deliveries_to(endpoint))
        assert found == {"succeeded": MOST_PER_ENDPOINT, "pending": 20 - MOST_PER_ENDPOINT}
        await outbox.drain()
        assert len({message.id for message in receiver.received}) == len(receiver.received) == 20

    async def test_begins_nothing_more_for_an_endpoint_that_is_gone(self, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(410)
        await outbox.emit(times=24)
        await outbox.drain()
        assert len(receiver.received) <= MOST_PER_ENDPOINT
        found = Counter(each["status"] for each in await outbox.deliveries_to(endpoint))
        assert found == {"failed": len(receiver.received), "pending": 24 - len(receiver.received)}

    async def test_says_that_a_secret_cannot_be_read(self, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.change(update(WebhookEndpointRow).values(secret_sealed="sealed with another key"))
        await outbox.emit()
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert (delivery["status"], delivery["attempts"]) == ("pending", 1)
        assert "signing secret" in delivery["error"]
        assert receiver.received == []


class TestRetry:
    async def test_follows_the_schedule_under_the_same_id_and_then_gives_up(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(500)
        await outbox.emit()
        for attempts, delay in enumerate(DELAYS, start=1):
            await outbox.drain()
            (delivery,) = await outbox.deliveries_to(endpoint)
            assert (delivery["status"], delivery["attempts"]) == ("pending", attempts)
            assert (delivery["response_status"], delivery["response_excerpt"]) == (500, "no, thank you")
            assert datetime.fromisoformat(delivery["next_attempt_at"]) == clock.now + delay
            clock.now += delay - timedelta(milliseconds=1)
            await outbox.drain()
            assert len(receiver.received) == attempts
            clock.now += timedelta(milliseconds=1)
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert (delivery["status"], delivery["attempts"], delivery["next_attempt_at"]) == ("failed", 10, None)
        assert len({message.id for message in receiver.received}) == 1
        assert len({message.body for message in receiver.received}) == 1
        assert len({message.headers["webhook-timestamp"] for message in receiver.received}) == 10

    async def test_succeeds_when_the_receiver_is_back(self, outbox: Outbox, receiver: Receiver, clock: Clock) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await receiver.server.close()
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert delivery["error"].startswith("Connection failed")
        assert delivery["response_status"] is None
        async with receiving() as revived:
            await outbox.change(update(WebhookEndpointRow).values(url=revived.url))
            clock.now += DELAYS[0]
            await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert (delivery["status"], delivery["attempts"], delivery["error"]) == ("succeeded", 2, None)

    async def test_is_put_off_by_retry_after(self, outbox: Outbox, receiver: Receiver, clock: Clock) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(429, **{"Retry-After": "600"})
        await outbox.emit()
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert datetime.fromisoformat(delivery["next_attempt_at"]) == clock.now + timedelta(seconds=600)

    async def test_never_comes_after_410_which_disables_the_endpoint(
        self, outbox: Outbox, receiver: Receiver, other_receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.subscribe(other_receiver.url)
        receiver.answer = refuse(410)
        await outbox.emit()
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert (delivery["status"], delivery["next_attempt_at"]) == ("failed", None)
        shown = (await outbox.business.owner.get(f"/api/v1/webhook-endpoints/{endpoint}")).json()
        assert (shown["is_enabled"], shown["disabled_reason"]) == (False, "The endpoint answered 410 Gone.")
        await outbox.emit()
        await outbox.drain()
        assert (len(receiver.received), len(other_receiver.received)) == (1, 2)

    async def test_waits_while_the_endpoint_is_disabled(self, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.change(update(WebhookEndpointRow).values(is_enabled=False))
        await outbox.drain()
        assert receiver.received == []
        assert [each["status"] for each in await outbox.deliveries_to(endpoint)] == ["pending"]
        await outbox.change(update(WebhookEndpointRow).values(is_enabled=True))
        await outbox.drain()
        assert len(receiver.received) == 1


class TestLease:
    async def test_keeps_others_away_until_it_ends(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            (claimed,) = await deliveries.claim(session, Room(9, 9, []), now=clock.now)
        clock.now += LEASE - timedelta(milliseconds=1)
        await outbox.drain()
        assert receiver.received == []
        clock.now += timedelta(milliseconds=1)
        await outbox.drain()
        assert [message.id for message in receiver.received] == [str(claimed.event_id)]

    async def test_that_ran_out_makes_a_late_failure_count_for_nothing(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        released = asyncio.Event()

        async def hang_once_and_fail(_message: Received) -> web.Response:
            if len(receiver.received) > 1:
                return web.Response()
            await released.wait()
            return web.Response(status=500)

        receiver.answer = hang_once_and_fail
        await outbox.emit()
        outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)
        await receiver.wait_for(1)
        clock.now += LEASE
        outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)
        await receiver.wait_for(2)

        async def is_recorded() -> bool:
            return bool((await outbox.deliveries_to(endpoint))[0]["status"] == "succeeded")

        await eventually(is_recorded)
        released.set()
        await outbox.dispatcher.settle(timeout_seconds=30)
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert (delivery["status"], delivery["attempts"], delivery["response_status"]) == ("succeeded", 1, 200)
