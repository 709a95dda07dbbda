"""Who waits for a place, and what comes of it."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.scheduling import expiry
from app.scheduling.context import SchedulingContext
from app.scheduling.waitlist import entries, offers
from app.tenancy.mode import Mode
from tests.scheduling.salon import NOW, Salon, at, refusal
from tests.scheduling.test_races import claimed

PATH = "/api/v1/waitlist"


async def join(salon: Salon, service: str, *, now: str | None = None, **changes: Any) -> dict[str, Any]:
    """Wait for a place on the salon's day."""
    body = {"service_id": service, "customer_id": salon.customer, "start": at("00:00"), "end": at("23:00")}
    headers = {} if now is None else {"Sandbox-Now": now}
    answer = await salon.desk.post(PATH, json=body | changes, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def entry(salon: Salon, made: dict[str, Any], *, now: str = NOW) -> dict[str, Any]:
    answer = await salon.desk.get(f"{PATH}/{made['id']}", headers={"Sandbox-Now": now})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def answer(salon: Salon, made: dict[str, Any], action: str, *, now: str = NOW) -> Any:
    return await salon.desk.post(f"{PATH}/{made['id']}/{action}", headers={"Sandbox-Now": now})


async def sweep(app: FastAPI, salon: Salon, now: str) -> None:
    """What the sweeper does about appointments and the waitlist."""
    tenant = await app.state.hosts.require(UUID(salon.business.id), now=utcnow())
    moment = datetime.fromisoformat(now)
    context = SchedulingContext(tenant, Mode.SANDBOX, "system", now=moment, recorded_at=utcnow())
    async with app.state.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
        await expiry.expire_due(session, context, limit=10)
    async with app.state.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
        await entries.expire_waiting(session, context, limit=10)
        await offers.offer_all(session, context)


@pytest.fixture
async def ada(lone_salon: Salon) -> str:
    """Somebody at work for two hours."""
    return await lone_salon.resource(opens="10:00", closes="12:00")


@pytest.fixture
async def cut(lone_salon: Salon, ada: str) -> str:
    """A service of one hour, so that there are two a day: at nine and at ten, in UTC."""
    return await lone_salon.service([ada])


@pytest.fixture
async def booked(lone_salon: Salon, cut: str) -> list[dict[str, Any]]:
    """All of the day."""
    return [await lone_salon.booked(cut, clock) for clock in ("09:00", "10:00")]


class TestJoinWaitlist:
    async def test_waits_while_everything_is_taken(
        self, lone_salon: Salon, cut: str, booked: list[dict[str, Any]]
    ) -> None:
        assert booked
        made = await join(lone_salon, cut, notes="Any time")
        assert (made["status"], made["appointment_id"], made["expires_at"]) == ("waiting", None, None)
        assert (made["timezone"], made["notes"], made["seats"]) == ("Europe/Berlin", "Any time", 1)

    async def test_is_offered_at_once_what_is_free(self, lone_salon: Salon, cut: str) -> None:
        made = await join(lone_salon, cut)
        assert (made["status"], made["expires_at"]) == ("offered", "2027-02-01T07:00:00Z")
        hold = await lone_salon.read({"id": made["appointment_id"]})
        assert (hold["status"], hold["source"], hold["start"]) == ("held", "waitlist", at("09:00"))

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"end": at("00:00")}, "/end"),
            ({"end": "2027-05-01T00:00:00Z"}, "/end"),
            ({"start": "2027-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z"}, "/end"),
            ({"seats": 2}, "/seats"),
            ({"seats": 0}, "/seats"),
        ],
    )
    async def test_refuses_what_never_comes(
        self, lone_salon: Salon, cut: str, changes: dict[str, Any], pointer: str
    ) -> None:
        body = {"service_id": cut, "customer_id": lone_salon.customer, "start": at("00:00"), "end": at("23:00")}
        refused = await lone_salon.desk.post(PATH, json=body | changes)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_refuses_who_and_what_is_next_door(self, lone_salon: Salon, other_salon: Salon, cut: str) -> None:
        theirs = await other_salon.resource()
        body = {"service_id": cut, "customer_id": lone_salon.customer, "start": at("00:00"), "end": at("23:00")}
        for changes, code in (
            ({"customer_id": other_salon.customer}, "customer-not-found"),
            ({"service_id": await other_salon.service([theirs])}, "service-not-found"),
            ({"resource_ids": [theirs]}, "resource-not-found"),
        ):
            assert refusal(await lone_salon.desk.post(PATH, json=body | changes)) == (404, code)


