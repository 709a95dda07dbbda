"""Reading and annotating appointments through the whole stack."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.ids import uuid7
from app.routers.pages import PageRead
from app.scheduling.schemas.appointments import AppointmentRead
from tests.round_trips import recorded
from tests.scheduling.salon import DESK, Salon, at, refusal


async def listed(salon: Salon, *, now: str | None = None, **query: Any) -> list[str]:
    """The ids of a list's items."""
    headers = {"Sandbox-Now": now} if now else {}
    answer = await salon.desk.get("/api/v1/appointments", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


class TestListAppointments:
    async def test_shows_each_as_it_is_read_alone_byte_by_byte(self, lone_salon: Salon) -> None:
        salon = lone_salon
        service = await salon.service([await salon.resource()])
        first = await salon.booked(service, "10:00", notes='Says "hello"\nünïcode, {braces} and \\ 12:00:00.000000Z')
        held = await salon.booked(service, "11:00", hold=True)
        await salon.act(first, "cancel", {"reason": "ill"})

        answer = await salon.desk.get("/api/v1/appointments")

        assert PageRead[AppointmentRead].model_validate_json(answer.content).model_dump_json() == answer.text
        assert answer.json()["items"] == [await salon.read(first), await salon.read(held)]

    async def test_is_empty_at_first(self, lone_salon: Salon) -> None:
        answer = await lone_salon.desk.get("/api/v1/appointments")

        assert answer.text == '{"items":[],"next_cursor":null,"total":null,"total_is_capped":false}'

    async def test_goes_page_by_page_in_order_of_time(self, lone_salon: Salon) -> None:
        salon = lone_salon
        team = [await salon.resource("Ada"), await salon.resource("Bob")]
        service = await salon.service(team)
        clocks = ("12:00", "08:00", "10:00", "10:00", "09:00")
        made = [await salon.booked(service, clock) for clock in clocks]
        expected = [each["id"] for each in sorted(made, key=lambda each: (each["start"], each["id"]))]

        found: list[str] = []
        cursor = None
        for size in (2, 2, 1):
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await salon.desk.get("/api/v1/appointments", params=query)).json()
            cursor = page["next_cursor"]
            assert len(page["items"]) == size
            found += [item["id"] for item in page["items"]]

        assert found == expected
        assert cursor is None

    async def test_is_narrowed_by_each_filter(self, lone_salon: Salon) -> None:
        salon = lone_salon
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        cut, wash = await salon.service([ada]), await salon.service([bob])
        other = (await salon.business.make("/customers", {"name": "Dora"}, client=salon.desk))["id"]
        early = (await salon.booked(cut, "08:00"))["id"]
        late = (await salon.booked(wash, "12:00", customer_id=other))["id"]

        assert await listed(salon, start=at("12:00")) == [late]
        assert await listed(salon, end=at("12:00")) == [early]
        assert await listed(salon, start=at("08:00"), end=at("12:01")) == [early, late]
        assert await listed(salon, customer_id=other) == [late]
        assert await listed(salon, resource_id=ada) == [early]
        assert await listed(salon, service_id=wash) == [late]
        assert await listed(salon, service_id=wash, resource_id=ada) == []

    async def test_knows_what_has_expired_before_anybody_sweeps(self, lone_salon: Salon) -> None:
        salon = lone_salon
        service = await salon.service([await salon.resource()])
        held = (await salon.booked(service, "08:00", hold=True))["id"]
        confirmed = (await salon.booked(service, "09:00"))["id"]

        assert await listed(salon, status="held") == [held]
        assert await listed(salon, status="expired") == []
        assert await listed(salon, status="held", now=at("06:10")) == []
        assert await listed(salon, status="expired", now=at("06:10")) == [held]
        assert await listed(salon, status=["confirmed", "expired"], now=at("06:10")) == [held, confirmed]
        assert await listed(salon, status="confirmed,expired", now=at("06:10")) == [held, confirmed]

    async def test_asks_the_database_once(self, salon: Salon, app: FastAPI) -> None:
        service = await salon.service([await salon.resource()])
        await salon.booked(service, "10:00")
        await listed(salon)

        with recorded(app) as trips:
            await listed(salon, status="confirmed")

        assert [trip.split()[0] for trip in trips] == ["BEGIN", "SELECT", "COMMIT"]

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"start": at("10:00"), "end": at("10:00")}, (422, "validation-failed")),
            ({"start": "2027-02-01T10:00:00"}, (422, "validation-failed")),
            ({"status": "lost"}, (422, "validation-failed")),
            ({"limit": 101}, (422, "validation-failed")),
            ({"cursor": "abc"}, (400, "cursor-invalid")),
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, salon: Salon, query: dict[str, Any], code: tuple[int, str]
    ) -> None:
        assert refusal(await salon.desk.get("/api/v1/appointments", params=query)) == code

    async def test_keeps_businesses_and_modes_apart(self, lone_salon: Salon, other_salon: Salon) -> None:
        service = await lone_salon.service([await lone_salon.resource()])
        made = await lone_salon.booked(service, "10:00")
        live = await lone_salon.business.client(*DESK)

        assert await listed(lone_salon) == [made["id"]]
        assert made["id"] not in await listed(other_salon)
        assert (await live.get("/api/v1/appointments")).json()["items"] == []

    async def test_wants_the_scope(self, salon: Salon) -> None:
        stranger = await salon.business.client("appointments:write", mode="test")

        assert refusal(await stranger.get("/api/v1/appointments")) == (403, "permission-denied")


