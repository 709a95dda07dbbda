import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.actors import Business
from tests.scheduling.catalogue import add_resource, add_service

SERVICES = "/api/v1/services"


def body(*pools: list[str], **changes: object) -> dict[str, Any]:
    requirements = [{"resource_ids": pool} for pool in pools]
    return {"name": "Cut", "duration_minutes": 30, "requirements": requirements} | changes


class TestCreateService:
    async def test_answers_with_every_field_and_the_businesss_defaults(self, business: Business) -> None:
        ada = (await add_resource(business))["id"]
        made = await business.make("/services", body([ada], name="  Cut  ", duration_minutes=45))
        stamps = {made.pop("id"), made.pop("created_at"), made.pop("updated_at")}
        assert len(stamps) == 2
        assert made == {
            "name": "Cut",
            "description": "",
            "duration_minutes": 45,
            "buffer_before_minutes": 0,
            "buffer_after_minutes": 0,
            "price_minor": 0,
            "currency": "EUR",
            "slot_step_minutes": 45,
            "alignment": "window",
            "minimum_notice_minutes": 0,
            "booking_window_days": 365,
            "requires_approval": False,
            "approval_ttl_minutes": 2880,
            "hold_ttl_minutes": 10,
            "offer_ttl_minutes": 60,
            "capacity": 1,
            "requirements": [{"resource_ids": [ada]}],
            "archived_at": None,
        }

    async def test_keeps_the_order_of_requirements_and_pools(self, business: Business) -> None:
        ids = [(await add_resource(business, name=name))["id"] for name in "ABC"]
        pools = [[ids[2], ids[0], ids[1]], [ids[1], ids[2]]]
        made = await add_service(business, *pools)
        read = (await business.owner.get(f"{SERVICES}/{made['id']}")).json()
        assert [each["resource_ids"] for each in read["requirements"]] == pools
        assert read == made

    async def test_null_books_without_a_limit(self, business: Business) -> None:
        ada = (await add_resource(business))["id"]
        made = await add_service(business, [ada], booking_window_days=None)
        assert made["booking_window_days"] is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 121),
            ("name", "nul\0"),
            ("description", "x" * 2001),
            ("description", "nul\0"),
            ("duration_minutes", 0),
            ("duration_minutes", 1441),
            ("duration_minutes", 2**31),
            ("duration_minutes", 10**30),
            ("duration_minutes", None),
            ("buffer_before_minutes", -1),
            ("buffer_after_minutes", 2**63),
            ("price_minor", -1),
            ("price_minor", 2**63),
            ("price_minor", 9.5),
            ("currency", "eur"),
            ("slot_step_minutes", 0),
            ("alignment", "sideways"),
            ("minimum_notice_minutes", 2**31),
            ("booking_window_days", 2**31),
            ("booking_window_days", -1),
            ("approval_ttl_minutes", 0),
            ("hold_ttl_minutes", 2**31),
            ("requirements", []),
            ("capacity", 0),
        ],
    )
    async def test_refuses_and_points_at(self, shop: Business, field: str, value: object) -> None:
        ada = (await add_resource(shop))["id"]
        answer = await shop.owner.post(SERVICES, json=body([ada], **{field: value}))
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]

    async def test_points_at_each_resource_that_cannot_be_required(
        self, business: Business, other_business: Business
    ) -> None:
        ada, bob, gone = [(await add_resource(business, name=name))["id"] for name in ("Ada", "Bob", "Gone")]
        foreign = (await add_resource(other_business))["id"]
        await business.owner.delete(f"/api/v1/resources/{gone}")
        answer = await business.owner.post(SERVICES, json=body([ada, foreign, bob], [str(uuid4())], [bob, gone, bob]))
        assert answer.status_code == 422
        errors = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
        assert list(errors) == [
            "/requirements/0/resource_ids/1",
            "/requirements/1/resource_ids/0",
            "/requirements/2/resource_ids/1",
            "/requirements/2/resource_ids/2",
        ]
        # Another business's resource looks like one that never was.
        assert errors["/requirements/0/resource_ids/1"] == errors["/requirements/1/resource_ids/0"]
        assert (await business.owner.get(SERVICES)).json()["items"] == []

    async def test_refuses_an_empty_pool(self, shop: Business) -> None:
        answer = await shop.owner.post(SERVICES, json=body([]))
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/requirements/0/resource_ids"]

    async def test_refuses_what_nobody_could_ever_book(self, shop: Business) -> None:
        ada = (await add_resource(shop))["id"]
        answer = await shop.owner.post(SERVICES, json=body([ada], [ada]))
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/requirements"]

    async def test_does_not_see_live_resources_from_the_sandbox(self, business: Business) -> None:
        live = (await add_resource(business))["id"]
        tester = await business.client("services:read", "services:write", mode="test")
        assert (await tester.post(SERVICES, json=body([live]))).status_code == 422

    async def test_needs_the_permission(self, business: Business) -> None:
        reader = await business.client("services:read")
        assert (await reader.post(SERVICES, json=body([str(uuid4())]))).status_code == 403
        assert (await business.anonymous.post(SERVICES, json=body([str(uuid4())]))).status_code == 401


