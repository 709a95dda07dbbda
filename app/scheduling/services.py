"""The services that a business offers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import caseless, contains, is_kept, was_changed
from app.db.pages import Orders, find_page
from app.errors import Archived, ServiceNotFound
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import ServiceRequirementRow, ServiceRow
from app.scheduling import requirements
from app.scheduling.schemas.services import ServiceCreate, ServiceFilters, ServiceRead, ServiceUpdate
from app.tenancy.tenant import Tenant

_ORDERS: Orders = {
    "name": caseless(ServiceRow.name),
    "price_minor": ServiceRow.price_minor,
    "duration_minutes": ServiceRow.duration_minutes,
    "created_at": ServiceRow.created_at,
    "updated_at": ServiceRow.updated_at,
}


async def create(session: AsyncSession, tenant: Tenant, data: ServiceCreate, *, now: datetime) -> ServiceRead:
    """Offer a new service. Raises ValidationFailed for resources that it cannot require."""
    values = data.model_dump(exclude={"requirements", "currency", "slot_step_minutes"})
    row = ServiceRow(
        **values,
        id=uuid7(),
        currency=data.currency or tenant.currency,
        slot_step_minutes=data.slot_step_minutes or data.duration_minutes,
        archived_at=None,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    await session.flush()
    await requirements.replace(session, row.id, data.requirements)
    pools = [requirement.resource_ids for requirement in data.requirements]
    return _told(session, EventType.SERVICE_CREATED, ServiceRead.of(row, pools))


async def find(session: AsyncSession, filters: ServiceFilters) -> Page[ServiceRead]:
    """A page of the services. Raises CursorInvalid."""
    query = select(ServiceRow).where(
        is_kept(ServiceRow.archived_at, archived=filters.archived, ids=filters.ids),
        contains(filters.q, ServiceRow.name),
        was_changed(filters, ServiceRow.created_at, ServiceRow.updated_at),
    )
    if filters.resource_id is not None:
        served = select(ServiceRequirementRow.service_id)
        query = query.where(ServiceRow.id.in_(served.where(ServiceRequirementRow.resource_id == filters.resource_id)))
    found = await find_page(session, query, filters, _ORDERS, by=ServiceRow.id, ids=filters.ids)
    pools = await requirements.pools_of(session, [row.id for row in found.items])
    return found.holding([ServiceRead.of(row, pools[row.id]) for row in found.items])


async def read(session: AsyncSession, service_id: UUID) -> ServiceRead:
    """A service with what it needs, archived or not. Raises ServiceNotFound."""
    row = await require(session, service_id)
    return ServiceRead.of(row, (await requirements.pools_of(session, [row.id]))[row.id])


async def require(session: AsyncSession, service_id: UUID) -> ServiceRow:
    """A service, archived or not. Raises ServiceNotFound."""
    row = await session.get(ServiceRow, service_id)
    if row is None:
        raise ServiceNotFound("There is no service {service_id}.", params={"service_id": service_id})
    return row


async def update(session: AsyncSession, service_id: UUID, data: ServiceUpdate, *, now: datetime) -> ServiceRead:
    """Change a service for the bookings to come.

    Raises ServiceNotFound, Archived, and ValidationFailed for resources that it cannot require.
    """
    row = await _lock(session, service_id)
    if row.archived_at is not None:
        raise Archived("The service {name} is archived.", params={"name": row.name})
    values = changes(data)
    wanted = values.pop("requirements", None)
    if wanted is not None:
        await requirements.replace(session, row.id, wanted)
    is_changed = apply(row, values) or wanted is not None
    if is_changed:
        row.updated_at = now
    changed = await read(session, row.id)
    return _told(session, EventType.SERVICE_UPDATED, changed) if is_changed else changed


async def archive(session: AsyncSession, service_id: UUID, *, now: datetime) -> None:
    """End the offer. What is booked stays booked; doing it again changes nothing. Raises ServiceNotFound."""
    row = await _lock(session, service_id)
    if row.archived_at is None:
        row.archived_at = row.updated_at = now
        _told(session, EventType.SERVICE_ARCHIVED, await read(session, row.id))


async def lock_all(session: AsyncSession) -> None:
    """Keep every service from being changed by others until the transaction ends. Before resources are locked."""
    await session.execute(select(ServiceRow.id).order_by(ServiceRow.id).with_for_update(key_share=True))


async def do_without(session: AsyncSession, resource_id: UUID, *, now: datetime) -> None:
    """Take a resource out of every service on offer. All services and all resources must be locked.

    Raises ResourceInUse, which names the services that cannot do without it.
    """
    changed_ids = await requirements.release(session, resource_id)
    query = select(ServiceRow).where(ServiceRow.id.in_(changed_ids)).order_by(ServiceRow.id)
    rows = (await session.scalars(query)).all() if changed_ids else []
    pools = await requirements.pools_of(session, changed_ids) if rows else {}
    for row in rows:
        row.updated_at = now
        _told(session, EventType.SERVICE_UPDATED, ServiceRead.of(row, pools[row.id]))


def _told(session: AsyncSession, kind: EventType, service: ServiceRead) -> ServiceRead:
    record(session, Event(kind, service.updated_at, service.id, service.model_dump()))
    return service


async def _lock(session: AsyncSession, service_id: UUID) -> ServiceRow:
    """The service, for this transaction alone to change. Raises ServiceNotFound."""
    query = select(ServiceRow).where(ServiceRow.id == service_id).with_for_update(key_share=True)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise ServiceNotFound("There is no service {service_id}.", params={"service_id": service_id})
    return row
