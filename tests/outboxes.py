"""A business's outbox, with a dispatcher that empties it by a clock of the test's."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select, text

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.webhooks.drain import Dispatcher
from app.webhooks.places import MOST_PER_PROCESS
from app.webhooks.transport import WebhookTransport
from tests.actors import Business

READERS = ("appointments:read", "customers:read", "resources:read", "services:read")
"""The scopes to read what most events are about."""
SUBSCRIBER = ("webhooks:write", *READERS)
"""The scopes of a token that adds endpoints."""

CREATED, CANCELLED = EventType.APPOINTMENT_CREATED, EventType.APPOINTMENT_CANCELLED


class Clock:
    """Stands still, an hour ahead of the real one, until it is moved."""

    def __init__(self) -> None:
        self.now = utcnow() + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


class Outbox:
    """A business's outbox, and ways to fill it, empty it and look into it."""

    def __init__(self, app: FastAPI, business: Business, tenant: Tenant, dispatcher: Dispatcher) -> None:
        self.app = app
        self.business = business
        self.tenant = tenant
        self.dispatcher = dispatcher

    async def subscribe(self, url: str, *events: str, mode: str = "live") -> str:
        client = await self.business.client(*SUBSCRIBER, mode=mode)
        body = {"url": url, "events": events or ["appointment.*"]}
        return str((await self.business.make("/webhook-endpoints", body, client=client))["id"])

    def event(self, kind: EventType = CREATED, *, number: int = 1) -> Event:
        return Event(kind, utcnow(), uuid7(), {"number": number})

    async def emit(self, kind: EventType = CREATED, *, mode: Mode = Mode.LIVE, times: int = 1) -> None:
        async with self.app.state.database.transaction(self.tenant.schema(mode)) as session:
            for number in range(times):
                record(session, self.event(kind, number=number))

    async def drain(self, mode: Mode = Mode.LIVE) -> None:
        self.dispatcher.drain(self.tenant, mode)
        await self.dispatcher.settle(timeout_seconds=30)

    async def deliveries_to(self, endpoint_id: str) -> list[dict[str, Any]]:
        answer = await self.business.owner.get(f"/api/v1/webhook-endpoints/{endpoint_id}/deliveries?limit=100")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def deliveries(self, mode: Mode = Mode.LIVE) -> list[WebhookDeliveryRow]:
        """Every delivery as it is kept, in order."""
        async with self.app.state.database.transaction(self.tenant.schema(mode)) as session:
            return list(await session.scalars(select(WebhookDeliveryRow).order_by(WebhookDeliveryRow.id)))

    async def attempts(self, mode: Mode = Mode.LIVE) -> list[WebhookAttemptRow]:
        """Every attempt there was, in order."""
        async with self.app.state.database.transaction(self.tenant.schema(mode)) as session:
            return list(await session.scalars(select(WebhookAttemptRow).order_by(WebhookAttemptRow.id)))

    async def endpoint(self, endpoint_id: str, mode: Mode = Mode.LIVE) -> WebhookEndpointRow:
        async with self.app.state.database.transaction(self.tenant.schema(mode)) as session:
            row: WebhookEndpointRow = await session.get_one(WebhookEndpointRow, UUID(endpoint_id))
            return row

    async def change(self, statement: Any, mode: Mode = Mode.LIVE) -> None:
        async with self.app.state.database.transaction(self.tenant.schema(mode)) as session:
            await session.execute(statement)


def dispatcher_of(
    app: FastAPI, transport: WebhookTransport, clock: Clock, *, places: int = MOST_PER_PROCESS
) -> Dispatcher:
    runtime = app.state.runtime
    return Dispatcher(
        runtime.database,
        runtime.queue,
        runtime.keyring,
        transport,
        places=places,
        clock=clock,
        jitter=lambda: 0.0,
    )


_first_numbers = itertools.count(7_000_000_000, 1_000_000)


async def number_deliveries(app: FastAPI, business: Business, mode: Mode = Mode.LIVE) -> None:
    """Have the deliveries to come bear numbers that no other business has, nor anything else."""
    tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
    async with app.state.database.transaction(tenant.schema(mode)) as session:
        first = next(_first_numbers)
        await session.execute(text(f"ALTER TABLE webhook_deliveries ALTER COLUMN id RESTART WITH {first}"))


@asynccontextmanager
async def outbox_of(app: FastAPI, business: Business, clock: Clock) -> AsyncIterator[Outbox]:
    tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
    async with (
        WebhookTransport(allow_loopback=True) as transport,
        dispatcher_of(app, transport, clock) as dispatcher,
    ):
        yield Outbox(app, business, tenant, dispatcher)
