import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from fastapi import FastAPI

from tests.actors import Business
from tests.scheduling.catalogue import add_resource, add_service, occupy

MORNING = {"start": "2031-03-03T09:00:00Z", "end": "2031-03-03T12:00:00Z"}
AFTERNOON = {"start": "2031-03-03T12:00:00Z", "end": "2031-03-03T17:00:00Z"}
DURING_MORNING = (datetime(2031, 3, 3, 10, tzinfo=UTC), datetime(2031, 3, 3, 11, tzinfo=UTC))


async def blocks_path(business: Business) -> str:
    """Below /api/v1."""
    return f"/resources/{(await add_resource(business))['id']}/blocks"


class TestCreateBlock:
    async def test_answers_in_utc(self, business: Business) -> None:
        path = await blocks_path(business)
        body = {"start": "2031-03-03T10:00:00+01:00", "end": "2031-03-03T13:00:00+01:00", "reason": " Off "}
        made = await business.make(path, body)
        assert made.pop("id")
        assert made.pop("created_at")
        assert made == MORNING | {"reason": "Off", "resource_id": path.split("/")[2]}

    async def test_refuses_an_overlap_and_allows_a_neighbour(self, business: Business) -> None:
        path = await blocks_path(business)
        await business.make(path, MORNING)
        answer = await business.owner.post(f"/api/v1{path}", json=MORNING | {"start": "2031-03-03T11:59:59Z"})
        assert (answer.status_code, answer.json()["code"]) == (409, "resource-busy")
        await business.make(path, AFTERNOON)
        assert len((await business.owner.get(f"/api/v1{path}")).json()["items"]) == 2

    async def test_refuses_the_time_of_an_appointment(self, business: Business, app: FastAPI) -> None:
        ada = (await add_resource(business))["id"]
        await occupy(app, business, await add_service(business, [ada]), ada, DURING_MORNING)
        answer = await business.owner.post(f"/api/v1/resources/{ada}/blocks", json=MORNING)
        assert (answer.status_code, answer.json()["code"]) == (409, "resource-busy")

    async def test_takes_the_time_of_an_expired_hold(self, business: Business, app: FastAPI) -> None:
        ada = (await add_resource(business))["id"]
        service = await add_service(business, [ada])
        past = datetime.now(UTC) - timedelta(minutes=1)
        await occupy(app, business, service, ada, DURING_MORNING, expires_at=past)
        await business.make(f"/resources/{ada}/blocks", MORNING)

    async def test_of_many_at_once_one_wins(self, business: Business) -> None:
        path = f"/api/v1{await blocks_path(business)}"
        answers = await asyncio.gather(*[business.owner.post(path, json=MORNING) for _ in range(12)])
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"end": MORNING["start"]}, "/end"),
            ({"end": "2031-03-03T08:00:00Z"}, "/end"),
            ({"end": "2032-03-03T09:00:01Z"}, "/end"),
            ({"start": "2031-03-03T09:00:00"}, "/start"),
            ({"start": "2031-03-03T09:00:00.5Z"}, "/start"),
            ({"start": "0001-01-01T00:00:00+14:00"}, "/start"),
            ({"end": "9999-12-31T23:59:59-12:00"}, "/end"),
            ({"reason": "x" * 201}, "/reason"),
            ({"reason": "nul\0"}, "/reason"),
        ],
    )
    async def test_refuses_and_points_at(self, shop: Business, change: dict[str, str], pointer: str) -> None:
        answer = await shop.owner.post(f"/api/v1{await blocks_path(shop)}", json=MORNING | change)
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_may_last_a_leap_year(self, shop: Business) -> None:
        await shop.make(await blocks_path(shop), MORNING | {"end": "2032-03-03T09:00:00Z"})

    async def test_is_not_found_from_another_business_or_mode(
        self, business: Business, other_business: Business
    ) -> None:
        path = await blocks_path(business)
        block = await business.make(path, MORNING)
        tester = await business.client("resources:read", "resources:write", mode="test")
        for client in (other_business.owner, tester):
            assert (await client.post(f"/api/v1{path}", json=AFTERNOON)).json()["code"] == "resource-not-found"
            assert (await client.get(f"/api/v1{path}")).json()["code"] == "resource-not-found"
            assert (await client.delete(f"/api/v1{path}/{block['id']}")).json()["code"] == "block-not-found"

    async def test_needs_the_permission(self, business: Business) -> None:
        path = await blocks_path(business)
        block = await business.make(path, MORNING)
        reader = await business.client("resources:read")
        assert (await reader.get(f"/api/v1{path}")).status_code == 200
        assert (await reader.post(f"/api/v1{path}", json=AFTERNOON)).status_code == 403
        assert (await reader.delete(f"/api/v1{path}/{block['id']}")).status_code == 403