class TestOffer:
    async def test_goes_to_the_first_in_line_then_to_the_next(
        self, app: FastAPI, lone_salon: Salon, cut: str, booked: list[dict[str, Any]]
    ) -> None:
        first, second = [await join(lone_salon, cut) for _ in range(2)]
        await lone_salon.act(booked[1], "cancel")
        assert [(await entry(lone_salon, each))["status"] for each in (first, second)] == ["offered", "waiting"]
        offered = await entry(lone_salon, first)
        assert (await lone_salon.read({"id": offered["appointment_id"]}))["start"] == at("10:00")
        assert refusal(await lone_salon.book(cut, "10:00")) == (409, "slot-taken")
        later = at("07:00")
        assert (await entry(lone_salon, first, now=later))["status"] == "expired"
        await sweep(app, lone_salon, later)
        states = [(await entry(lone_salon, each, now=later))["status"] for each in (first, second)]
        assert states == ["expired", "offered"]

    async def test_suits_the_time_and_the_person_that_were_asked_for(self, lone_salon: Salon) -> None:
        ada = await lone_salon.resource(opens="10:00", closes="12:00")
        bob = await lone_salon.resource("Bob", opens="10:00", closes="12:00")
        cut = await lone_salon.service([ada, bob])
        booked = {
            (who, clock): await lone_salon.booked(cut, clock, resource_ids=[who])
            for who in (ada, bob)
            for clock in ("09:00", "10:00")
        }
        with_bob = await join(lone_salon, cut, resource_ids=[bob])
        at_ten = await join(lone_salon, cut, start=at("10:00"))
        await lone_salon.act(booked[ada, "09:00"], "cancel")
        assert [(await entry(lone_salon, each))["status"] for each in (with_bob, at_ten)] == ["waiting", "waiting"]
        await lone_salon.act(booked[bob, "10:00"], "cancel")
        found = await entry(lone_salon, with_bob)
        assert (await lone_salon.read({"id": found["appointment_id"]}))["resource_ids"] == [bob]
        await lone_salon.act(booked[ada, "10:00"], "cancel")
        assert (await entry(lone_salon, at_ten))["status"] == "offered"

    async def test_comes_of_a_move_a_refusal_and_a_hold_that_runs_out(
        self, app: FastAPI, lone_salon: Salon, ada: str
    ) -> None:
        asked_for = await lone_salon.service([ada], requires_approval=True)
        moved, declined = [await lone_salon.booked(asked_for, clock) for clock in ("09:00", "10:00")]
        await lone_salon.act(moved, "confirm")
        waiting = [await join(lone_salon, asked_for) for _ in range(3)]
        answered = await lone_salon.act(moved, "reschedule", {"start": "2027-02-02T09:00:00Z"})
        assert answered.status_code == 201, answered.text
        await lone_salon.act(declined, "decline")
        assert [(await entry(lone_salon, each))["status"] for each in waiting] == ["offered", "offered", "waiting"]
        later = at("07:30")
        await sweep(app, lone_salon, later)
        assert (await entry(lone_salon, waiting[2], now=later))["status"] == "offered"

    async def test_comes_of_hours_that_become_longer_when_the_sweep_comes_by(
        self, app: FastAPI, lone_salon: Salon, ada: str, cut: str, booked: list[dict[str, Any]]
    ) -> None:
        assert booked
        made = await join(lone_salon, cut)
        weekly = [{"weekday": weekday, "start": "10:00", "end": "13:00"} for weekday in range(1, 8)]
        hours = {"timezone": "Europe/Berlin", "weekly": weekly}
        assert (await lone_salon.desk.put(f"/api/v1/resources/{ada}/schedule", json=hours)).status_code == 200
        await sweep(app, lone_salon, NOW)
        assert (await entry(lone_salon, made))["status"] == "offered"

    async def test_of_a_class_is_for_as_many_seats_as_were_asked_for(self, lone_salon: Salon, ada: str) -> None:
        yoga = await lone_salon.service([ada], capacity=4, duration_minutes=120)
        booked = [await lone_salon.booked(yoga, "09:00") for _ in range(4)]
        couple, single = await join(lone_salon, yoga, seats=2), await join(lone_salon, yoga)
        await lone_salon.act(booked[0], "cancel")
        assert [(await entry(lone_salon, each))["status"] for each in (couple, single)] == ["waiting", "offered"]
        for each in booked[1:3]:
            await lone_salon.act(each, "cancel")
        hold = await lone_salon.read({"id": (await entry(lone_salon, couple))["appointment_id"]})
        assert (hold["seats"], hold["status"]) == (2, "held")

    async def test_leaves_alone_who_can_no_longer_be_served(self, lone_salon: Salon, ada: str) -> None:
        bob = await lone_salon.resource("Bob", opens="10:00", closes="12:00")
        yoga = await lone_salon.service([ada, bob], capacity=2, duration_minutes=120)
        booked = [await lone_salon.booked(yoga, "09:00") for _ in range(4)]
        couple, with_bob = await join(lone_salon, yoga, seats=2), await join(lone_salon, yoga, resource_ids=[bob])
        assert (await lone_salon.desk.patch(f"/api/v1/services/{yoga}", json={"capacity": 1})).status_code == 200
        fewer = {"requirements": [{"resource_ids": [ada]}]}
        assert (await lone_salon.desk.patch(f"/api/v1/services/{yoga}", json=fewer)).status_code == 200
        for each in booked:
            assert (await lone_salon.act(each, "cancel")).status_code == 200
        assert [(await entry(lone_salon, each))["status"] for each in (couple, with_bob)] == ["waiting", "waiting"]

    async def test_is_made_once_however_many_leave_at_once(
        self, app: FastAPI, lone_salon: Salon, ada: str, cut: str, booked: list[dict[str, Any]]
    ) -> None:
        waiting = [await join(lone_salon, cut) for _ in range(4)]
        answers = await asyncio.gather(*(lone_salon.act(each, "cancel") for each in booked))
        assert [each.status_code for each in answers] == [200, 200]
        await sweep(app, lone_salon, NOW)
        states = sorted([(await entry(lone_salon, each))["status"] for each in waiting])
        assert states == ["offered", "offered", "waiting", "waiting"]
        assert await claimed(app, lone_salon, ada) == 2


