"""Booking through the whole stack."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text

from app.core.ids import uuid7
from app.models.tenant import AppointmentRow, ClaimRow, EventRow
from app.scheduling.schemas.appointments import Expansion
from tests.receivers import eventually
from tests.round_trips import recorded
from tests.scheduling.salon import DESK, NOW, Salon, at, refusal


class TestBookAppointment:
    async def test_takes_the_slot_as_the_service_is_now(self, salon: Salon) -> None:
        ada = await salon.resource()
        service = await salon.service([ada])

        answer = await salon.book(service, "10:00", notes="Shorter at the back", timezone="Asia/Tokyo")
        made = answer.json()
        await salon.desk.patch(f"/api/v1/services/{service}", json={"price_minor": 9900})

        assert answer.status_code == 201
        assert made["status"] == "confirmed"
        assert (made["start"], made["end"]) == (at("10:00"), at("11:00"))
        assert (made["price_minor"], made["currency"]) == (4500, "EUR")
        assert (made["notes"], made["timezone"], made["source"]) == ("Shorter at the back", "Asia/Tokyo", "api")
        assert made["resource_ids"] == [ada]
        assert made["expires_at"] is None
        assert await salon.read(made) == made
        assert await salon.starts(service) == ["08:00", "09:00", "11:00", "12:00", "13:00", "14:00", "15:00"]

    async def test_says_where_it_is_and_which_revision(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.book(service, "10:00")

        assert answer.headers["etag"] == '"1"'
        read = await salon.desk.get(answer.headers["location"])
        assert read.json() == answer.json()
        assert read.headers["etag"].startswith('"1.')

    async def test_costs_at_most_five_round_trips(self, salon: Salon, app: FastAPI) -> None:
        team = [await salon.resource(name) for name in ("Ada", "Bob", "Cyd")]
        service = await salon.service(team, [await salon.resource(kind="room")])
        await salon.book(service, "08:00")

        with recorded(app) as trips:
            answer = await salon.book(service, "10:00")

        assert answer.status_code == 201
        assert [trip.split()[0] for trip in trips] == ["BEGIN", "SELECT", "SELECT", "WITH", "COMMIT"]

    async def test_replaces_a_hold_that_has_expired(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)

        assert refusal(await salon.book(service, "10:00", now=at("06:09"))) == (409, "slot-taken")
        await salon.booked(service, "10:00", now=at("06:10"))

        assert (await salon.read(held, now=at("06:10")))["status"] == "expired"

    async def test_waits_for_approval_where_the_service_wants_it(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], requires_approval=True, approval_ttl_minutes=90)

        made = await salon.booked(service, "10:00")

        assert (made["status"], made["expires_at"]) == ("pending", at("07:30"))
        assert "10:00" not in await salon.starts(service)

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({}, "appointment.created"),
            ({"hold": True}, "appointment.held"),
        ],
    )
    async def test_records_the_event_as_the_api_shows_the_appointment(
        self, lone_salon: Salon, app: FastAPI, changes: dict[str, Any], kind: str
    ) -> None:
        service = await lone_salon.service([await lone_salon.resource()])

        made = await lone_salon.booked(service, "10:00", **changes)

        async with app.state.database.transaction(lone_salon.schema) as session:
            payload = orjson.loads(await session.scalar(select(EventRow.payload).where(EventRow.type == kind)))
        assert payload["data"] == {name: value for name, value in made.items() if name not in set(Expansion)}

    async def test_delivers_the_event_to_subscribers(self, lone_salon: Salon, app: FastAPI) -> None:
        service = await lone_salon.service([await lone_salon.resource()])
        admin = await lone_salon.business.client("webhooks:write", "appointments:read", mode="test")
        endpoint = {"url": "http://127.0.0.1:9000/", "events": ["appointment.created"]}
        await lone_salon.business.make("/webhook-endpoints", endpoint, client=admin)

        await lone_salon.booked(service, "10:00")
        await lone_salon.booked(service, "11:00", hold=True)

        async with app.state.database.transaction(lone_salon.schema) as session:
            delivered = select(EventRow.type).where(text("id IN (SELECT event_id FROM webhook_deliveries)"))
            assert (await session.scalars(delivered)).all() == ["appointment.created"]


class TestWhoServes:
    async def test_whoever_has_fewest_bookings_that_day(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        service = await salon.service([ada, bob])

        served = [
            (await salon.booked(service, clock))["resource_ids"] for clock in ("08:00", "09:00", "10:00", "11:00")
        ]

        assert served == [[ada], [bob], [ada], [bob]]

    async def test_one_of_each_requirement(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        rooms = [await salon.resource("Room", kind="room")]
        service = await salon.service([ada, bob], rooms)

        made = await salon.booked(service, "10:00")

        assert made["resource_ids"] == [ada, *rooms]
        assert refusal(await salon.book(service, "10:00")) == (409, "slot-taken")

    async def test_the_one_that_is_asked_for(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        room = await salon.resource("Room", kind="room")
        service = await salon.service([ada, bob], [room])

        made = await salon.booked(service, "10:00", resource_ids=[bob])

        assert made["resource_ids"] == [bob, room]

    async def test_one_of_those_that_a_slot_names(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        room = await salon.resource("Room", kind="room")
        service = await salon.service([ada, bob], [room])
        slot = (await salon.ask(service)).json()["slots"][0]

        made = await salon.booked(service, "08:00", resource_ids=slot["resource_ids"])

        assert made["resource_ids"] == [ada, room]

    async def test_nobody_else_when_the_one_asked_for_is_busy(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        service = await salon.service([ada, bob])
        await salon.booked(service, "10:00", resource_ids=[ada])

        assert refusal(await salon.book(service, "10:00", resource_ids=[ada])) == (409, "slot-taken")

    async def test_not_somebody_of_another_service(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.book(service, "10:00", resource_ids=[await salon.resource("Bob")])

        assert refusal(answer) == (422, "validation-failed")
        assert answer.json()["errors"][0]["pointer"] == "/resource_ids/0"


class TestRefusals:
    @pytest.mark.parametrize(
        ("clock", "now", "code", "words"),
        [
            ("07:00", NOW, (422, "slot-unavailable"), "at work"),
            ("15:30", NOW, (422, "slot-unavailable"), "at work"),
            ("10:20", NOW, (422, "slot-unavailable"), "10:00:00Z, 2027-02-01T11:00:00Z"),
            ("10:00", at("09:30"), (422, "slot-unavailable"), "60 minutes ahead"),
            ("10:00", at("10:30"), (422, "slot-unavailable"), "past"),
            ("10:00", "2027-01-20T00:00:00Z", (422, "slot-unavailable"), "7 days ahead"),
            ("13:00", NOW, (409, "slot-taken"), "busy"),
            ("12:00", NOW, (409, "slot-taken"), "too close"),
        ],
    )
    async def test_say_in_words_why_a_start_is_not_offered(
        self, salon: Salon, clock: str, now: str, code: tuple[int, str], words: str
    ) -> None:
        ada = await salon.resource()
        await salon.booked(await salon.service([ada]), "13:00")
        service = await salon.service(
            [ada], buffer_after_minutes=30, slot_step_minutes=60, minimum_notice_minutes=60, booking_window_days=7
        )

        answer = await salon.book(service, clock, now=now)

        assert refusal(answer) == code
        assert words in answer.json()["detail"]

    async def test_an_archived_service(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        await salon.desk.delete(f"/api/v1/services/{service}")

        assert refusal(await salon.book(service, "10:00")) == (409, "archived")

    @pytest.mark.parametrize(
        ("field", "code"),
        [
            ("service_id", "service-not-found"),
            ("customer_id", "customer-not-found"),
            ("resource_ids", "resource-not-found"),
        ],
    )
    async def test_an_id_that_does_not_exist(self, salon: Salon, field: str, code: str) -> None:
        service = await salon.service([await salon.resource()])
        unknown = str(uuid7())
        body = {"service_id": service, "customer_id": salon.customer, "start": at("10:00")}

        answer = await salon.desk.post(
            "/api/v1/appointments", json=body | {field: [unknown] if field == "resource_ids" else unknown}
        )

        assert refusal(answer) == (404, code)
        assert f"`{field}`" in answer.json()["detail"]

    async def test_ids_of_another_business(self, salon: Salon, other_salon: Salon) -> None:
        theirs = await other_salon.resource()
        foreign = await other_salon.service([theirs])
        service = await salon.service([await salon.resource()])

        assert refusal(await salon.book(foreign, "10:00")) == (404, "service-not-found")
        assert refusal(await salon.book(service, "10:00", customer_id=other_salon.customer)) == (
            404,
            "customer-not-found",
        )
        assert refusal(await salon.book(service, "10:00", resource_ids=[theirs])) == (404, "resource-not-found")

    async def test_a_live_service_in_the_sandbox(self, salon: Salon) -> None:
        live = await Salon.open(salon.business, await salon.business.client(*DESK))
        service = await live.service([await live.resource()])

        assert refusal(await salon.book(service, "10:00")) == (404, "service-not-found")

    async def test_a_token_that_may_only_read(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        reader = await salon.business.client("appointments:read", mode="test")
        body = {"service_id": service, "customer_id": salon.customer, "start": at("10:00")}

        assert refusal(await reader.post("/api/v1/appointments", json=body)) == (403, "permission-denied")

    @pytest.mark.parametrize(
        "start", ["2027-02-01T10:00:00", "2027-02-01T10:00:00.5Z", "9999-12-31T23:59:59-01:00", "soon", None]
    )
    async def test_a_start_that_is_no_instant(self, salon: Salon, start: str | None) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.book(service, "10:00", start=start)

        assert refusal(answer) == (422, "validation-failed")
        assert answer.json()["errors"][0]["pointer"] == "/start"

    async def test_leave_nothing_behind(self, lone_salon: Salon, app: FastAPI) -> None:
        service = await lone_salon.service([await lone_salon.resource()])
        await lone_salon.booked(service, "10:00")
        await lone_salon.book(service, "10:00")

        async with app.state.database.transaction(lone_salon.schema) as session:
            counted = [
                await session.scalar(select(func.count()).select_from(table)) for table in (AppointmentRow, ClaimRow)
            ]
            told = select(func.count()).select_from(EventRow).where(EventRow.type.like("appointment.%"))
            counted.append(await session.scalar(told))
        assert counted == [1, 1, 1]


class TestDeadlock:
    async def test_is_tried_again(self, salon: Salon, app: FastAPI) -> None:
        first, second = sorted([await salon.resource("Ada"), await salon.resource("Room", kind="room")])
        service = await salon.service([first], [second])
        locking = text("SELECT id FROM resources WHERE id = :id FOR NO KEY UPDATE")

        async with app.state.database.transaction(salon.schema) as session:
            # The booking waits first, so it is the one that PostgreSQL finds in the deadlock.
            await session.execute(text("SET LOCAL deadlock_timeout = '60s'"))
            await session.execute(locking, {"id": UUID(second)})
            booking = asyncio.create_task(salon.book(service, "10:00"))
            await eventually(lambda: somebody_waits(app))
            await session.execute(locking, {"id": UUID(first)})
        answer = await booking

        assert answer.status_code == 201


async def somebody_waits(app: FastAPI) -> bool:
    async with app.state.database.transaction() as session:
        return bool(await session.scalar(text("SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted")))


class TestClock:
    async def test_a_hold_is_counted_from_the_clock_that_the_caller_chose(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], hold_ttl_minutes=15)

        made = await salon.booked(service, "10:00", hold=True, now=at("07:00"))

        assert made["expires_at"] == at("07:15")
        assert datetime.fromisoformat(made["created_at"]) < datetime.fromisoformat(NOW) - timedelta(days=1)
