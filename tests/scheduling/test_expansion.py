"""Appointments shown with their customer, service and resources, through the whole stack."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.routers.pages import PageRead
from app.scheduling.schemas.appointments import AppointmentRead
from tests.actors import Business
from tests.round_trips import recorded
from tests.scheduling.salon import DESK, NOW, Salon, at, refusal

APPOINTMENTS = "/api/v1/appointments"
ALL = "customer,service,resources"
NOTHING = {"customer": None, "service": None, "resources": None}


@pytest.fixture
async def salon(business: Business) -> Salon:
    """A salon of its own, whose desk may read everything."""
    desk = await business.client(*DESK, "customers:read", "services:read", mode="test")
    desk.headers["Sandbox-Now"] = NOW
    return await Salon.open(business, desk)


@pytest.fixture
async def booked(salon: Salon) -> dict[str, Any]:
    """An appointment that two resources serve."""
    ada, bob, room = [await salon.resource(name) for name in ("Ada", "Bob", "Room")]
    service = await salon.service([room, ada], [bob], name='Cut, {braces} and "quotes"')
    return await salon.booked(service, "10:00")


async def shown(salon: Salon, appointment: dict[str, Any]) -> dict[str, Any]:
    """What the appointment is shown with, each read by itself."""
    found = {}
    for name, path in (
        ("customer", f"/customers/{appointment['customer_id']}"),
        ("service", f"/services/{appointment['service_id']}"),
    ):
        found[name] = (await salon.desk.get(f"/api/v1{path}")).json()
    resources = [(await salon.desk.get(f"/api/v1/resources/{each}")).json() for each in appointment["resource_ids"]]
    return found | {"resources": resources}


async def without(business: Business, *scopes: str) -> httpx.AsyncClient:
    """A desk that may not do all of this."""
    desk = await business.client(*({*DESK, "customers:read", "services:read"} - set(scopes)), mode="test")
    desk.headers["Sandbox-Now"] = NOW
    return desk


class TestExpand:
    async def test_shows_nothing_that_is_not_asked_for(self, salon: Salon, booked: dict[str, Any]) -> None:
        assert {name: booked[name] for name in NOTHING} == NOTHING
        (listed,) = (await salon.desk.get(APPOINTMENTS)).json()["items"]
        assert await salon.read(booked) == listed == booked

    async def test_shows_each_as_it_is_read_by_itself(self, salon: Salon, booked: dict[str, Any]) -> None:
        expected = await shown(salon, booked)
        for names in ("customer", "service", "resources", "service,customer", ALL):
            wanted = NOTHING | {name: expected[name] for name in names.split(",")}
            alone = await salon.desk.get(f"{APPOINTMENTS}/{booked['id']}", params={"expand": names})
            listed = await salon.desk.get(APPOINTMENTS, params={"expand": names.split(",")})
            assert alone.json() == booked | wanted
            assert listed.json()["items"] == [booked | wanted]
            assert PageRead[AppointmentRead].model_validate_json(listed.content).model_dump_json() == listed.text

    async def test_shows_it_with_what_has_just_been_booked(self, salon: Salon, booked: dict[str, Any]) -> None:
        body = {
            "service_id": booked["service_id"],
            "customer_id": booked["customer_id"],
            "start": "2027-02-01T13:00:00Z",
        }
        made = await salon.desk.post(APPOINTMENTS, params={"expand": ALL}, json=body)
        assert made.status_code == 201
        assert {name: made.json()[name] for name in NOTHING} == await shown(salon, made.json())
        path = f"{APPOINTMENTS}/{made.json()['id']}/reschedule"
        moved = await salon.desk.post(path, params={"expand": "customer"}, json={"start": at("14:00")})
        assert moved.json()["customer"] == made.json()["customer"]

    async def test_takes_no_statement_more_for_more_appointments(
        self, salon: Salon, app: FastAPI, booked: dict[str, Any]
    ) -> None:
        await salon.desk.get(APPOINTMENTS, params={"expand": ALL})
        for clock in ("08:00", "12:00"):
            await salon.booked(booked["service_id"], clock)
        with recorded(app) as trips:
            listed = await salon.desk.get(APPOINTMENTS, params={"expand": ALL})
        assert len(listed.json()["items"]) == 3
        assert [trip.split()[0] for trip in trips] == ["BEGIN", "SELECT", "COMMIT"]

    @pytest.mark.parametrize(
        ("name", "scopes"),
        [
            ("customer", ("customers:read", "customers:write")),
            ("service", ("services:read", "services:write")),
            ("resources", ("resources:read", "resources:write")),
        ],
    )
    async def test_needs_the_permission_to_read_that(
        self, salon: Salon, booked: dict[str, Any], name: str, scopes: tuple[str, ...]
    ) -> None:
        desk = await without(salon.business, *scopes)
        others = ",".join(each for each in NOTHING if each != name)
        for path in (APPOINTMENTS, f"{APPOINTMENTS}/{booked['id']}"):
            assert (await desk.get(path, params={"expand": others})).status_code == 200
            answer = await desk.get(path, params={"expand": ALL})
            assert refusal(answer) == (403, "permission-denied")
            assert scopes[0] in answer.json()["detail"]

    async def test_books_nothing_for_whoever_may_not_see_it(self, salon: Salon, booked: dict[str, Any]) -> None:
        desk = await without(salon.business, "customers:read", "customers:write")
        body = {
            "service_id": booked["service_id"],
            "customer_id": booked["customer_id"],
            "start": "2027-02-01T13:00:00Z",
        }
        refused = await desk.post(APPOINTMENTS, params={"expand": "customer"}, json=body)
        assert refusal(refused) == (403, "permission-denied")
        assert len((await salon.desk.get(APPOINTMENTS)).json()["items"]) == 1

    @pytest.mark.parametrize("names", ["price", "customer,price", "", "customer,customer,customer,customer"])
    async def test_refuses_what_there_is_not(self, salon: Salon, names: str) -> None:
        answer = await salon.desk.get(APPOINTMENTS, params={"expand": names})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "expand")

    async def test_changes_the_tag_with_what_is_shown(self, salon: Salon, booked: dict[str, Any]) -> None:
        path, query = f"{APPOINTMENTS}/{booked['id']}", {"expand": "customer"}
        etag = (await salon.desk.get(path, params=query)).headers["etag"]
        known = {"If-None-Match": etag}
        assert (await salon.desk.get(path, params=query, headers=known)).status_code == 304
        await salon.desk.patch(f"/api/v1/customers/{booked['customer_id']}", json={"name": "Clara Schumann"})
        answer = await salon.desk.get(path, params=query, headers=known)
        assert (answer.status_code, answer.json()["customer"]["name"]) == (200, "Clara Schumann")

    async def test_shows_its_instants_in_any_zone(self, salon: Salon, booked: dict[str, Any]) -> None:
        query = {"expand": ALL, "timezone": "Asia/Tokyo"}
        item = (await salon.desk.get(f"{APPOINTMENTS}/{booked['id']}", params=query)).json()
        for part in (item, item["customer"], item["service"], *item["resources"]):
            assert part["created_at"].endswith("+09:00")
