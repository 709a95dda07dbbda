"""A demo business's catalogue and customers, made as its owner would make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demo import diary, guests
from app.demo.description import Asset, Shop, Treatment, weekly, window
from app.demo.today import Today
from app.people import customers
from app.scheduling import resources, schedules, services
from app.scheduling.availability import Alignment
from app.scheduling.schemas.resources import ResourceCreate
from app.scheduling.schemas.schedules import DateOverride, Schedule
from app.scheduling.schemas.services import RequirementSpec, ServiceCreate, ServiceRead
from app.tenancy.tenant import Tenant

_CUSTOMER_DAYS = (40, 400)  # since when people are customers: before the oldest booking


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was made: assets and services by their names."""

    asset_ids: Mapping[str, UUID]
    services: Mapping[str, ServiceRead]
    customer_ids: list[UUID]


async def make(
    session: AsyncSession, tenant: Tenant, shop: Shop, today: Today, chance: Random, *, customer_count: int
) -> Catalogue:
    """Make resources with their schedules, services and customers, in an empty schema."""
    asset_ids = {asset.name: await _add_asset(session, tenant, asset, today) for asset in shop.assets}
    offered = {each.name: await _add_treatment(session, tenant, each, asset_ids, today) for each in shop.treatments}
    customer_ids = []
    for data in guests.invent(shop, customer_count, chance):
        since = today.now - timedelta(days=chance.randint(*_CUSTOMER_DAYS))
        customer_ids.append((await customers.create(session, data, now=since)).id)
    await session.flush()
    return Catalogue(asset_ids, offered, customer_ids)


async def _add_asset(session: AsyncSession, tenant: Tenant, asset: Asset, today: Today) -> UUID:
    row = await resources.create(session, tenant, ResourceCreate(kind=asset.kind, name=asset.name), now=today.now)
    schedule = Schedule(
        timezone=tenant.timezone,
        weekly=weekly(asset.hours),
        overrides=[DateOverride(date=today.day(day), windows=[window(span)]) for day, span in asset.other_hours],
    )
    await schedules.replace(session, row.id, schedule, now=today.now)
    return row.id


async def _add_treatment(
    session: AsyncSession, tenant: Tenant, treatment: Treatment, asset_ids: Mapping[str, UUID], today: Today
) -> ServiceRead:
    data = ServiceCreate(
        name=treatment.name,
        description=treatment.description,
        duration_minutes=treatment.minutes,
        buffer_before_minutes=treatment.before,
        buffer_after_minutes=treatment.after,
        price_minor=treatment.price_minor,
        slot_step_minutes=diary.GRID // 60,
        alignment=Alignment.CLOCK,
        minimum_notice_minutes=treatment.notice_minutes,
        requires_approval=treatment.requires_approval,
        requirements=[RequirementSpec(resource_ids=[asset_ids[name] for name in pool]) for pool in treatment.needs],
    )
    return await services.create(session, tenant, data, now=today.now)
