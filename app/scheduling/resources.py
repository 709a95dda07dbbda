"""The staff, rooms and equipment that bookings occupy."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import caseless, contains, equals, is_kept, was_changed
from app.db.pages import Orders, find_page
from app.errors import Archived, FieldError, ResourceInUse, ResourceNotFound, ValidationFailed
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import ClaimRow, ResourceRow
from app.people import staff
from app.scheduling import services
from app.scheduling.claims import lock_resources
from app.scheduling.schemas.resources import ResourceCreate, ResourceFilters, ResourceRead, ResourceUpdate
from app.tenancy.tenant import Tenant

_ORDERS: Orders = {
    "name": caseless(ResourceRow.name),
    "created_at": ResourceRow.created_at,
    "updated_at": ResourceRow.updated_at,
}


async def create(session: AsyncSession, tenant: Tenant, data: ResourceCreate, *, now: datetime) -> ResourceRow:
    """Add a resource, with an empty schedule: it is never open. Raises ValidationFailed for an unfit `user_id`."""
    await _check_user(session, tenant, data.kind, data.user_id)
    row = ResourceRow(
        id=uuid7(),
        kind=data.kind,
        name=data.name,
        timezone=data.timezone or tenant.timezone,
        user_id=data.user_id,
        archived_at=None,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    tell(session, EventType.RESOURCE_CREATED, row)
    return row


async def find(session: AsyncSession, filters: ResourceFilters) -> Page[ResourceRow]:
    """A page of the resources. Raises CursorInvalid."""
    query = select(ResourceRow).where(
        is_kept(ResourceRow.archived_at, archived=filters.archived, ids=filters.ids),
        equals(ResourceRow.kind, filters.kind),
        equals(ResourceRow.user_id, filters.user_id),
        contains(filters.q, ResourceRow.name),
        was_changed(filters, ResourceRow.created_at, ResourceRow.updated_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=ResourceRow.id, ids=filters.ids)


async def require(session: AsyncSession, resource_id: UUID) -> ResourceRow:
    """A resource, archived or not. Raises ResourceNotFound."""
    row = await session.get(ResourceRow, resource_id)
    if row is None:
        raise ResourceNotFound("There is no resource {resource_id}.", params={"resource_id": resource_id})
    return row


async def lock_active(session: AsyncSession, resource_id: UUID) -> ResourceRow:
    """A resource in use, for this transaction alone to change or to claim. Raises ResourceNotFound and Archived."""
    await lock_resources(session, [resource_id])
    row = await require(session, resource_id)
    if row.archived_at is not None:
        raise Archived("The resource {name} is archived.", params={"name": row.name})
    return row


async def update(
    session: AsyncSession, tenant: Tenant, resource_id: UUID, data: ResourceUpdate, *, now: datetime
) -> ResourceRow:
    """Change a resource. Raises ResourceNotFound, Archived, and ValidationFailed for an unfit `user_id`."""
    row = await lock_active(session, resource_id)
    values = changes(data)
    await _check_user(session, tenant, row.kind, values.get("user_id"))
    if apply(row, values):
        row.updated_at = now
        tell(session, EventType.RESOURCE_UPDATED, row)
    return row


def tell(session: AsyncSession, kind: EventType, row: ResourceRow) -> None:
    """Tell of a change of a resource, as it is by now."""
    record(session, Event(kind, row.updated_at, row.id, ResourceRead.model_validate(row).model_dump()))


async def archive(session: AsyncSession, resource_id: UUID, *, now: datetime) -> None:
    """Take a resource out of use. Doing it again changes nothing.

    Raises ResourceNotFound, and ResourceInUse while a service cannot do without it or appointments lie ahead.
    """
    # It is rare, so it may lock everything: then no two of them, and no change of a service, empty a pool together.
    await services.lock_all(session)
    await lock_resources(session, list(await session.scalars(select(ResourceRow.id))))
    row = await require(session, resource_id)
    if row.archived_at is not None:
        return
    if await _has_appointments_ahead(session, resource_id, now=now):
        raise ResourceInUse("{name} has appointments ahead.", params={"name": row.name})
    await services.do_without(session, resource_id, now=now)
    row.archived_at = row.updated_at = now
    tell(session, EventType.RESOURCE_ARCHIVED, row)


async def _has_appointments_ahead(session: AsyncSession, resource_id: UUID, *, now: datetime) -> bool:
    query = select(ClaimRow.id).where(
        ClaimRow.resource_id == resource_id,
        ClaimRow.during.overlaps(Range(now, None)),
        ClaimRow.block_id.is_(None),
        ClaimRow.expires_at.is_(None) | (ClaimRow.expires_at > now),
    )
    return (await session.scalars(query.limit(1))).first() is not None


async def _check_user(session: AsyncSession, tenant: Tenant, kind: str, user_id: UUID | None) -> None:
    if user_id is None:
        return
    if kind != "staff":
        wrong = FieldError("/user_id", "only staff can be linked to a log-in", code="staff-only")
        raise ValidationFailed(errors=[wrong])
    if user_id not in await staff.find_active(session, tenant, {user_id}):
        wrong = FieldError("/user_id", "there is no such active member of staff", code="unknown")
        raise ValidationFailed(errors=[wrong])
