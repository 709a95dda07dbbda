"""When resources work: weekly hours and the dates that differ, as they are written down."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, ValidationFailed
from app.events.catalogue import EventType
from app.models.tenant import ScheduleOverrideRow, ScheduleRuleRow
from app.scheduling import resources
from app.scheduling.schemas.schedules import DateOverride, Schedule, WeeklyWindow, Window

_WEEKDAYS = range(1, 8)
_MINUTES_A_DAY = 24 * 60


async def read(session: AsyncSession, resource_id: UUID) -> Schedule:
    """The schedule of a resource, empty if none was ever set. Raises ResourceNotFound."""
    resource = await resources.require(session, resource_id)
    rules = await session.scalars(
        select(ScheduleRuleRow)
        .where(ScheduleRuleRow.resource_id == resource_id)
        .order_by(ScheduleRuleRow.weekday, ScheduleRuleRow.starts_at_local)
    )
    overrides = await session.scalars(
        select(ScheduleOverrideRow)
        .where(ScheduleOverrideRow.resource_id == resource_id)
        .order_by(ScheduleOverrideRow.local_date)
    )
    return Schedule(
        timezone=resource.timezone,
        weekly=[
            WeeklyWindow(weekday=rule.weekday, start=rule.starts_at_local, end=rule.ends_at_local) for rule in rules
        ],
        overrides=[DateOverride(date=row.local_date, windows=row.windows) for row in overrides],
    )


async def replace(session: AsyncSession, resource_id: UUID, schedule: Schedule, *, now: datetime) -> Schedule:
    """Make this the whole schedule of a resource. What is booked outside it stays booked.

    Raises ResourceNotFound, Archived, and ValidationFailed, which points at each overlap and repeated date.
    """
    errors = list(_conflicts(schedule))
    if errors:
        raise ValidationFailed(errors=errors)
    resource = await resources.lock_active(session, resource_id)
    resource.timezone = schedule.timezone
    resource.updated_at = now
    resources.tell(session, EventType.RESOURCE_SCHEDULE_CHANGED, resource)
    await session.execute(delete(ScheduleRuleRow).where(ScheduleRuleRow.resource_id == resource_id))
    await session.execute(delete(ScheduleOverrideRow).where(ScheduleOverrideRow.resource_id == resource_id))
    rules = [
        {
            "resource_id": resource_id,
            "weekday": window.weekday,
            "starts_at_local": window.start,
            "ends_at_local": window.end,
        }
        for window in schedule.weekly
    ]
    overrides = [
        {"resource_id": resource_id, "local_date": override.date, "windows": _sorted_windows(override)}
        for override in schedule.overrides
    ]
    if rules:
        await session.execute(insert(ScheduleRuleRow), rules)
    if overrides:
        await session.execute(insert(ScheduleOverrideRow), overrides)
    return await read(session, resource_id)


def _sorted_windows(override: DateOverride) -> list[dict[str, str]]:
    windows = sorted(override.windows, key=lambda window: window.start)
    return [window.model_dump(mode="json") for window in windows]


def _conflicts(schedule: Schedule) -> Iterator[FieldError]:
    for weekday in _WEEKDAYS:
        windows = {index: window for index, window in enumerate(schedule.weekly) if window.weekday == weekday}
        for index in _overlapping(windows):
            yield FieldError(f"/weekly/{index}", "overlaps another window of this weekday", code="overlap")
    dates = [override.date for override in schedule.overrides]
    for position, override in enumerate(schedule.overrides):
        if override.date in dates[:position]:
            yield FieldError(f"/overrides/{position}/date", "has an override already", code="repeated")
        for index in _overlapping(dict(enumerate(override.windows))):
            pointer = f"/overrides/{position}/windows/{index}"
            yield FieldError(pointer, "overlaps another window of this date", code="overlap")


def _overlapping(windows: Mapping[int, Window]) -> Iterator[int]:
    """The windows of one day that begin before an earlier one has ended."""
    busy_until = 0
    for index, window in sorted(windows.items(), key=lambda item: item[1].start):
        start, end = _minutes(window.start), _minutes(window.end)
        if start < busy_until:
            yield index
        busy_until = max(busy_until, end if end > start else end + _MINUTES_A_DAY)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
