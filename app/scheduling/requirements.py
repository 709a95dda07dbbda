"""What services need of resources: for each requirement a pool, of which a booking takes one."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, delete, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.arrays import array_of
from app.errors import FieldError, InvalidValue, ResourceInUse, ValidationFailed
from app.models.tenant import ResourceRow, ServiceRequirementRow, ServiceRow
from app.scheduling.availability import Pool, assign
from app.scheduling.claims import lock_resources
from app.scheduling.schemas.services import RequirementSpec


async def pools_of(session: AsyncSession, service_ids: Sequence[UUID]) -> dict[UUID, list[Pool]]:
    """The pools of these services, each in the order of preference. In one statement."""
    members = aggregate_order_by(ServiceRequirementRow.resource_id, ServiceRequirementRow.priority)
    query = (
        select(ServiceRequirementRow.service_id, func.array_agg(members))
        .where(ServiceRequirementRow.service_id == _any(service_ids))
        .group_by(ServiceRequirementRow.service_id, ServiceRequirementRow.position)
        .order_by(ServiceRequirementRow.service_id, ServiceRequirementRow.position)
    )
    pools: dict[UUID, list[Pool]] = {service_id: [] for service_id in service_ids}
    for service_id, pool in await session.execute(query):
        pools[service_id].append(pool)
    return pools


async def replace(session: AsyncSession, service_id: UUID, requirements: Sequence[RequirementSpec]) -> None:
    """Make these the requirements of a service, whose row must be new or locked.

    Their resources stay locked until the transaction ends, so that none is archived meanwhile.
    Raises ValidationFailed, which points at each resource that is named twice, unknown or archived.
    """
    pools = [requirement.resource_ids for requirement in requirements]
    resource_ids = {resource_id for pool in pools for resource_id in pool}
    await lock_resources(session, resource_ids)
    query = select(ResourceRow.id).where(ResourceRow.id == _any(resource_ids), ResourceRow.archived_at.is_(None))
    usable = set(await session.scalars(query))
    errors = [
        wrong.at(f"/requirements/{position}/resource_ids/{priority}")
        for position, pool in enumerate(pools)
        for priority, resource_id in enumerate(pool)
        if (wrong := _wrong(resource_id, pool[:priority], usable))
    ]
    if not errors and not _can_be_met(pools):
        errors = [
            FieldError("/requirements", "there are not enough different resources for one of each", code="too-few")
        ]
    if errors:
        raise ValidationFailed(errors=errors)
    await session.execute(delete(ServiceRequirementRow).where(ServiceRequirementRow.service_id == service_id))
    rows = [
        {"service_id": service_id, "position": position, "resource_id": resource_id, "priority": priority}
        for position, pool in enumerate(pools)
        for priority, resource_id in enumerate(pool)
    ]
    await session.execute(insert(ServiceRequirementRow), rows)


async def release(session: AsyncSession, resource_id: UUID) -> list[UUID]:
    """Take a resource out of every pool, where each service can do without. All resources must be locked.

    Gives the services that had it. Archived services keep it, as part of their history. Raises ResourceInUse, which
    names the services that are stuck.
    """
    query = (
        select(ServiceRow.id, ServiceRow.name)
        .where(
            ServiceRow.archived_at.is_(None),
            ServiceRow.id.in_(
                select(ServiceRequirementRow.service_id).where(ServiceRequirementRow.resource_id == resource_id)
            ),
        )
        .order_by(ServiceRow.name, ServiceRow.id)
    )
    names = {service.id: service.name for service in await session.execute(query)}
    pools = await pools_of(session, list(names))
    stuck = [
        name
        for service_id, name in names.items()
        if not _can_be_met([[member for member in pool if member != resource_id] for pool in pools[service_id]])
    ]
    if stuck:
        raise ResourceInUse("These services cannot do without it: {services}.", params={"services": stuck})
    await session.execute(
        delete(ServiceRequirementRow).where(
            ServiceRequirementRow.resource_id == resource_id, ServiceRequirementRow.service_id == _any(names)
        )
    )
    return list(names)


def _wrong(resource_id: UUID, earlier: Sequence[UUID], usable: set[UUID]) -> InvalidValue | None:
    if resource_id not in usable:
        return InvalidValue("there is no such resource, or it is archived", code="unknown")
    return InvalidValue("is listed twice", code="repeated") if resource_id in earlier else None


def _can_be_met(pools: Sequence[Pool]) -> bool:
    return assign(pools, order_key=lambda _: ()) is not None


def _any(ids: Iterable[UUID]) -> ColumnElement[UUID]:
    return func.any(array_of(ids, Uuid()))
