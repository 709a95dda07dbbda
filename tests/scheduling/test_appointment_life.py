"""What becomes of an appointment, through the whole stack."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.tenant import EventRow
from app.scheduling import expiry
from app.scheduling.context import SchedulingContext
from app.scheduling.lifecycle import FOLLOWERS, Status
from app.tenancy.mode import Mode
from tests.scheduling.salon import Salon, at, refusal

Making = Callable[[Salon], Awaitable[dict[str, Any]]]

LATER = at("06:30")
ACTIONS = {
    "confirm": Status.CONFIRMED,
    "decline": Status.DECLINED,
    "check-in": Status.CHECKED_IN,
    "complete": Status.COMPLETED,
    "no-show": Status.NO_SHOW,
    "cancel": Status.CANCELLED,
}
WAYS = {
    Status.HELD: [],
    Status.PENDING: [],
    Status.CONFIRMED: [],
    Status.CHECKED_IN: ["check-in"],
    Status.COMPLETED: ["check-in", "complete"],
    Status.NO_SHOW: ["no-show"],
    Status.CANCELLED: ["cancel"],
    Status.DECLINED: ["decline"],
}


async def appointment_in(salon: Salon, status: Status) -> dict[str, Any]:
    """An appointment that got there by the way there is."""
    wants_approval = status in {Status.PENDING, Status.DECLINED}
    service = await salon.service([await salon.resource()], requires_approval=wants_approval)
    made = await salon.booked(service, "10:00", hold=status is Status.HELD)
    for action in WAYS[status]:
        assert (await salon.act(made, action)).status_code == 200
    return await salon.read(made)


async def events_of(app: FastAPI, salon: Salon) -> list[tuple[str, str]]:
    """Every event about appointments in order, with the status that its appointment had."""
    async with app.state.database.transaction(salon.schema) as session:
        rows = await session.scalars(
            select(EventRow.payload).where(EventRow.type.like("appointment.%")).order_by(EventRow.id)
        )
        return [(event["type"], event["data"]["status"]) for event in map(orjson.loads, rows)]


class TestTransitions:
    @pytest.mark.parametrize("status", WAYS)
    async def test_only_what_can_follow_follows(self, salon: Salon, status: Status) -> None:
        for action, to in ACTIONS.items():
            made = await appointment_in(salon, status)

            answer = await salon.act(made, action)

            if to in FOLLOWERS[status]:
                assert answer.status_code == 200
                assert answer.json()["status"] == to
                assert answer.headers["etag"] == f'"{made["revision"] + 1}"'
                assert answer.json() == await salon.read(made)
            else:
                assert refusal(answer) == (409, "invalid-transition")
                assert f"The appointment is {status}." in answer.json()["detail"]
                assert await salon.read(made) == made

    async def test_are_told_of(self, lone_salon: Salon, app: FastAPI) -> None:
        salon = lone_salon
        service = await salon.service([await salon.resource()], requires_approval=True)
        seen = await salon.booked(service, "08:00", hold=True)
        for action in ("confirm", "confirm", "check-in", "complete"):
            assert (await salon.act(seen, action)).status_code == 200
        declined = await salon.booked(service, "09:00")
        await salon.act(declined, "decline")

        assert await events_of(app, salon) == [
            ("appointment.held", "held"),
            ("appointment.pending", "pending"),
            ("appointment.confirmed", "confirmed"),
            ("appointment.checked_in", "checked_in"),
            ("appointment.completed", "completed"),
            ("appointment.pending", "pending"),
            ("appointment.declined", "declined"),
        ]

    @pytest.mark.parametrize("action", [*ACTIONS, "reschedule"])
    async def test_happen_only_to_the_revision_that_was_read(self, salon: Salon, action: str) -> None:
        made = await appointment_in(salon, Status.CONFIRMED)
        body = {"start": at("12:00")} if action == "reschedule" else None

        assert refusal(await salon.act(made, action, body, revision=2)) == (412, "revision-stale")
        assert await salon.read(made) == made

    @pytest.mark.parametrize("action", [*ACTIONS, "reschedule"])
    async def test_find_nothing_of_another_business_and_want_the_scope(
        self, salon: Salon, other_salon: Salon, action: str
    ) -> None:
        made = await appointment_in(salon, Status.CONFIRMED)
        body = {"start": at("12:00")} if action == "reschedule" else None
        reader = await salon.business.client("appointments:read", mode="test")

        unknown = await other_salon.act(made, action, body)
        forbidden = await reader.post(f"/api/v1/appointments/{uuid7()}/{action}", json=body)

        assert refusal(unknown) == (404, "appointment-not-found")
        assert refusal(forbidden) == (403, "permission-denied")


class TestConfirm:
    async def test_keeps_the_slot_for_good(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)

        confirmed = (await salon.act(held, "confirm", now=at("06:09"))).json()

        assert (confirmed["status"], confirmed["expires_at"]) == ("confirmed", None)
        assert "10:00" not in await salon.starts(service, now=LATER)

    async def test_asks_for_approval_where_the_service_wants_it(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], requires_approval=True, approval_ttl_minutes=60)
        held = await salon.booked(service, "10:00", hold=True)

        asked = (await salon.act(held, "confirm", now=at("06:05"))).json()

        assert (asked["status"], asked["expires_at"]) == ("pending", at("07:05"))
        assert "10:00" not in await salon.starts(service, now=LATER)
        assert "10:00" in await salon.starts(service, now=at("07:05"))

    async def test_revives_an_expired_hold_while_its_slot_is_free(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)

        confirmed = await salon.act(held, "confirm", now=LATER)

        assert confirmed.json()["status"] == "confirmed"
        assert "10:00" not in await salon.starts(service, now=LATER)

    async def test_revives_one_whose_claims_have_been_swept(self, salon: Salon, app: FastAPI) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)
        await sweep(app, salon, LATER)

        confirmed = await salon.act(held, "confirm", now=LATER)

        assert confirmed.json()["status"] == "confirmed"
        assert refusal(await salon.book(service, "10:00", now=LATER)) == (409, "slot-taken")

    async def test_does_not_revive_one_whose_slot_is_gone(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)
        await salon.booked(service, "10:00", now=LATER)

        assert refusal(await salon.act(held, "confirm", now=LATER)) == (409, "slot-taken")
        assert (await salon.read(held, now=LATER))["status"] == "expired"

    async def test_does_not_revive_one_whose_start_has_passed(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)

        assert refusal(await salon.act(held, "confirm", now=at("10:00"))) == (422, "slot-unavailable")


class TestCancel:
    async def test_frees_the_slot_at_once_and_keeps_the_reason(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "10:00")

        cancelled = (await salon.act(made, "cancel", {"reason": "The customer is ill"})).json()

        assert (cancelled["cancelled_by"], cancelled["cancel_reason"]) == ("staff", "The customer is ill")
        assert cancelled["cancelled_at"] == at("06:00")
        assert "10:00" in await salon.starts(service)
        await salon.booked(service, "10:00")

    async def test_a_declined_request_frees_its_slot_too(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], requires_approval=True)
        made = await salon.booked(service, "10:00")

        await salon.act(made, "decline")

        await salon.booked(service, "10:00")


async def sweep(app: FastAPI, salon: Salon, now: str, *, limit: int = 100) -> int:
    """Have the worker's sweep come by at that time."""
    tenant = await app.state.hosts.resolve(salon.business.host, now=utcnow())
    moment = datetime.fromisoformat(now)
    context = SchedulingContext(tenant.tenant, Mode.SANDBOX, "system", now=moment, recorded_at=moment)
    async with app.state.database.transaction(context.tenant.schema(context.mode)) as session:
        return await expiry.expire_due(session, context, limit=limit)


