"""One booking through the whole stack, without a limit of bookings and close to one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import insert

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.tenant import AppointmentRow
from bench.calling import Caller
from bench.pairs import milliseconds, take_turns
from bench.stage import Stage, add_service, add_staff, next_monday, round_trips_of

ROUNDS = 200
MADE = 9_000  # of the 10,000 bookings a month that PROFESSIONAL covers

Booking = Callable[[Caller], Awaitable[object]]


async def measure(stage: Stage, owner: Caller) -> None:
    """Print the median time of a booking and its round trips, and what it costs to count those of the month."""
    limited = await stage.sign_up("limited", subscription_tier="PROFESSIONAL")
    book, book_limited = await _prepare(owner), await _prepare(limited, stage, bookings=MADE)
    caller, limited_caller = await stage.token(owner), await stage.token(limited)
    taken, taken_limited = await take_turns(lambda: book(caller), lambda: book_limited(limited_caller), rounds=ROUNDS)
    trips = await round_trips_of(stage, limited_caller, book_limited)
    print("POST /appointments")
    print(f"  median      {milliseconds(taken)}")
    print(f"  {MADE:,} of the month counted  {milliseconds(taken_limited)}  {taken_limited / taken:5.2f}")
    print(f"  round trips {trips:5d}")


async def _prepare(owner: Caller, stage: Stage | None = None, *, bookings: int = 0) -> Booking:
    """What books the next free half-hour of a business that has made so many bookings this month."""
    service_id = await add_service(owner, members := await add_staff(owner, 1), booking_window_days=None)
    customer_id = (await owner.make("/customers", {"name": "Cleo Customer"}))["id"]
    if stage is not None:
        await _fill(stage, owner, service_id, customer_id, members[0], bookings)
    free = count()

    async def book(caller: Caller) -> None:
        day, slot = divmod(next(free), 20)
        start = next_monday(2) + timedelta(days=day, hours=8, minutes=30 * slot)
        body = {"service_id": service_id, "customer_id": customer_id, "start": start.isoformat()}
        await caller.make("/appointments", body)

    return book


async def _fill(stage: Stage, owner: Caller, service_id: str, customer_id: str, member: str, bookings: int) -> None:
    """Write bookings that were made this month. Their time is free: it is the counting that is measured."""
    now = utcnow()
    rows = [
        {
            "id": uuid7(),
            "customer_id": UUID(customer_id),
            "service_id": UUID(service_id),
            "resource_ids": [UUID(member)],
            "start_at": now,
            "end_at": now + timedelta(minutes=30),
            "timezone": "UTC",
            "status": "confirmed",
            "price_minor": 4500,
            "currency": "EUR",
            "notes": "",
            "source": "api",
            "ics_uid": "bench",
            "ics_sequence": 0,
            "revision": 1,
            "created_at": now,
            "updated_at": now,
        }
        for _ in range(bookings)
    ]
    schema = f"tenant_{owner.host.partition('.')[0]}"
    async with stage.app.state.database.transaction(schema) as session:
        await session.execute(insert(AppointmentRow), rows)
