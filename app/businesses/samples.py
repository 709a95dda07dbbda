"""A small business to try things on: two people and a room, three services, five customers, and a diary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.businesses.schemas import SandboxRead
from app.people import customers
from app.people.schemas import CustomerCreate
from app.scheduling import booking, resources, schedules, services
from app.scheduling.availability import Alignment
from app.scheduling.context import SchedulingContext
from app.scheduling.opening_hours import instant
from app.scheduling.schemas.appointments import AppointmentCreate
from app.scheduling.schemas.resources import ResourceCreate
from app.scheduling.schemas.schedules import Schedule, WeeklyWindow
from app.scheduling.schemas.services import RequirementSpec, ServiceCreate

_WORKING_DAYS = range(1, 6)
_OPENS, _CLOSES = time(9), time(17)
_RESOURCES = (
    ResourceCreate(kind="staff", name="Robin"),
    ResourceCreate(kind="staff", name="Kim"),
    ResourceCreate(kind="room", name="Room 1"),
)
_CUSTOMERS = (
    CustomerCreate(name="Ines Marin", email="ines.marin@mail.example", phone="+12025550140", notes="Prefers mornings."),
    CustomerCreate(name="Tom Adler", email="tom.adler@post.example", phone="+12025550141"),
    CustomerCreate(name="Aisha Khan", email="aisha.khan@mail.example", phone="+12025550142"),
    CustomerCreate(name="Jonas Weber", email="jonas.weber@post.example"),
    CustomerCreate(name="Mei Lin", phone="+12025550144", notes="Pays in cash."),
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An appointment to be: on which working day from now, at what time there, and for whom, counted from 0."""

    day: int
    at: time
    service: int
    customer: int


_DIARY = (
    _Entry(0, time(10), service=2, customer=0),
    _Entry(0, time(14), service=1, customer=1),
    _Entry(1, time(9), service=1, customer=2),
    _Entry(1, time(11, 30), service=2, customer=3),
    _Entry(2, time(13), service=0, customer=4),
    _Entry(3, time(15), service=1, customer=0),
)


async def fill(session: AsyncSession, context: SchedulingContext) -> SandboxRead:
    """Make the business in the empty schema of the session, through the same doors as everybody; what there is then."""
    tenant, now = context.tenant, context.now
    made = [(await resources.create(session, tenant, data, now=now)).id for data in _RESOURCES]
    await session.flush()
    weekly = [WeeklyWindow(weekday=day, start=_OPENS, end=_CLOSES) for day in _WORKING_DAYS]
    for resource_id in made:
        await schedules.replace(session, resource_id, Schedule(timezone=tenant.timezone, weekly=weekly), now=now)
    offered = [(await services.create(session, tenant, data, now=now)).id for data in _services(*made)]
    known = [(await customers.create(session, data, now=now)).id for data in _CUSTOMERS]
    await session.flush()
    for data in _bookings(offered, known, context):
        await booking.book(session, context, data)
    return SandboxRead(resources=len(made), services=len(offered), customers=len(known), appointments=len(_DIARY))


def _services(robin: UUID, kim: UUID, room: UUID) -> Iterator[ServiceCreate]:
    anybody, in_the_room = RequirementSpec(resource_ids=[robin, kim]), RequirementSpec(resource_ids=[room])
    yield ServiceCreate(
        name="Workshop",
        description="Half a day, on request.",
        duration_minutes=180,
        price_minor=24000,
        slot_step_minutes=60,
        alignment=Alignment.CLOCK,
        requires_approval=True,
        requirements=[RequirementSpec(resource_ids=[robin]), in_the_room],
    )
    yield ServiceCreate(
        name="Treatment",
        duration_minutes=60,
        buffer_after_minutes=15,
        price_minor=6000,
        slot_step_minutes=30,
        alignment=Alignment.CLOCK,
        requirements=[anybody, in_the_room],
    )
    yield ServiceCreate(
        name="Consultation",
        description="To get to know each other.",
        duration_minutes=30,
        alignment=Alignment.CLOCK,
        requirements=[anybody],
    )


def _bookings(
    offered: Sequence[UUID], known: Sequence[UUID], context: SchedulingContext
) -> Iterator[AppointmentCreate]:
    zone = ZoneInfo(context.tenant.timezone)
    days = _working_days_after(context.now.astimezone(zone).date())
    for entry in _DIARY:
        start = datetime.fromtimestamp(instant(days[entry.day], entry.at, zone), UTC)
        yield AppointmentCreate(service_id=offered[entry.service], customer_id=known[entry.customer], start=start)


def _working_days_after(today: date) -> list[date]:
    """Those of the week that begins tomorrow."""
    week = (today + timedelta(days=number) for number in range(1, 8))
    return [day for day in week if day.isoweekday() in _WORKING_DAYS]