class TestExpireDue:
    async def test_marks_what_is_past_its_time_frees_it_and_tells(self, lone_salon: Salon, app: FastAPI) -> None:
        salon = lone_salon
        service = await salon.service([await salon.resource()], requires_approval=True, approval_ttl_minutes=20)
        held = await salon.booked(service, "08:00", hold=True)
        pending = await salon.booked(service, "09:00")

        swept = [await sweep(app, salon, clock) for clock in (at("06:09"), at("06:10"), at("06:20"), at("06:20"))]

        assert swept == [0, 1, 1, 0]
        assert [(await salon.read(each))["status"] for each in (held, pending)] == ["expired", "expired"]
        assert await salon.starts(service) == ["08:00", "09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]
        assert (await events_of(app, salon))[2:] == [("appointment.hold_expired", "expired")] * 2

    async def test_takes_no_more_than_it_is_told(self, lone_salon: Salon, app: FastAPI) -> None:
        salon = lone_salon
        service = await salon.service([await salon.resource()])
        for clock in ("08:00", "09:00", "10:00"):
            await salon.booked(service, clock, hold=True)

        assert [await sweep(app, salon, LATER, limit=2) for _ in range(3)] == [2, 1, 0]


class TestReschedule:
    async def test_books_anew_and_links_both(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        old = await salon.booked(service, "10:00", notes="Shorter at the back")
        await salon.desk.patch(f"/api/v1/services/{service}", json={"price_minor": 9900})

        answer = await salon.act(old, "reschedule", {"start": at("14:00")})

        new, old_now = answer.json(), await salon.read(old)
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/api/v1/appointments/{new['id']}"
        assert (new["status"], new["start"], new["end"]) == ("confirmed", at("14:00"), at("15:00"))
        assert (new["price_minor"], new["notes"]) == (4500, "Shorter at the back")
        assert (new["ics_uid"], new["ics_sequence"]) == (old["ics_uid"], old["ics_sequence"] + 1)
        assert (new["rescheduled_from_id"], old_now["rescheduled_to_id"]) == (old["id"], new["id"])
        assert (old_now["status"], old_now["cancelled_by"], old_now["revision"]) == ("cancelled", "system", 2)
        assert new == await salon.read(new)
        starts = await salon.starts(service)
        assert "10:00" in starts
        assert "14:00" not in starts

    async def test_is_told_of_once(self, lone_salon: Salon, app: FastAPI) -> None:
        service = await lone_salon.service([await lone_salon.resource()])
        old = await lone_salon.booked(service, "10:00")

        await lone_salon.act(old, "reschedule", {"start": at("14:00")})

        assert await events_of(app, lone_salon) == [
            ("appointment.created", "confirmed"),
            ("appointment.rescheduled", "confirmed"),
        ]

    async def test_may_overlap_itself(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], slot_step_minutes=30, buffer_after_minutes=15)
        old = await salon.booked(service, "10:00")

        moved = (await salon.act(old, "reschedule", {"start": at("10:30")})).json()

        assert moved["start"] == at("10:30")
        assert (await salon.act(moved, "reschedule", {"start": at("10:30")})).status_code == 201

    async def test_leaves_everything_as_it_was_if_the_slot_is_taken(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        old = await salon.booked(service, "10:00")
        await salon.booked(service, "14:00")

        assert refusal(await salon.act(old, "reschedule", {"start": at("14:00")})) == (409, "slot-taken")
        assert refusal(await salon.act(old, "reschedule", {"start": at("20:00")})) == (422, "slot-unavailable")
        assert await salon.read(old) == old
        assert "10:00" not in await salon.starts(service)

    async def test_keeps_whoever_served_unless_others_are_named(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        service = await salon.service([ada, bob])
        old = await salon.booked(service, "10:00", resource_ids=[bob])

        moved = (await salon.act(old, "reschedule", {"start": at("14:00")})).json()
        handed_over = (await salon.act(moved, "reschedule", {"start": at("14:00"), "resource_ids": [ada]})).json()

        assert moved["resource_ids"] == [bob]
        assert handed_over["resource_ids"] == [ada]

    async def test_refuses_resources_that_do_not_exist(self, salon: Salon) -> None:
        made = await appointment_in(salon, Status.CONFIRMED)

        answer = await salon.act(made, "reschedule", {"start": at("14:00"), "resource_ids": [str(uuid7())]})

        assert refusal(answer) == (404, "resource-not-found")

    @pytest.mark.parametrize("status", [status for status in WAYS if status is not Status.CONFIRMED])
    async def test_moves_only_what_is_confirmed(self, salon: Salon, status: Status) -> None:
        made = await appointment_in(salon, status)

        assert refusal(await salon.act(made, "reschedule", {"start": at("14:00")})) == (409, "invalid-transition")
