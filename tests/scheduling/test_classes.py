"""Services that several customers share a start of."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.scheduling.salon import Salon, at, refusal
from tests.scheduling.test_races import claimed, outcomes

PATH = "/api/v1/class-sessions"


async def yoga(salon: Salon, *teachers: str, capacity: int = 3, **changes: Any) -> str:
    """A class of an hour."""
    return await salon.service(list(teachers), capacity=capacity, **changes)


async def session_of(salon: Salon, appointment: dict[str, Any]) -> dict[str, Any]:
    answer = await salon.desk.get(f"{PATH}/{appointment['class_session_id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(salon: Salon, session_id: str) -> list[str]:
    """What was told of a session, in order."""
    reader = await salon.business.client("webhooks:read", "appointments:read", mode="test")
    answer = await reader.get("/api/v1/events", params={"subject_id": session_id, "sort": "sequence"})
    assert answer.status_code == 200, answer.text
    return [event["type"] for event in answer.json()["items"]]


class TestBookAClass:
    async def test_seats_customers_in_one_session_until_it_is_full(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource()
        service = await yoga(salon, ada)
        made = [await salon.booked(service, "10:00") for _ in range(3)]
        (session_id,) = {each["class_session_id"] for each in made}
        shared = await session_of(salon, made[0])
        assert (shared["seats"], shared["seats_taken"], shared["status"]) == (3, 3, "open")
        assert (shared["start"], shared["end"], shared["resource_ids"]) == (at("10:00"), at("11:00"), [ada])
        assert await claimed(app, salon, ada) == 1
        refused = await salon.book(service, "10:00")
        assert refusal(refused) == (409, "slot-taken")
        assert (refused.json()["detail"], refused.json()["params"]["reason"]) == (
            "The class has too few seats left then.",
            "full",
        )
        assert await told(salon, session_id) == ["session.full"]

    async def test_takes_several_seats_at_their_price(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource(), price_minor=1500)
        made = await salon.booked(service, "10:00", seats=2)
        assert (made["seats"], made["price_minor"]) == (2, 3000)
        assert refusal(await salon.book(service, "10:00", seats=2)) == (409, "slot-taken")
        assert (await session_of(salon, made))["seats_taken"] == 2

    async def test_refuses_more_seats_than_there_are(self, salon: Salon) -> None:
        ada = await salon.resource()
        for service in (await yoga(salon, ada), await salon.service([ada])):
            answer = await salon.book(service, "10:00", seats=4)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/seats")

    async def test_begins_another_session_beside_a_full_one_if_somebody_is_free(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource(), await salon.resource("Bob"), capacity=2)
        made = [await salon.booked(service, "10:00") for _ in range(4)]
        sessions = Counter(each["class_session_id"] for each in made)
        assert list(sessions.values()) == [2, 2]
        assert refusal(await salon.book(service, "10:00")) == (409, "slot-taken")

    async def test_joins_the_session_of_who_is_asked_for(self, salon: Salon) -> None:
        ada, bob = await salon.resource(), await salon.resource("Bob")
        service = await yoga(salon, ada, bob)
        first = await salon.booked(service, "10:00", resource_ids=[ada])
        second = await salon.booked(service, "10:00", resource_ids=[bob])
        third = await salon.booked(service, "10:00", resource_ids=[bob])
        assert first["class_session_id"] != second["class_session_id"] == third["class_session_id"]

    async def test_keeps_others_from_the_teachers_time(self, salon: Salon) -> None:
        ada = await salon.resource()
        await salon.booked(await yoga(salon, ada), "10:00")
        assert refusal(await salon.book(await salon.service([ada]), "10:30")) == (409, "slot-taken")

    async def test_keeps_the_teacher_from_being_archived(self, salon: Salon) -> None:
        ada, bob = await salon.resource(), await salon.resource("Bob")
        await salon.booked(await yoga(salon, ada, bob), "10:00", resource_ids=[ada])
        assert refusal(await salon.desk.delete(f"/api/v1/resources/{ada}")) == (409, "resource-in-use")

    async def test_joins_no_session_that_is_shorter_than_the_class_by_now(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource())
        await salon.booked(service, "10:00")
        longer = await salon.desk.patch(f"/api/v1/services/{service}", json={"duration_minutes": 90})
        assert longer.status_code == 200, longer.text
        assert refusal(await salon.book(service, "10:00")) == (409, "slot-taken")

    async def test_holds_to_the_notice_for_a_session_that_is_open_too(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource(), minimum_notice_minutes=60)
        await salon.booked(service, "10:00")
        assert refusal(await salon.book(service, "10:00", now=at("09:30"))) == (422, "slot-unavailable")

    async def test_gives_no_seat_twice_however_many_ask_at_once(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource()
        service = await yoga(salon, ada, capacity=5)
        answers = await asyncio.gather(*(salon.book(service, "10:00") for _ in range(30)))
        assert outcomes(answers) == {"201": 5, "slot-taken": 25}
        assert await claimed(app, salon, ada) == 1

    async def test_takes_seats_that_a_hold_has_kept_too_long(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource(), capacity=1 + 1)
        held = await salon.booked(service, "10:00", hold=True, seats=2)
        assert refusal(await salon.book(service, "10:00")) == (409, "slot-taken")
        late = await salon.booked(service, "10:00", now=at("06:30"))
        assert late["class_session_id"] == held["class_session_id"]
        assert (await salon.read(held, now=at("06:30")))["status"] == "expired"
        assert (await session_of(salon, late))["seats_taken"] == 1


class TestClassAvailability:
    async def test_says_how_many_seats_are_left(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource())
        await salon.booked(service, "10:00", seats=2)
        slots = (await salon.ask(service, at("09:00"), at("12:00"))).json()["slots"]
        assert [(slot["start"], slot["remaining"]) for slot in slots] == [
            (at("09:00"), 3),
            (at("10:00"), 1),
            (at("11:00"), 3),
        ]

    async def test_leaves_out_what_is_full(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource())
        await salon.booked(service, "10:00", seats=3)
        assert await salon.starts(service, at("09:00"), at("12:00")) == ["09:00", "11:00"]

    async def test_adds_up_what_is_open_and_what_could_be(self, salon: Salon) -> None:
        ada, bob = await salon.resource(), await salon.resource("Bob")
        service = await yoga(salon, ada, bob)
        await salon.booked(service, "10:00", resource_ids=[ada])
        (slot,) = (await salon.ask(service, at("10:00"), at("10:30"))).json()["slots"]
        assert (set(slot["resource_ids"]), slot["remaining"]) == ({ada, bob}, 5)
        (slot,) = (await salon.ask(service, at("10:00"), at("10:30"), resource_id=ada)).json()["slots"]
        assert slot["remaining"] == 2


class TestLeaveAClass:
    async def test_opens_a_seat_and_the_last_one_closes_the_session(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource()
        service = await yoga(salon, ada, capacity=2)
        first, second = [await salon.booked(service, "10:00") for _ in range(2)]
        assert (await salon.act(first, "cancel")).status_code == 200
        assert (await session_of(salon, first))["seats_taken"] == 1
        assert await claimed(app, salon, ada) == 1
        assert (await salon.act(second, "cancel")).status_code == 200
        closed = await session_of(salon, first)
        assert (closed["seats_taken"], closed["status"]) == (0, "closed")
        assert await claimed(app, salon, ada) == 0
        assert await told(salon, closed["id"]) == ["session.full", "session.spot_opened"]

    async def test_by_rescheduling_moves_the_seats(self, salon: Salon, app: FastAPI) -> None:
        ada = await salon.resource()
        service = await yoga(salon, ada, slot_step_minutes=30)
        alone = await salon.booked(service, "10:00", seats=2)
        moved = (await salon.act(alone, "reschedule", {"start": at("10:30")})).json()
        assert (moved["seats"], (await session_of(salon, alone))["status"]) == (2, "closed")
        assert (await session_of(salon, moved))["seats_taken"] == 2
        await salon.booked(service, "12:00")
        again = (await salon.act(moved, "reschedule", {"start": at("12:00")})).json()
        assert (await session_of(salon, again))["seats_taken"] == 3
        assert await claimed(app, salon, ada) == 1

    async def test_and_come_back_while_there_is_a_seat(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource(), capacity=2)
        held = await salon.booked(service, "10:00", hold=True)
        late = at("06:30")
        await salon.booked(service, "10:00", now=late, seats=1)
        assert (await salon.act(held, "confirm", now=late)).json()["status"] == "confirmed"
        assert (await session_of(salon, held))["seats_taken"] == 2

    async def test_and_do_not_come_back_without(self, salon: Salon) -> None:
        service = await yoga(salon, await salon.resource(), capacity=2)
        held = await salon.booked(service, "10:00", hold=True, seats=2)
        late = at("06:30")
        await salon.booked(service, "10:00", now=late, seats=2)
        assert refusal(await salon.act(held, "confirm", now=late)) == (409, "slot-taken")


class TestListClassSessions:
    async def test_finds_by_time_service_teacher_and_status(self, lone_salon: Salon) -> None:
        ada, bob = await lone_salon.resource(), await lone_salon.resource("Bob")
        by_ada, by_bob = await yoga(lone_salon, ada), await yoga(lone_salon, bob)
        first = (await lone_salon.booked(by_ada, "10:00"))["class_session_id"]
        second = (await lone_salon.booked(by_bob, "12:00"))["class_session_id"]
        gone = await lone_salon.booked(by_bob, "14:00")
        await lone_salon.act(gone, "cancel")

        async def found(**query: str) -> list[str]:
            answer = await lone_salon.desk.get(PATH, params=query)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found() == [first, second, gone["class_session_id"]]
        assert await found(status="open") == [first, second]
        assert await found(service_id=by_ada) == await found(resource_id=ada) == [first]
        assert await found(start=at("12:00"), end=at("14:00")) == [second]
        answer = await lone_salon.desk.get("/api/v1/appointments", params={"class_session_id": first})
        assert [each["class_session_id"] for each in answer.json()["items"]] == [first]

    async def test_shows_nobody_what_is_next_door(self, salon: Salon, other_salon: Salon) -> None:
        made = await salon.booked(await yoga(salon, await salon.resource()), "10:00")
        answer = await other_salon.desk.get(f"{PATH}/{made['class_session_id']}")
        assert refusal(answer) == (404, "class-session-not-found")

    @pytest.mark.parametrize("path", ["", "/01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e73"])
    async def test_needs_the_permission(self, salon: Salon, path: str) -> None:
        stranger: httpx.AsyncClient = await salon.business.client("services:read", mode="test")
        assert refusal(await stranger.get(PATH + path)) == (403, "permission-denied")
