"""The services and resources that tests speak of."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.tenant import AppointmentRow, ClassSessionRow
from app.scheduling import claims
from app.tenancy.slugs import schema_name
from tests.actors import Business


async def add_resource(
    business: Business, *, client: httpx.AsyncClient | None = None, **changes: object
) -> dict[str, Any]:
    """A new member of staff."""
    return await business.make("/resources", {"kind": "staff", "name": "Ada"} | changes, client=client)


async def add_service(
    business: Business, *pools: list[str], client: httpx.AsyncClient | None = None, **changes: object
) -> dict[str, Any]:
    """A new half-hour service that needs one resource of each pool."""
    requirements = [{"resource_ids": pool} for pool in pools]
    body = {"name": "Cut", "duration_minutes": 30, "requirements": requirements} | changes
    return await business.make("/services", body, client=client)


async def occupy(
    app: FastAPI,
    business: Business,
    service: dict[str, Any],
    resource_id: str,
    during: tuple[datetime, datetime],
    *,
    expires_at: datetime | None = None,
) -> None:
    """Claim the resource's time for an appointment, or for a hold that ends."""
    start_at, end_at = during
    customer = await business.make("/customers", {"name": "Grace"})
    now = utcnow()
    appointment = AppointmentRow(
        id=uuid7(),
        customer_id=UUID(customer["id"]),
        service_id=UUID(service["id"]),
        resource_ids=[UUID(resource_id)],
        start_at=start_at,
        end_at=end_at,
        timezone="UTC",
        status="held" if expires_at else "confirmed",
        price_minor=0,
        currency="EUR",
        notes="",
        source="api",
        expires_at=expires_at,
        ics_uid="test",
        ics_sequence=0,
        revision=1,
        created_at=now,
        updated_at=now,
    )
    async with app.state.database.transaction(schema_name(business.slug)) as session:
        session.add(appointment)
        await session.flush()
        claim = claims.NewClaim(UUID(resource_id), start_at, end_at, appointment.id, expires_at=expires_at)
        assert await claims.take(session, [claim], now=now)


def class_session_of(service: dict[str, Any], resource_id: str) -> ClassSessionRow:
    """A session of a class with one of two seats taken, in the year 2031. It claims nothing."""
    now = utcnow()
    return ClassSessionRow(
        id=uuid7(),
        service_id=UUID(service["id"]),
        resource_ids=[UUID(resource_id)],
        start_at=datetime(2031, 6, 2, 10, tzinfo=UTC),
        end_at=datetime(2031, 6, 2, 11, tzinfo=UTC),
        seats=2,
        seats_taken=1,
        status="open",
        created_at=now,
        updated_at=now,
    )
