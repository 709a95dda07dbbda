"""The weeks around today: time off and appointments, written with the claims that keep them apart."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.demo import diary
from app.demo.catalogue import Catalogue
from app.demo.description import Asset, Shop, weekly, window
from app.demo.today import Today, instant
from app.models.tenant import AppointmentRow, BlockRow
from app.scheduling import claims
from app.scheduling.lifecycle import Status
from app.scheduling.opening_hours import Override, WeeklyRule, expand
from app.tenancy.tenant import Tenant

_LUNCH_SECONDS = 30 * 60
_REVISIONS = {Status.CANCELLED: 2, Status.CHECKED_IN: 2, Status.NO_SHOW: 2, Status.COMPLETED: 3}


async def fill(
    session: AsyncSession, tenant: Tenant, shop: Shop, catalogue: Catalogue, today: Today, chance: Random
) -> None:
    """Write blocks and appointments, in bulk: hundreds of bookings one by one would be a long wait."""
    wanted: list[claims.NewClaim] = []
    calendars = {}
    for asset in shop.assets:
        calendars[asset.name] = calendar = diary.Calendar(_hours(asset, today))
        for block in _time_off(asset, catalogue, calendar, today):
            session.add(block)
            wanted.append(claims.NewClaim(block.resource_id, block.start_at, block.end_at, block_id=block.id))
            calendar.busy.append((int(block.start_at.timestamp()), int(block.end_at.timestamp())))
    now = int(today.now.timestamp())
    entries = diary.write(shop.treatments, calendars, customers=len(catalogue.customer_ids), now=now, chance=chance)
    for entry in sorted(entries, key=lambda entry: entry.booked):
        row = _appointment(entry, tenant, catalogue, chance)
        session.add(row)
        if entry.status is not Status.CANCELLED:
            start_at, end_at = map(instant, entry.claim)
            wanted += [
                claims.NewClaim(asset_id, start_at, end_at, appointment_id=row.id, expires_at=row.expires_at)
                for asset_id in row.resource_ids
            ]
    await session.flush()
    await claims.lock_resources(session, catalogue.asset_ids.values())
    if not await claims.take(session, wanted, now=today.now):
        raise RuntimeError("the demo's diary takes the same time twice")


def _hours(asset: Asset, today: Today) -> list[tuple[int, int]]:
    rules = [WeeklyRule(each.weekday, each.start, each.end) for each in weekly(asset.hours)]
    others = [(today.day(day), window(span)) for day, span in asset.other_hours]
    return expand(rules, [Override(day, ((each.start, each.end),)) for day, each in others], today.zone, *today.span)


def _time_off(asset: Asset, catalogue: Catalogue, calendar: diary.Calendar, today: Today) -> Iterator[BlockRow]:
    """Absences, and lunch on the other days at work."""
    resource_id = catalogue.asset_ids[asset.name]
    away = set()
    for absence in asset.absences:
        days = [today.day(absence.first_day + number) for number in range(absence.days + 1)]
        away.update(days[:-1])
        yield _block(resource_id, today.midnight(days[0]), today.midnight(days[-1]), absence.reason, today)
    if asset.lunch is None:
        return
    for opens, _closes in calendar.windows:
        day = today.date_of(opens)
        start = today.at(day, asset.lunch)
        lunch = (start, start + _LUNCH_SECONDS)
        if day not in away and calendar.is_free(lunch, lunch):
            yield _block(resource_id, *lunch, "Lunch", today)


def _block(resource_id: UUID, start: int, end: int, reason: str, today: Today) -> BlockRow:
    return BlockRow(
        id=uuid7(),
        resource_id=resource_id,
        start_at=instant(start),
        end_at=instant(end),
        reason=reason,
        created_at=today.now,
    )


def _appointment(entry: diary.Entry, tenant: Tenant, catalogue: Catalogue, chance: Random) -> AppointmentRow:
    service = catalogue.services[entry.treatment.name]
    appointment_id, booked_at, changed_at = uuid7(), instant(entry.booked), instant(entry.changed)
    is_cancelled = entry.status is Status.CANCELLED
    waits_until = booked_at + timedelta(minutes=service.approval_ttl_minutes)
    return AppointmentRow(
        id=appointment_id,
        customer_id=catalogue.customer_ids[entry.customer],
        service_id=service.id,
        resource_ids=[catalogue.asset_ids[name] for name in entry.assets],
        start_at=instant(entry.start),
        end_at=instant(entry.end),
        timezone=tenant.timezone,
        status=entry.status,
        price_minor=service.price_minor,
        currency=service.currency,
        notes="",
        source=chance.choice(("api", "staff")),
        expires_at=waits_until if entry.status is Status.PENDING else None,
        cancelled_at=changed_at if is_cancelled else None,
        cancelled_by=chance.choice(("customer", "staff")) if is_cancelled else None,
        cancel_reason=entry.reason,
        ics_uid=f"{appointment_id}@{tenant.id}",
        ics_sequence=0,
        revision=_REVISIONS.get(entry.status, 1),
        created_at=booked_at,
        updated_at=changed_at,
    )