class TestListServices:
    async def test_pages_from_the_newest(self, business: Business) -> None:
        ada = (await add_resource(business))["id"]
        made = [(await add_service(business, [ada], name=name))["id"] for name in ("One", "Two", "Three")]
        first = (await business.owner.get(SERVICES, params={"limit": 2})).json()
        rest = (await business.owner.get(SERVICES, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None
        assert rest["items"][0]["requirements"] == [{"resource_ids": [ada]}]

    async def test_is_empty_at_first(self, business: Business) -> None:
        assert (await business.owner.get(SERVICES)).json()["items"] == []

    async def test_searches_the_name_literally(self, business: Business) -> None:
        ada = (await add_resource(business))["id"]
        for name in ("Haircut 100%", "HAIRCUT", "Colour"):
            await add_service(business, [ada], name=name)

        async def names(q: str) -> list[str]:
            found = (await business.owner.get(SERVICES, params={"q": q})).json()["items"]
            return [each["name"] for each in found]

        assert await names("haircut") == ["HAIRCUT", "Haircut 100%"]
        assert await names("0%") == ["Haircut 100%"]
        assert await names("_") == []

    @pytest.mark.parametrize("q", ["", "nul\0", "x" * 121])
    async def test_refuses_a_search_that_makes_no_sense(self, shop: Business, q: str) -> None:
        answer = await shop.owner.get(SERVICES, params={"q": q})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["q"]

    async def test_keeps_live_and_sandbox_apart(self, business: Business) -> None:
        tester = await business.client("services:read", "services:write", "resources:write", mode="test")
        made = await add_service(business, [(await add_resource(business, client=tester))["id"]], client=tester)
        assert [each["id"] for each in (await tester.get(SERVICES)).json()["items"]] == [made["id"]]
        assert (await business.owner.get(SERVICES)).json()["items"] == []
        assert (await business.owner.get(f"{SERVICES}/{made['id']}")).status_code == 404


class TestUpdateService:
    async def test_changes_what_it_names(self, business: Business) -> None:
        ada = (await add_resource(business))["id"]
        made = await add_service(business, [ada])
        answer = await business.owner.patch(
            f"{SERVICES}/{made['id']}", json={"name": "Trim", "booking_window_days": None, "alignment": "clock"}
        )
        changed = answer.json()
        assert changed.pop("updated_at") > made.pop("updated_at")
        assert changed == made | {"name": "Trim", "booking_window_days": None, "alignment": "clock"}

    async def test_replaces_the_requirements(self, business: Business) -> None:
        ada, bob = [(await add_resource(business, name=name))["id"] for name in ("Ada", "Bob")]
        made = await add_service(business, [ada], [bob])
        pools = [{"resource_ids": [bob, ada]}]
        answer = await business.owner.patch(f"{SERVICES}/{made['id']}", json={"requirements": pools})
        assert answer.json()["requirements"] == pools
        assert (await business.owner.get(f"{SERVICES}/{made['id']}")).json() == answer.json()

    async def test_changes_nothing_if_a_resource_is_unknown(self, business: Business) -> None:
        made = await add_service(business, [(await add_resource(business))["id"]])
        change = {"name": "Trim", "requirements": [{"resource_ids": [str(uuid4())]}]}
        assert (await business.owner.patch(f"{SERVICES}/{made['id']}", json=change)).status_code == 422
        assert (await business.owner.get(f"{SERVICES}/{made['id']}")).json() == made

    @pytest.mark.parametrize("field", ["name", "duration_minutes", "currency", "requirements"])
    async def test_refuses_to_clear(self, shop: Business, field: str) -> None:
        made = await add_service(shop, [(await add_resource(shop))["id"]])
        answer = await shop.owner.patch(f"{SERVICES}/{made['id']}", json={field: None})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (f"/{field}", "null")

    async def test_concurrent_replacements_leave_one_of_them(self, business: Business) -> None:
        pools = [[(await add_resource(business, name=name))["id"]] for name in "ABCD"]
        made = await add_service(business, pools[0])
        changes = [{"requirements": [{"resource_ids": pool}]} for pool in pools * 2]
        path = f"{SERVICES}/{made['id']}"
        answers = await asyncio.gather(*[business.owner.patch(path, json=change) for change in changes])
        assert {answer.status_code for answer in answers} == {200}
        (left,) = (await business.owner.get(path)).json()["requirements"]
        assert left["resource_ids"] in pools

    async def test_is_not_found_from_another_business(self, business: Business, other_business: Business) -> None:
        path = f"{SERVICES}/{(await add_service(business, [(await add_resource(business))['id']]))['id']}"
        assert (await other_business.owner.get(path)).json()["code"] == "service-not-found"
        assert (await other_business.owner.patch(path, json={"name": "Mine"})).json()["code"] == "service-not-found"
        assert (await other_business.owner.delete(path)).json()["code"] == "service-not-found"

    async def test_needs_the_permission(self, business: Business) -> None:
        path = f"{SERVICES}/{(await add_service(business, [(await add_resource(business))['id']]))['id']}"
        reader = await business.client("services:read")
        assert (await reader.get(path)).status_code == 200
        assert (await reader.patch(path, json={"name": "Trim"})).status_code == 403
        assert (await reader.delete(path)).status_code == 403


class TestArchiveService:
    async def test_leaves_it_readable_and_out_of_the_list(self, business: Business) -> None:
        made = await add_service(business, [(await add_resource(business))["id"]])
        path = f"{SERVICES}/{made['id']}"
        assert (await business.owner.delete(path)).status_code == 204
        read = (await business.owner.get(path)).json()
        assert read["archived_at"] is not None
        assert (await business.owner.get(SERVICES)).json()["items"] == []
        assert (await business.owner.get(SERVICES, params={"archived": "true"})).json()["items"] == [read]

    async def test_twice_is_once(self, business: Business) -> None:
        path = f"{SERVICES}/{(await add_service(business, [(await add_resource(business))['id']]))['id']}"
        await business.owner.delete(path)
        archived = (await business.owner.get(path)).json()
        assert (await business.owner.delete(path)).status_code == 204
        assert (await business.owner.get(path)).json() == archived

    async def test_ends_all_change(self, business: Business) -> None:
        path = f"{SERVICES}/{(await add_service(business, [(await add_resource(business))['id']]))['id']}"
        await business.owner.delete(path)
        answer = await business.owner.patch(path, json={"name": "Trim"})
        assert (answer.status_code, answer.json()["code"]) == (409, "archived")
