"""Who hears of what: as much as they could read, and no word more."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.auth.permissions import Permission
from app.core.clock import utcnow
from app.tenancy.mode import Mode
from app.tickets.access import concerns, visible_to
from tests.actors import Business
from tests.live.listening import Connect, Ear
from tests.people.crowd import Person
from tests.scheduling.salon import Salon
from tests.scheduling.salon import at as time_of
from tests.tickets.conftest import TICKETS, Desk

CANARY = "Kanarienvogel"


async def heard_until(ear: Ear, kind: str) -> list[dict[str, Any]]:
    """All that is heard, up to the first message of this type."""
    heard = [await ear.next()]
    while heard[-1]["type"] != kind:
        heard.append(await ear.next())
    return heard


class TestTickets:
    async def test_customers_hear_of_their_own(self, desk: Desk, connect: Connect) -> None:
        guest, _ = await desk.guest()
        stranger, _ = await desk.guest("Dora")
        async with (
            connect(guest.client, topics="tickets") as ear,
            connect(stranger.client, topics="tickets,notifications") as other,
        ):
            await other.until("notification.count")
            ticket = await desk.opened(guest.client)
            await desk.say(ticket, desk.business.owner, "We look into it.")
            created, replied = await ear.next(), await ear.next()
            assert (created["type"], created["actor"]) == ("ticket.created", guest.id)
            assert (replied["type"], replied["actor"], replied["op_id"]) == ("ticket.replied", None, None)
            assert replied["data"]["message"]["body"] == "We look into it."
            assert await other.subscribe() == ["notifications", "tickets"]

    async def test_customers_cannot_look_at_those_of_others(self, desk: Desk, connect: Connect) -> None:
        stranger, _ = await desk.guest("Dora")
        ticket = await desk.opened()
        async with connect(stranger.client) as ear:
            await ear.say("subscribe", topics=[f"ticket:{ticket['id']}"])
            assert (await ear.next())["problem"]["code"] == "ticket-not-found"

    async def test_nobody_looks_at_those_of_other_businesses(
        self, desk: Desk, other_business: Business, connect: Connect
    ) -> None:
        ticket = await desk.opened()
        async with connect(other_business.owner) as ear, connect(desk.business.owner, sandbox=True) as tester:
            for each in (ear, tester):
                await each.say("subscribe", topics=[f"ticket:{ticket['id']}"])
                assert (await each.next())["problem"]["code"] == "ticket-not-found"

    async def test_staff_who_see_their_own_hear_of_those_alone(self, desk: Desk, connect: Connect) -> None:
        member, colleague = await desk.member("tickets_own"), await desk.member("tickets_all")
        async with (
            connect(member.client, topics="tickets") as ear,
            connect(colleague.client, topics="tickets") as all_ears,
        ):
            others, own = await desk.opened(), await desk.opened(assignee_id=member.id)
            assert (await ear.next())["id"] == own["id"]
            assert [(await all_ears.next())["id"] for _ in range(2)] == [others["id"], own["id"]]

    async def test_whoever_loses_sight_of_a_ticket_leaves_it(self, desk: Desk, connect: Connect) -> None:
        member = await desk.member("tickets_own")
        ticket = await desk.opened(assignee_id=member.id)
        topic = f"ticket:{ticket['id']}"
        async with connect(member.client, topics=topic) as ear:
            await ear.until("ticket.presence")
            await desk.business.owner.patch(f"{TICKETS}/{ticket['id']}", json={"assignee_id": None})
            assert (await ear.until("unsubscribed"))["data"] == {"topics": [], "left": [topic]}
            await ear.say("subscribe", topics=[topic])
            assert (await ear.next())["problem"]["code"] == "ticket-not-found"

    async def test_one_ticket_is_told_of_by_itself(self, desk: Desk, connect: Connect) -> None:
        ticket, _other = await desk.opened(), await desk.opened()
        async with connect(desk.business.owner, topics=f"ticket:{ticket['id']}") as ear:
            await desk.say(_other, desk.business.owner, "Nobody hears it")
            await desk.say(ticket, desk.business.owner, "We look into it.")
            assert (await ear.until("ticket.replied"))["id"] == ticket["id"]

    async def test_no_note_reaches_a_customer(self, desk: Desk, connect: Connect) -> None:
        guest, _ = await desk.guest()
        ticket = await desk.opened(guest.client)
        topics = f"tickets,appointments,notifications,ticket:{ticket['id']}"
        async with connect(guest.client, topics=topics) as ear:
            said = await desk.say(ticket, desk.business.owner, f"{CANARY} among ourselves", kind="note")
            assert said.status_code == 201
            await desk.say(ticket, desk.business.owner, "We look into it.")
            first = ear.resume_after
            assert CANARY not in json.dumps(await heard_until(ear, "ticket.replied"))
        async with connect(guest.client, topics=topics, after=0) as ear:
            assert CANARY not in json.dumps(await heard_until(ear, "ticket.replied"))
        async with connect(guest.client, topics=topics, after=first) as ear:
            assert CANARY not in json.dumps(await heard_until(ear, "ticket.replied"))

    @pytest.mark.parametrize("areas", [("tickets_own",), ("tickets_all",), (), None])
    async def test_are_heard_of_by_those_who_can_read_them(
        self, app: FastAPI, desk: Desk, areas: tuple[str, ...] | None
    ) -> None:
        """What decides at the socket, and what decides in queries, say the same of every ticket."""
        guest, _ = await desk.guest()
        people: list[Person] = [guest] if areas is None else [await desk.member(*areas)]
        tickets = [await desk.opened(), await desk.opened(guest.client)]
        tickets += [await desk.opened(assignee_id=each.id) for each in people if areas]
        tenant = await app.state.hosts.require(UUID(desk.business.id), now=utcnow())
        for person in people:
            actor = await _principal(app, desk.business, person.client)
            async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
                found = await concerns(session, [UUID(each["id"]) for each in tickets])
                seen = {row.id for row in await session.scalars(visible_to(actor))}
            heard = {each for each, concern in found.items() if concern.includes(actor)}
            assert heard == (seen if Permission.TICKETS_READ in actor.permissions else set())


@dataclass(frozen=True)
class Shop:
    """A salon in live mode, with somebody who serves."""

    salon: Salon
    member: str
    service: str


@pytest.fixture
async def shop(business: Business) -> Shop:
    salon = await Salon.open(business, business.owner)
    member = await salon.resource()
    return Shop(salon, member, await salon.service([member]))


class TestAppointments:
    async def test_customers_hear_of_their_own_without_what_the_staff_note(
        self, shop: Shop, desk: Desk, connect: Connect
    ) -> None:
        guest, customer_id = await desk.guest()
        stranger, _ = await desk.guest("Dora")
        async with (
            connect(guest.client, topics="appointments") as ear,
            connect(stranger.client, topics="appointments") as other,
            connect(desk.business.owner, topics="appointments") as owner,
        ):
            booked = await shop.salon.booked(shop.service, "10:00", customer_id=customer_id, notes=CANARY)
            told = await ear.next()
            assert (told["type"], told["id"], told["version"]) == ("appointment.created", booked["id"], 1)
            assert CANARY not in json.dumps(told)
            assert (await owner.next())["data"]["notes"] == CANARY
            assert await other.subscribe() == ["appointments"]

    async def test_customers_are_told_of_nothing_else(self, desk: Desk, connect: Connect) -> None:
        guest, _ = await desk.guest()
        async with connect(guest.client) as ear:
            for topic in ("calendar", "customers", "services", "resources"):
                await ear.say("subscribe", topics=[topic])
                assert (await ear.until("problem"))["problem"]["code"] == "permission-denied"


class TestCalendar:
    async def test_tells_when_something_has_changed_and_not_what(self, shop: Shop, connect: Connect) -> None:
        async with connect(shop.salon.desk, topics="calendar") as ear:
            booked = await shop.salon.booked(shop.service, "10:00")
            told = await ear.next()
            assert (told["type"], told["resource"], told["id"]) == ("calendar.changed", "calendar", None)
            stretch = {name: booked[name] for name in ("start", "end", "resource_ids")}
            assert told["data"] == {"cause": "appointment.created", "stretches": [stretch]}

    async def test_tells_of_both_times_of_what_was_moved(self, shop: Shop, connect: Connect) -> None:
        booked = await shop.salon.booked(shop.service, "10:00")
        async with connect(shop.salon.desk, topics="calendar") as ear:
            moved = (await shop.salon.act(booked, "reschedule", {"start": time_of("12:00")})).json()
            stretches = (await ear.next())["data"]["stretches"]
            assert [each["start"] for each in stretches] == [moved["start"], booked["start"]]

    async def test_tells_of_blocks_and_schedules(self, shop: Shop, connect: Connect) -> None:
        async with connect(shop.salon.desk, topics="calendar") as ear:
            block = {"start": "2030-01-07T09:00:00Z", "end": "2030-01-07T12:00:00Z"}
            await shop.salon.business.make(f"/resources/{shop.member}/blocks", block)
            told = (await ear.next())["data"]
            assert told == {"cause": "resource.blocked", "stretches": [block | {"resource_ids": [shop.member]}]}
            schedule = {"timezone": "UTC", "weekly": [], "overrides": []}
            await shop.salon.desk.put(f"/api/v1/resources/{shop.member}/schedule", json=schedule)
            told = (await ear.next())["data"]
            whole = {"start": None, "end": None, "resource_ids": [shop.member]}
            assert told == {"cause": "resource.schedule_changed", "stretches": [whole]}


async def _principal(app: FastAPI, business: Business, client: httpx.AsyncClient) -> Any:
    host = await app.state.hosts.resolve(business.host, now=utcnow())
    token = client.headers["Authorization"].removeprefix("Bearer ")
    return await app.state.principals.authenticate(token, host, now=utcnow())
