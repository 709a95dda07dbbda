"""Events, as a change in a business would leave them."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.runtime import Runtime
from app.tenancy.mode import Mode
from tests.actors import Business


async def emit(
    source: FastAPI | Runtime, business: Business, mode: Mode = Mode.LIVE, data: dict[str, Any] | None = None
) -> None:
    """Commit an `appointment.created` of this business."""
    runtime: Runtime = source if isinstance(source, Runtime) else source.state.runtime
    tenant = await runtime.hosts.require(UUID(business.id), now=utcnow())
    event = Event(EventType.APPOINTMENT_CREATED, utcnow(), uuid7(), data or {"number": 1})
    async with runtime.database.transaction(tenant.schema(mode)) as session:
        record(session, event)
