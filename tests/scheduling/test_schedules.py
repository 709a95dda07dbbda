from typing import Any
from uuid import uuid4

import pytest

from tests.actors import Business
from tests.scheduling.catalogue import add_resource

WEEK: dict[str, Any] = {
    "timezone": "America/New_York",
    "weekly": [
        {"weekday": 1, "start": "09:00", "end": "12:00"},
        {"weekday": 1, "start": "12:00", "end": "17:30"},
        {"weekday": 5, "start": "22:00", "end": "02:00"},
        {"weekday": 6, "start": "18:00", "end": "00:00"},
        {"weekday": 7, "start": "08:00", "end": "08:00"},
    ],
    "overrides": [
        {"date": "2026-12-24", "windows": [{"start": "09:00", "end": "12:00"}, {"start": "20:00", "end": "01:00"}]},
        {"date": "2026-12-25", "windows": []},
    ],
}


async def schedule_path(business: Business) -> str:
    return f"/api/v1/resources/{(await add_resource(business))['id']}/schedule"


def week(*windows: tuple[int, str, str]) -> dict[str, Any]:
    weekly = [{"weekday": weekday, "start": start, "end": end} for weekday, start, end in windows]
    return {"timezone": "UTC", "weekly": weekly, "overrides": []}


class TestGetSchedule:
    async def test_a_new_resource_is_never_open(self, shop: Business) -> None:
        answer = await shop.owner.get(await schedule_path(shop))
        assert answer.json() == {"timezone": "Europe/Berlin", "weekly": [], "overrides": []}

    async def test_is_not_found_from_another_business_or_mode(
        self, business: Business, other_business: Business
    ) -> None:
        path = await schedule_path(business)
        tester = await business.client("resources:read", "resources:write", mode="test")
        for client in (other_business.owner, tester):
            assert (await client.get(path)).json()["code"] == "resource-not-found"
            assert (await client.put(path, json=WEEK)).json()["code"] == "resource-not-found"

    async def test_of_no_resource_is_not_found(self, business: Business) -> None:
        assert (await business.owner.get(f"/api/v1/resources/{uuid4()}/schedule")).status_code == 404


class TestReplaceSchedule:
    async def test_is_answered_as_it_was_sent(self, shop: Business) -> None:
        path = await schedule_path(shop)
        answer = await shop.owner.put(path, json=WEEK)
        assert (answer.status_code, answer.json()) == (200, WEEK)
        assert (await shop.owner.get(path)).json() == WEEK

    async def test_is_put_in_order(self, shop: Business) -> None:
        path = await schedule_path(shop)
        shuffled = WEEK | {
            "weekly": WEEK["weekly"][::-1],
            "overrides": [each | {"windows": each["windows"][::-1]} for each in WEEK["overrides"][::-1]],
        }
        assert (await shop.owner.put(path, json=shuffled)).json() == WEEK

    async def test_replaces_the_whole(self, shop: Business) -> None:
        path = await schedule_path(shop)
        await shop.owner.put(path, json=WEEK)
        answer = await shop.owner.put(path, json={"timezone": "UTC", "weekly": []})
        assert answer.json() == {"timezone": "UTC", "weekly": [], "overrides": []}

    async def test_sets_the_resources_zone(self, shop: Business) -> None:
        path = await schedule_path(shop)
        await shop.owner.put(path, json=WEEK)
        resource = (await shop.owner.get(path.removesuffix("/schedule"))).json()
        assert resource["timezone"] == "America/New_York"

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            (week((1, "09:00", "12:00"), (1, "11:59", "13:00")), ["/weekly/1"]),
            (week((1, "11:00", "13:00"), (2, "09:00", "12:00"), (1, "09:00", "12:00")), ["/weekly/0"]),
            (week((1, "09:00", "12:00"), (1, "09:00", "12:00")), ["/weekly/1"]),
            (week((1, "09:00", "02:00"), (1, "23:00", "23:30")), ["/weekly/1"]),
            (week((1, "00:00", "00:00"), (1, "23:59", "00:00")), ["/weekly/1"]),
        ],
    )
    async def test_points_at_overlaps(self, shop: Business, body: dict[str, Any], pointers: list[str]) -> None:
        answer = await shop.owner.put(await schedule_path(shop), json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers

    async def test_points_at_overlaps_and_repeated_dates_of_overrides(self, shop: Business) -> None:
        windows = [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}]
        overrides = [
            {"date": "2026-12-24", "windows": []},
            {"date": "2026-12-25", "windows": windows},
            {"date": "2026-12-24", "windows": []},
        ]
        body = {"timezone": "UTC", "weekly": [], "overrides": overrides}
        answer = await shop.owner.put(await schedule_path(shop), json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [
            "/overrides/1/windows/1",
            "/overrides/2/date",
        ]

    @pytest.mark.parametrize(
        "value",
        ["24:00", "9:00", "09:00:30", "25:00", "09:60", "", "nul\0", "\u0660\u0669:\u0660\u0660", 540, None, "09:00Z"],
    )
    async def test_refuses_what_is_no_time_of_day(self, shop: Business, value: object) -> None:
        body = {"timezone": "UTC", "weekly": [{"weekday": 1, "start": "08:00", "end": value}]}
        answer = await shop.owner.put(await schedule_path(shop), json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/weekly/0/end"]

    async def test_says_how_to_write_midnight(self, shop: Business) -> None:
        body = week((1, "08:00", "24:00"))
        (error,) = (await shop.owner.put(await schedule_path(shop), json=body)).json()["errors"]
        assert error["detail"] == "write midnight as 00:00; as an end it is the end of the day"

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"timezone": "Mars/Olympus"}, "/timezone"),
            ({"weekly": [{"weekday": 0, "start": "09:00", "end": "17:00"}]}, "/weekly/0/weekday"),
            ({"weekly": [{"weekday": 8, "start": "09:00", "end": "17:00"}]}, "/weekly/0/weekday"),
            ({"weekly": [{"weekday": 1, "start": "09:00", "end": "17:00"}] * 51}, "/weekly"),
            ({"overrides": [{"date": "2026-02-30", "windows": []}]}, "/overrides/0/date"),
            ({"overrides": [{"date": "2026-12-24", "windows": []}] * 401}, "/overrides"),
            ({"overrides": [{"date": "2026-12-24"}]}, "/overrides/0/windows"),
        ],
    )
    async def test_refuses_and_points_at(self, shop: Business, change: dict[str, Any], pointer: str) -> None:
        answer = await shop.owner.put(await schedule_path(shop), json=WEEK | change)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_a_refused_schedule_leaves_the_old_one(self, shop: Business) -> None:
        path = await schedule_path(shop)
        await shop.owner.put(path, json=WEEK)
        await shop.owner.put(path, json=week((1, "09:00", "12:00"), (1, "11:00", "13:00")))
        assert (await shop.owner.get(path)).json() == WEEK

    async def test_needs_the_permission(self, business: Business) -> None:
        path = await schedule_path(business)
        reader = await business.client("resources:read")
        assert (await reader.get(path)).status_code == 200
        assert (await reader.put(path, json=WEEK)).status_code == 403