class TestGetAppointment:
    async def test_finds_nothing_of_another_business_or_mode(self, salon: Salon, other_salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        path = f"/api/v1/appointments/{(await salon.booked(service, '10:00'))['id']}"
        live = await salon.business.client(*DESK)

        assert (await salon.desk.get(path)).status_code == 200
        assert refusal(await other_salon.desk.get(path)) == (404, "appointment-not-found")
        assert refusal(await live.get(path)) == (404, "appointment-not-found")

    async def test_wants_the_scope(self, salon: Salon) -> None:
        stranger = await salon.business.client("appointments:write", mode="test")

        assert refusal(await stranger.get(f"/api/v1/appointments/{uuid7()}")) == (403, "permission-denied")


class TestUpdateAppointment:
    async def test_changes_the_notes_and_counts_the_revision(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "10:00")

        answer = await salon.desk.patch(f"/api/v1/appointments/{made['id']}", json={"notes": "Allergic to lavender"})

        assert answer.headers["etag"] == '"2"'
        assert answer.json() == await salon.read(made)
        unchanged = {"notes", "revision", "updated_at"}
        assert {name for name, value in answer.json().items() if made[name] != value} == unchanged

    async def test_changes_nothing_if_nothing_differs(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "10:00")

        answer = await salon.desk.patch(f"/api/v1/appointments/{made['id']}", json={"notes": ""})

        assert answer.json() == made

    @pytest.mark.parametrize(
        ("tag", "status"),
        [
            ('"1"', 200),
            ("*", 200),
            ('"7", "1"', 200),
            ('"2"', 412),
            ('W/"1"', 200),
            ('"1.9f86d081"', 200),
            ('"2.9f86d081"', 412),
            ("1", 412),
            ("", 412),
        ],
    )
    async def test_happens_only_to_the_revision_that_was_read(self, salon: Salon, tag: str, status: int) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "10:00")

        answer = await salon.desk.patch(
            f"/api/v1/appointments/{made['id']}", json={"notes": "changed"}, headers={"If-Match": tag}
        )

        assert answer.status_code == status
        assert (await salon.read(made))["notes"] == ("changed" if status == 200 else "")

    @pytest.mark.parametrize("body", [{"notes": None}, {"start": at("11:00")}, {"notes": "x" * 2001}])
    async def test_takes_nothing_but_notes(self, salon: Salon, body: dict[str, Any]) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "10:00")

        answer = await salon.desk.patch(f"/api/v1/appointments/{made['id']}", json=body)

        assert refusal(answer) == (422, "validation-failed")

    async def test_finds_nothing_of_another_business(self, salon: Salon, other_salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "10:00")

        answer = await other_salon.desk.patch(f"/api/v1/appointments/{made['id']}", json={"notes": "ours"})

        assert refusal(answer) == (404, "appointment-not-found")

    async def test_wants_the_scope(self, salon: Salon) -> None:
        reader = await salon.business.client("appointments:read", mode="test")

        answer = await reader.patch(f"/api/v1/appointments/{uuid7()}", json={"notes": "changed"})

        assert refusal(answer) == (403, "permission-denied")