class TestListBlocks:
    async def test_pages_in_order_of_time(self, business: Business) -> None:
        path = await blocks_path(business)
        days = [MORNING, AFTERNOON, {"start": "2031-03-02T00:00:00Z", "end": "2031-03-03T00:00:00Z"}]
        morning, afternoon, sunday = [(await business.make(path, day))["id"] for day in days]
        first = (await business.owner.get(f"/api/v1{path}", params={"limit": 2})).json()
        rest = (await business.owner.get(f"/api/v1{path}", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == [sunday, morning, afternoon]
        assert rest["next_cursor"] is None

    async def test_keeps_to_the_range_half_open(self, business: Business) -> None:
        path = await blocks_path(business)
        await business.make(path, MORNING)
        await business.make(path, AFTERNOON)

        async def starts(**params: str) -> list[str]:
            found = (await business.owner.get(f"/api/v1{path}", params=params)).json()["items"]
            return [each["start"] for each in found]

        assert await starts(start="2031-03-03T12:00:00Z") == [AFTERNOON["start"]]
        assert await starts(end="2031-03-03T12:00:00Z") == [MORNING["start"]]
        assert await starts(start="2031-03-03T11:59:59Z", end="2031-03-03T12:00:01Z") == [
            MORNING["start"],
            AFTERNOON["start"],
        ]

    async def test_shows_none_of_another_resource(self, business: Business) -> None:
        await business.make(await blocks_path(business), MORNING)
        assert (await business.owner.get(f"/api/v1{await blocks_path(business)}")).json()["items"] == []

    async def test_refuses_a_range_that_ends_before_it_starts(self, business: Business) -> None:
        params = {"start": MORNING["end"], "end": MORNING["start"]}
        answer = await business.owner.get(f"/api/v1{await blocks_path(business)}", params=params)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["end"]

    @pytest.mark.parametrize(
        "cursor",
        [
            "WyJ4IiwieSJd",  # ["x","y"]
            "WyIyMDMxLTAzLTAzVDA5OjAwOjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",  # a naive instant
            "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",  # year 0
            "e30",  # {}
            "ä",
        ],
    )
    async def test_refuses_a_made_up_cursor(self, shop: Business, cursor: str) -> None:
        answer = await shop.owner.get(f"/api/v1{await blocks_path(shop)}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


class TestRemoveBlock:
    async def test_gives_the_time_back(self, business: Business) -> None:
        path = await blocks_path(business)
        block = await business.make(path, MORNING)
        assert (await business.owner.delete(f"/api/v1{path}/{block['id']}")).status_code == 204
        await business.make(path, MORNING)

    async def test_twice_is_not_found(self, business: Business) -> None:
        path = await blocks_path(business)
        block = await business.make(path, MORNING)
        await business.owner.delete(f"/api/v1{path}/{block['id']}")
        assert (await business.owner.delete(f"/api/v1{path}/{block['id']}")).json()["code"] == "block-not-found"

    async def test_does_not_reach_another_resources_block(self, business: Business) -> None:
        block = await business.make(await blocks_path(business), MORNING)
        for path in (await blocks_path(business), f"/resources/{uuid4()}/blocks"):
            assert (await business.owner.delete(f"/api/v1{path}/{block['id']}")).status_code == 404
