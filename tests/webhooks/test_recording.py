import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import web
from fastapi import FastAPI
from sqlalchemy import delete, update
from standardwebhooks import Webhook

from app.core.clock import utcnow
from app.core.crypto import Keyring
from app.models.tenant import WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.mode import Mode
from app.webhooks import deliveries
from app.webhooks.deliveries import LEASE, Attempt
from app.webhooks.places import Room
from app.webhooks.recording import record
from app.webhooks.retries import DELAYS
from app.webhooks.signature import new_secret
from app.webhooks.transport import Outcome
from tests.outboxes import Clock, Outbox
from tests.receivers import Received, Receiver, receiving, refuse
from tests.round_trips import statements


@pytest.fixture
def keyring(app: FastAPI) -> Keyring:
    keyring: Keyring = app.state.runtime.keyring
    return keyring


class TestRecord:
    async def test_keeps_each_attempt_with_what_was_asked_and_answered(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        receiver.answer = refuse(500, **{"X-Shop": "north"})
        began = clock.now
        await outbox.drain()
        clock.now += DELAYS[0]
        receiver.answer = refuse(200)
        await outbox.drain()
        failed, succeeded = await outbox.attempts()
        assert (failed.response_status, failed.response_excerpt, failed.error) == (500, "no, thank you", None)
        assert (succeeded.response_status, failed.delivery_id) == (200, succeeded.delivery_id)
        assert (failed.started_at, succeeded.started_at) == (began, clock.now)
        assert failed.duration_ms >= 0
        assert (failed.response_headers["x-shop"], failed.response_headers["content-length"]) == ("north", "13")
        sent = {name.lower(): value for name, value in receiver.received[0].headers.items()}
        assert failed.request_headers == {name: sent[name] for name in failed.request_headers}
        assert failed.request_headers.keys() >= {"webhook-id", "webhook-timestamp", "webhook-signature", "user-agent"}

    async def test_keeps_an_attempt_that_no_answer_came_to(self, outbox: Outbox) -> None:
        async with receiving() as gone:
            await outbox.subscribe(gone.url)
        await outbox.emit()
        await outbox.drain()
        (attempt,) = await outbox.attempts()
        assert (attempt.response_status, attempt.response_headers, attempt.response_excerpt) == (None, {}, "")
        assert (attempt.error or "").startswith("Connection failed")
        assert "webhook-signature" in attempt.request_headers

    async def test_keeps_one_that_came_too_late_to_count(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        schema = outbox.tenant.schema(Mode.LIVE)
        attempts: list[Attempt] = []
        for outcome in (Outcome(500, None, "late", 1, None), Outcome(204, None, "", 1, None)):
            async with outbox.app.state.database.transaction(schema) as session:
                (claimed,) = await deliveries.claim(session, Room(9, 9, []), now=clock.now)
            attempts.insert(0, Attempt(claimed, clock.now, outcome))
            clock.now += LEASE
        async with outbox.app.state.database.transaction(schema) as session:
            await record(session, attempts, now=clock.now, jitter=lambda: 0.0)
        assert {attempt.response_status for attempt in await outbox.attempts()} == {204, 500}
        (row,) = await outbox.deliveries()
        assert (row.status, row.attempts, row.response_status) == ("succeeded", 1, 204)

    async def test_leaves_out_what_was_deleted_meanwhile(self, outbox: Outbox, receiver: Receiver) -> None:
        deleted = asyncio.Event()

        async def answer_once_deleted(_message: Received) -> web.Response:
            await deleted.wait()
            return web.Response()

        receiver.answer = answer_once_deleted
        await outbox.subscribe(receiver.url)
        await outbox.emit(times=2)
        outbox.dispatcher.drain(outbox.tenant, Mode.LIVE)
        first, _ = await receiver.wait_for(2)
        await outbox.change(delete(WebhookDeliveryRow).where(WebhookDeliveryRow.event_id == first.id))
        deleted.set()
        await outbox.dispatcher.settle(timeout_seconds=30)
        (row,) = await outbox.deliveries()
        assert row.status == "succeeded"
        assert [attempt.delivery_id for attempt in await outbox.attempts()] == [row.id]

    async def test_takes_one_statement_however_many_attempts(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.emit(times=20)
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            claimed = await deliveries.claim(session, Room(20, 20, []), now=clock.now)
            attempts = [Attempt(each, clock.now, Outcome(500, None, "", 1, None)) for each in claimed]
            with statements(app) as sent:
                await record(session, attempts, now=clock.now, jitter=lambda: 0.0)
        assert len(sent) == 1
        assert len(await outbox.attempts()) == 20

    async def test_counts_the_schedule_from_where_it_began_anew(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        receiver.answer = refuse(500)
        await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.change(update(WebhookDeliveryRow).values(attempts=10, schedule_began_after=10))
        for made, delay in enumerate(DELAYS, start=1):
            await outbox.drain()
            (row,) = await outbox.deliveries()
            assert (row.status, row.attempts, row.next_attempt_at) == ("pending", 10 + made, clock.now + delay)
            clock.now += delay
        await outbox.drain()
        (row,) = await outbox.deliveries()
        assert (row.status, row.attempts) == ("failed", 20)


class TestFailingSince:
    async def test_is_when_the_first_failure_came_that_no_success_has_followed(
        self, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(500)
        began = clock.now
        await outbox.emit(times=2)
        await outbox.drain()
        clock.now += timedelta(hours=1)
        await outbox.drain()
        assert (await outbox.endpoint(endpoint)).failing_since == began
        receiver.answer = refuse(204)
        clock.now += timedelta(hours=1)
        await outbox.drain()
        assert (await outbox.endpoint(endpoint)).failing_since is None

    async def test_is_not_written_at_each_success(self, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        before = await outbox.endpoint(endpoint)
        await outbox.emit()
        await outbox.drain()
        after = await outbox.endpoint(endpoint)
        assert (after.failing_since, after.updated_at) == (None, before.updated_at)


class TestRotation:
    async def test_both_secrets_sign_until_the_previous_one_expires(
        self, outbox: Outbox, receiver: Receiver, clock: Clock, keyring: Keyring
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        current = keyring.unseal((await outbox.endpoint(endpoint)).secret_sealed)
        previous = new_secret().rstrip("=")
        expires_at = utcnow() + timedelta(hours=24)
        sealed = {"previous_secret_sealed": keyring.seal(previous), "previous_secret_expires_at": expires_at}
        await outbox.change(update(WebhookEndpointRow).values(sealed))
        await outbox.emit()
        clock.now = utcnow()
        await outbox.drain()
        (message,) = receiver.received
        for secret in (current, previous):
            assert Webhook(secret).verify(message.body, dict(message.headers))["sequence"]
        clock.now = expires_at
        await outbox.emit()
        await outbox.drain()
        assert len(receiver.received[1].headers["webhook-signature"].split()) == 1


class TestHeaders:
    async def test_of_the_endpoint_are_sent_and_their_values_not_kept(
        self, outbox: Outbox, receiver: Receiver, keyring: Keyring
    ) -> None:
        await outbox.subscribe(receiver.url)
        theirs = {"X-Shop-Key": "a secret of theirs", "Content-Type": "text/plain", "Webhook-Id": "1"}
        sealed = keyring.seal(json.dumps(theirs))
        await outbox.change(update(WebhookEndpointRow).values(headers_sealed=sealed))
        await outbox.emit()
        await outbox.drain()
        (message,) = receiver.received
        assert message.headers["X-Shop-Key"] == "a secret of theirs"
        assert message.headers["Content-Type"] == "application/json"
        assert message.id != "1"
        (attempt,) = await outbox.attempts()
        assert attempt.request_headers["x-shop-key"] == "***"
        assert attempt.request_headers["content-type"] == "application/json"
        assert attempt.request_headers["webhook-id"] == message.id
        assert "secret of theirs" not in json.dumps(attempt.request_headers)

    async def test_that_cannot_be_read_are_said_to_be_so(self, outbox: Outbox, receiver: Receiver) -> None:
        await outbox.subscribe(receiver.url)
        await outbox.change(update(WebhookEndpointRow).values(headers_sealed="sealed with another key"))
        await outbox.emit()
        await outbox.drain()
        (attempt,) = await outbox.attempts()
        assert "headers cannot be read" in (attempt.error or "")
        assert attempt.request_headers == {}
        assert receiver.received == []
