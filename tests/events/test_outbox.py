import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.events.outbox import Event, payload_of, record
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.outboxes import CANCELLED, CREATED, Clock, Outbox, outbox_of
from tests.receivers import Receiver, eventually


@pytest.fixture
async def outbox(app: FastAPI, business: Business) -> AsyncIterator[Outbox]:
    async with outbox_of(app, business, Clock()) as made:
        yield made


class TestRecordEvent:
    async def test_leaves_nothing_of_a_change_that_is_rolled_back(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver
    ) -> None:
        await outbox.subscribe(receiver.url)
        with pytest.raises(ZeroDivisionError):
            async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
                record(session, outbox.event())
                _ = 1 / 0
        await outbox.drain()
        assert receiver.received == []

    async def test_outlives_a_part_of_its_transaction_that_is_rolled_back(
        self, app: FastAPI, outbox: Outbox, receiver: Receiver
    ) -> None:
        await outbox.subscribe(receiver.url)
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            record(session, outbox.event())
            with pytest.raises(ZeroDivisionError):
                async with session.begin_nested():
                    record(session, outbox.event())
                    _ = 1 / 0
            async with session.begin_nested():
                record(session, outbox.event(CANCELLED))
        await outbox.drain()
        assert {json.loads(message.body)["type"] for message in receiver.received} == {CREATED, CANCELLED}
        assert len(receiver.received) == 2

    async def test_reaches_the_endpoints_of_its_own_mode_alone(
        self, outbox: Outbox, receiver: Receiver, other_receiver: Receiver
    ) -> None:
        await outbox.subscribe(receiver.url, mode="live")
        await outbox.subscribe(other_receiver.url, mode="test")
        await outbox.emit(mode=Mode.SANDBOX)
        for mode in Mode:
            await outbox.drain(mode)
        assert (len(receiver.received), len(other_receiver.received)) == (0, 1)

    async def test_reaches_the_endpoints_of_its_own_business_alone(
        self, app: FastAPI, outbox: Outbox, other_business: Business, receiver: Receiver, other_receiver: Receiver
    ) -> None:
        await outbox.subscribe(receiver.url)
        await other_business.make("/webhook-endpoints", {"url": other_receiver.url, "events": ["*"]})
        await outbox.emit()
        await outbox.drain()
        outbox.dispatcher.drain(await app.state.hosts.require(UUID(other_business.id), now=utcnow()), Mode.LIVE)
        await outbox.dispatcher.settle(timeout_seconds=30)
        assert (len(receiver.received), len(other_receiver.received)) == (1, 0)

    async def test_is_due_now_whatever_time_it_occurred_at(self, app: FastAPI, outbox: Outbox) -> None:
        await outbox.subscribe("https://example.com/hook")
        started_at = utcnow()
        event = Event(CREATED, started_at + timedelta(days=400), uuid7(), {})
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            record(session, event)
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            due_at = await session.scalar(select(WebhookDeliveryRow.next_attempt_at))
            payload = await session.scalar(select(EventRow.payload).where(EventRow.type == CREATED))
        assert started_at <= due_at <= utcnow()
        assert payload == payload_of(event)

    async def test_leaves_out_an_endpoint_that_is_just_being_deleted(self, app: FastAPI, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        schema = outbox.tenant.schema(Mode.LIVE)
        async with app.state.database.transaction(schema) as session:
            await session.delete(await session.get(WebhookEndpointRow, UUID(endpoint)))
            await session.flush()
            emitting = asyncio.create_task(outbox.emit())
            waiting = text("SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted")
            await eventually(lambda: session.scalar(waiting))
        await emitting
        async with app.state.database.transaction(schema) as session:
            assert (await session.scalars(select(EventRow.type).where(EventRow.type == CREATED))).all() == [CREATED]
            assert await session.scalar(select(func.count()).select_from(WebhookDeliveryRow)) == 0

    async def test_writes_ids_as_the_driver_gives_them(self, app: FastAPI, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        async with app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            found = await session.scalar(select(func.array_agg(WebhookEndpointRow.id)))
        event = Event(CREATED, utcnow(), uuid7(), {"ids": found})
        assert f'"ids":["{endpoint}"]' in payload_of(event)