class TestAcceptWaitlistOffer:
    async def test_makes_it_a_booking(self, lone_salon: Salon, cut: str) -> None:
        made = await join(lone_salon, cut, notes="By the window")
        accepted = await answer(lone_salon, made, "accept")
        assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
        appointment = await lone_salon.read({"id": made["appointment_id"]})
        assert (appointment["status"], appointment["notes"]) == ("confirmed", "By the window")

    async def test_happens_too_when_the_hold_is_confirmed(self, lone_salon: Salon, cut: str) -> None:
        made = await join(lone_salon, cut)
        await lone_salon.act({"id": made["appointment_id"]}, "confirm")
        assert (await entry(lone_salon, made))["status"] == "accepted"

    async def test_is_too_late_after_its_time(self, lone_salon: Salon, cut: str) -> None:
        made = await join(lone_salon, cut)
        refused = await answer(lone_salon, made, "accept", now=at("07:00"))
        assert refusal(refused) == (409, "invalid-transition")
        assert refused.json()["params"] == {"status": "expired", "allowed": ["offered"]}

    async def test_twice_is_not_an_approval(self, lone_salon: Salon, ada: str) -> None:
        asked_for = await lone_salon.service([ada], requires_approval=True)
        made = await join(lone_salon, asked_for)
        answers = await asyncio.gather(*(answer(lone_salon, made, "accept") for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
        assert (await lone_salon.read({"id": made["appointment_id"]}))["status"] == "pending"

    async def test_and_leaving_at_once_end_alike(self, lone_salon: Salon, cut: str) -> None:
        for _ in range(2):
            made = await join(lone_salon, cut)
            await asyncio.gather(answer(lone_salon, made, "leave"), answer(lone_salon, made, "accept"))
            ends = (await entry(lone_salon, made))["status"], (await lone_salon.read({"id": made["appointment_id"]}))
            assert (ends[0], ends[1]["status"]) in {("left", "expired"), ("accepted", "confirmed")}

    async def test_needs_an_offer(self, lone_salon: Salon, cut: str, booked: list[dict[str, Any]]) -> None:
        assert booked
        made = await join(lone_salon, cut)
        assert refusal(await answer(lone_salon, made, "accept")) == (409, "invalid-transition")


class TestLeaveWaitlist:
    async def test_waits_no_more(self, lone_salon: Salon, cut: str, booked: list[dict[str, Any]]) -> None:
        made = await join(lone_salon, cut)
        assert (await answer(lone_salon, made, "leave")).json()["status"] == "left"
        await lone_salon.act(booked[0], "cancel")
        assert (await entry(lone_salon, made))["status"] == "left"
        assert refusal(await answer(lone_salon, made, "leave")) == (409, "invalid-transition")

    async def test_hands_what_was_offered_to_the_next(
        self, lone_salon: Salon, cut: str, booked: list[dict[str, Any]]
    ) -> None:
        first, second = [await join(lone_salon, cut) for _ in range(2)]
        await lone_salon.act(booked[0], "cancel")
        hold = (await entry(lone_salon, first))["appointment_id"]
        assert (await answer(lone_salon, first, "leave")).json()["status"] == "left"
        assert (await lone_salon.read({"id": hold}))["status"] == "expired"
        assert (await entry(lone_salon, second))["status"] == "offered"


class TestListWaitlist:
    async def test_is_in_the_order_of_the_line_and_finds_by_what_it_is_about(
        self, app: FastAPI, lone_salon: Salon, cut: str, booked: list[dict[str, Any]]
    ) -> None:
        first, second = [await join(lone_salon, cut) for _ in range(2)]
        await lone_salon.act(booked[0], "cancel")
        appointment = (await entry(lone_salon, first))["appointment_id"]

        async def found(now: str = NOW, **query: str) -> list[str]:
            listed = await lone_salon.desk.get(PATH, params=query, headers={"Sandbox-Now": now})
            assert listed.status_code == 200, listed.text
            return [item["id"] for item in listed.json()["items"]]

        assert await found() == await found(service_id=cut) == [first["id"], second["id"]]
        assert await found(status="offered") == await found(appointment_id=appointment) == [first["id"]]
        assert await found(status="waiting") == [second["id"]]
        assert await found(now=at("08:00"), status="expired") == [first["id"]]
        assert await found(now=at("23:00"), status="expired,waiting") == [first["id"], second["id"]]
        await sweep(app, lone_salon, at("23:00"))
        assert await found(status="expired") == [first["id"], second["id"]]

    async def test_shows_nobody_what_is_next_door(self, lone_salon: Salon, other_salon: Salon, cut: str) -> None:
        made = await join(lone_salon, cut)
        for refused in (
            await other_salon.desk.get(f"{PATH}/{made['id']}"),
            await answer(other_salon, made, "accept"),
            await answer(other_salon, made, "leave"),
        ):
            assert refusal(refused) == (404, "waitlist-entry-not-found")
