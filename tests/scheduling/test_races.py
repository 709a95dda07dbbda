"""Everybody at once, through the whole application, with real commits."""

import asyncio
import itertools
from collections import Counter
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from app.models.tenant import AppointmentRow, ClaimRow
from tests.scheduling.salon import Salon, at

CLIENTS = 50
ROUNDS = 10


def outcomes(answers: list[httpx.Response]) -> Counter[str]:
    """How often each answer came: `201`, or the code of a problem."""
    return Counter("201" if answer.status_code == 201 else answer.json()["code"] for answer in answers)


async def claimed(app: FastAPI, salon: Salon, *resource_ids: str) -> int:
    """How many claims these resources have."""
    ids = [UUID(resource_id) for resource_id in resource_ids]
    async with app.state.database.transaction(salon.schema) as session:
        return len((await session.scalars(select(ClaimRow.id).where(ClaimRow.resource_id.in_(ids)))).all())


class TestOneSlot:
    async def test_is_given_to_exactly_one_of_fifty_ten_times_over(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource(opens="00:00", closes="00:00")
        service = await salon.service([ada])

        for number in range(ROUNDS):
            clock = f"{10 + number}:00"
            answers = await asyncio.gather(*(salon.book(service, clock) for _ in range(CLIENTS)))

            assert outcomes(answers) == {"201": 1, "slot-taken": CLIENTS - 1}
            assert await claimed(app, salon, ada) == number + 1

    async def test_is_given_as_often_as_there_are_staff(self, salon: Salon, app: FastAPI) -> None:
        team = [await salon.resource(name) for name in ("Ada", "Bob", "Cyd")]
        service = await salon.service(team)

        answers = await asyncio.gather(*(salon.book(service, "10:00") for _ in range(CLIENTS)))

        assert outcomes(answers) == {"201": len(team), "slot-taken": CLIENTS - len(team)}
        assert await claimed(app, salon, *team) == len(team)

    async def test_is_given_to_one_after_a_hold_has_expired(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource()
        service = await salon.service([ada])
        await salon.booked(service, "10:00", hold=True)

        answers = await asyncio.gather(*(salon.book(service, "10:00", now=at("06:30")) for _ in range(CLIENTS)))

        assert outcomes(answers) == {"201": 1, "slot-taken": CLIENTS - 1}
        assert await claimed(app, salon, ada) == 1

    async def test_is_confirmed_or_booked_anew_never_both(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource(opens="00:00", closes="00:00")
        service = await salon.service([ada])

        for number in range(ROUNDS):
            clock = f"{10 + number}:00"
            held = await salon.booked(service, clock, hold=True)
            confirmed, booked = await asyncio.gather(
                salon.act(held, "confirm", now=at("06:30")), salon.book(service, clock, now=at("06:30"))
            )

            assert sorted([confirmed.status_code, booked.status_code]) in ([200, 409], [201, 409])
            assert await claimed(app, salon, ada) == number + 1


class TestBookingAndBlock:
    async def test_only_one_of_them_gets_the_time(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource()
        service = await salon.service([ada])
        block = {"start": at("10:30"), "end": at("12:00")}

        answers = await asyncio.gather(
            *(salon.book(service, "10:00") for _ in range(20)),
            *(salon.desk.post(f"/api/v1/resources/{ada}/blocks", json=block) for _ in range(20)),
        )

        assert outcomes(answers)["201"] == 1
        assert set(outcomes(answers)) <= {"201", "slot-taken", "resource-busy"}
        assert await claimed(app, salon, ada) == 1


class TestReschedules:
    async def test_that_cross_each_other_lose_nothing_and_book_nothing_twice(self, salon: Salon, app: FastAPI) -> None:
        ada, room = await salon.resource(), await salon.resource(kind="room")
        service = await salon.service([ada], [room])
        clocks = ("08:00", "09:00", "10:00", "11:00")
        made = [await salon.booked(service, clock) for clock in clocks]

        wishes = itertools.product(made, clocks, range(3))
        answers = await asyncio.gather(
            *(salon.act(each, "reschedule", {"start": at(clock)}) for each, clock, _ in wishes)
        )

        # Each may be moved once, if only to where it was; every other wish finds its slot taken or it gone.
        assert set(outcomes(answers)) <= {"201", "slot-taken", "invalid-transition"}
        assert await claimed(app, salon, ada, room) == 2 * len(made)
        assert await self._confirmed_starts(app, salon, ada) == list(clocks)

    async def test_onto_one_slot_move_one_and_leave_the_others(self, salon: Salon, app: FastAPI) -> None:
        ada, bob = await salon.resource(), await salon.resource("Bob")
        service = await salon.service([ada, bob])
        clocks = ("08:00", "09:00", "10:00")
        made = [await salon.booked(service, clock, resource_ids=[ada]) for clock in clocks]

        answers = await asyncio.gather(
            *(salon.act(each, "reschedule", {"start": at("14:00")}) for each in made),
            salon.book(service, "14:00", resource_ids=[ada]),
        )

        assert outcomes(answers) == {"201": 1, "slot-taken": 3}
        assert "14:00" in await self._confirmed_starts(app, salon, ada)
        assert await claimed(app, salon, ada) in (len(made), len(made) + 1)

    async def _confirmed_starts(self, app: FastAPI, salon: Salon, resource_id: str) -> list[str]:
        query = (
            select(AppointmentRow.start_at)
            .where(AppointmentRow.resource_ids.contains([UUID(resource_id)]), AppointmentRow.status == "confirmed")
            .order_by(AppointmentRow.start_at)
        )
        async with app.state.database.transaction(salon.schema) as session:
            return [f"{start_at:%H:%M}" for start_at in await session.scalars(query)]


class TestEverythingAtOnce:
    async def test_ends_with_a_claim_for_each_live_appointment_and_no_server_error(
        self, salon: Salon, app: FastAPI
    ) -> None:
        team = [await salon.resource(name) for name in ("Ada", "Bob")]
        service = await salon.service(team, buffer_after_minutes=10, slot_step_minutes=30, alignment="clock")
        made = [await salon.booked(service, clock) for clock in ("08:00", "10:00", "12:00")]

        answers = await asyncio.gather(
            *(salon.book(service, clock) for clock in ("14:00", "14:30", "15:00") for _ in range(8)),
            *(salon.act(each, "cancel") for each in made for _ in range(3)),
            *(salon.act(each, "reschedule", {"start": at("14:00")}) for each in made for _ in range(3)),
        )

        assert all(answer.status_code < 500 for answer in answers)
        live = select(func.count()).where(
            AppointmentRow.service_id == UUID(service), AppointmentRow.status == "confirmed"
        )
        async with app.state.database.transaction(salon.schema) as session:
            appointments = await session.scalar(live)
            overlapping = select(ClaimRow.during).where(ClaimRow.resource_id == UUID(team[0]))
            ranges: list[Range[object]] = list(await session.scalars(overlapping))
        assert await claimed(app, salon, *team) == appointments
        assert not any(one.overlaps(other) for one, other in itertools.combinations(ranges, 2))
