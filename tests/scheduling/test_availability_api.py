"""Free slots through the whole stack."""

from datetime import datetime

import pytest
from fastapi import FastAPI

from app.scheduling import slots as slots_feature
from app.scheduling.schemas.availability import AvailabilityRead
from tests.actors import Business
from tests.round_trips import recorded
from tests.scheduling.salon import Salon, at

HOURS = ["08:00", "09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]


class TestFindSlots:
    async def test_offers_the_starts_within_working_hours(self, salon: Salon) -> None:
        ada = await salon.resource()
        service = await salon.service([ada])

        slots = (await salon.ask(service)).json()["slots"]

        assert slots[0] == {"start": at("08:00"), "end": at("09:00"), "resource_ids": [ada], "remaining": 1}
        assert [slot["start"] for slot in slots] == [at(hour) for hour in HOURS]

    async def test_names_everybody_who_could_serve_and_counts_the_places(self, salon: Salon) -> None:
        ada, bob, room = await salon.resource("Ada"), await salon.resource("Bob"), await salon.resource(kind="room")
        service = await salon.service([ada, bob], [room])

        slot = (await salon.ask(service)).json()["slots"][0]

        assert slot["resource_ids"] == [ada, bob, room]
        assert slot["remaining"] == 1

    @pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Europe/London", "Asia/Kathmandu"])
    async def test_answers_the_very_bytes_that_its_model_writes(self, salon: Salon, zone: str) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.ask(service, timezone=zone)

        assert AvailabilityRead.model_validate_json(answer.content).model_dump_json() == answer.text
        assert answer.headers["content-type"] == "application/json"

    async def test_its_model_is_in_the_api_document(self, app: FastAPI) -> None:
        operation = app.openapi()["paths"]["/api/v1/availability"]["get"]

        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/AvailabilityRead"}

    async def test_a_zone_changes_only_how_instants_are_shown(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])

        plain = (await salon.ask(service)).json()["slots"]
        local = (await salon.ask(service, timezone="Europe/Berlin")).json()["slots"]

        assert local[0]["start"] == "2027-02-01T09:00:00+01:00"
        assert [datetime.fromisoformat(slot["start"]) for slot in local] == [
            datetime.fromisoformat(slot["start"]) for slot in plain
        ]

    @pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2027-03-29", 24), ("2027-10-31", 25)])
    async def test_a_day_on_which_the_clocks_change_is_shorter_or_longer(
        self, salon: Salon, day: str, hours: int
    ) -> None:
        service = await salon.service([await salon.resource(opens="00:00", closes="00:00")])

        answer = await salon.ask(service, "2027-03-27T00:00:00Z", "2027-03-31T00:00:00Z", timezone="Europe/Berlin")
        if day.startswith("2027-10"):
            answer = await salon.ask(service, "2027-10-30T00:00:00Z", "2027-11-02T00:00:00Z", timezone="Europe/Berlin")

        assert len([slot for slot in answer.json()["slots"] if slot["start"].startswith(day)]) == hours

    async def test_an_override_replaces_the_hours_of_its_date(self, salon: Salon) -> None:
        ada = await salon.resource()
        service = await salon.service([ada])
        windows = [{"start": "12:00", "end": "14:00"}]
        schedule = {
            "timezone": "Europe/Berlin",
            "weekly": [],
            "overrides": [{"date": "2027-02-01", "windows": windows}],
        }
        await salon.desk.put(f"/api/v1/resources/{ada}/schedule", json=schedule)

        assert await salon.starts(service) == ["11:00", "12:00"]

    async def test_buffers_stack_between_appointments(self, salon: Salon) -> None:
        ada = await salon.resource()
        service = await salon.service([ada], buffer_before_minutes=10, buffer_after_minutes=5, slot_step_minutes=60)
        await salon.booked(service, "10:00")

        assert await salon.starts(service) == ["08:00", "11:15", "12:15", "13:15", "14:15"]

    async def test_a_block_takes_time(self, salon: Salon) -> None:
        ada = await salon.resource()
        service = await salon.service([ada])
        await salon.business.make(
            f"/resources/{ada}/blocks", {"start": at("08:00"), "end": at("14:00")}, client=salon.desk
        )

        assert await salon.starts(service) == ["14:00", "15:00"]

    async def test_notice_is_inclusive(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], minimum_notice_minutes=120)

        assert (await salon.starts(service, now=at("12:00")))[0] == "14:00"
        assert (await salon.starts(service, now=at("12:01")))[0] == "15:00"

    async def test_nothing_is_offered_beyond_the_booking_window(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], booking_window_days=1)

        answer = await salon.ask(service, at("00:00"), "2027-02-10T00:00:00Z")

        assert {slot["start"][:10] for slot in answer.json()["slots"]} == {"2027-02-01", "2027-02-02"}

    async def test_a_held_slot_is_offered_again_when_the_hold_expires(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()], hold_ttl_minutes=10)
        await salon.booked(service, "10:00", hold=True)

        assert "10:00" not in await salon.starts(service, now=at("06:09"))
        assert "10:00" in await salon.starts(service, now=at("06:10"))

    async def test_one_resource_can_be_asked_for(self, salon: Salon) -> None:
        ada, bob = await salon.resource("Ada"), await salon.resource("Bob")
        service = await salon.service([ada, bob])
        await salon.booked(service, "10:00", resource_ids=[ada])

        assert "10:00" in await salon.starts(service)
        assert "10:00" in await salon.starts(service, resource_id=bob)
        assert "10:00" not in await salon.starts(service, resource_id=ada)

    async def test_a_resource_that_does_not_serve_has_no_slots(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])

        assert await salon.starts(service, resource_id=await salon.resource("Bob")) == []

    async def test_an_archived_service_has_no_slots(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        await salon.desk.delete(f"/api/v1/services/{service}")

        assert await salon.starts(service) == []

    async def test_asks_the_database_once_whatever_there_is(self, salon: Salon, app: FastAPI) -> None:
        small = await salon.service([await salon.resource()])
        large = await salon.service(
            [await salon.resource(name) for name in "BCDEF"], [await salon.resource("R", kind="room")]
        )
        await salon.booked(large, "10:00")
        await salon.ask(small)
        for service in (small, large):
            with recorded(app) as trips:
                await salon.ask(service, at("00:00"), "2027-03-31T00:00:00Z")

            assert [trip.split()[0] for trip in trips] == ["BEGIN", "SELECT", "COMMIT"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("start", "end", "code"),
        [
            ("2027-02-01T00:00:00Z", "2027-04-05T00:00:00Z", "range-too-long"),
            ("2027-02-01T00:00:00Z", "2027-02-01T00:00:00Z", "validation-failed"),
            ("2027-02-02T00:00:00Z", "2027-02-01T00:00:00Z", "validation-failed"),
            ("2027-02-01T00:00:00", "2027-02-02T00:00:00Z", "validation-failed"),
            ("0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z", "validation-failed"),
            ("tomorrow", "2027-02-02T00:00:00Z", "validation-failed"),
        ],
    )
    async def test_a_range_that_is_none(self, salon: Salon, start: str, end: str, code: str) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.ask(service, start, end)

        assert (answer.status_code, answer.json()["code"]) == (422, code)

    async def test_an_answer_beyond_all_measure_is_refused(self, salon: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slots_feature, "_MOST_NAMED", 2)
        service = await salon.service([await salon.resource()])

        answer = await salon.ask(service)

        assert (answer.status_code, answer.json()["code"]) == (422, "range-too-long")
        assert "fewer days" in answer.json()["detail"]

    async def test_62_days_are_not_too_long_even_where_the_clocks_go_back(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.ask(service, "2027-10-01T00:00:00+02:00", "2027-12-02T00:00:00+01:00")

        assert answer.status_code == 200

    async def test_a_zone_that_does_not_exist(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.ask(service, timezone="Europe/Atlantis")

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "timezone")

    async def test_ids_of_another_business(self, salon: Salon, other_salon: Salon) -> None:
        ours, theirs = await salon.resource(), await other_salon.resource()
        service, foreign = await salon.service([ours]), await other_salon.service([theirs])

        unknown_service = await salon.ask(foreign)
        unknown_resource = await salon.ask(service, resource_id=theirs)

        assert (unknown_service.status_code, unknown_service.json()["code"]) == (404, "service-not-found")
        assert (unknown_resource.status_code, unknown_resource.json()["code"]) == (404, "resource-not-found")

    async def test_a_live_id_in_the_sandbox(self, salon: Salon) -> None:
        live = await Salon.open(salon.business, salon.business.owner)
        service = await live.service([await live.resource()])

        assert (await live.ask(service)).status_code == 200
        assert (await salon.ask(service)).status_code == 404

    async def test_a_token_without_the_scope(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        stranger = await Salon.open(salon.business, await salon.business.client("customers:write", mode="test"))

        answer = await stranger.ask(service)

        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")


class TestSandboxNow:
    async def test_is_refused_in_live_mode(self, shop: Business) -> None:
        live = await Salon.open(shop, shop.owner)
        service = await live.service([await live.resource()])

        answer = await live.ask(service, now=at("06:00"))

        assert (answer.status_code, answer.json()["code"]) == (400, "sandbox-clock-refused")

    @pytest.mark.parametrize("clock", ["", "noon", "2027-02-01T06:00:00", "0001-01-01T00:00:00Z"])
    async def test_is_refused_if_it_is_no_instant(self, salon: Salon, clock: str) -> None:
        service = await salon.service([await salon.resource()])

        answer = await salon.ask(service, now=clock)

        assert (answer.status_code, answer.json()["code"]) == (400, "clock-invalid")
