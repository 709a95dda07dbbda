from typing import Any
from uuid import UUID

import pytest

from tests.actors import Business

CUSTOMERS = "/api/v1/customers"
GRACE = {"name": "Grace Hopper", "email": "grace@hopper.example", "phone": "+49 30 1234567", "notes": "Likes COBOL."}


class TestCreateCustomer:
    async def test_answers_with_every_field(self, business: Business) -> None:
        made = await business.make("/customers", GRACE)
        assert UUID(made.pop("id")).version == 7
        assert made.pop("created_at") == made.pop("updated_at")
        assert made == GRACE

    async def test_needs_a_name_alone(self, business: Business) -> None:
        made = await business.make("/customers", {"name": "  Grace "})
        assert {name: made[name] for name in GRACE} == {"name": "Grace", "email": None, "phone": None, "notes": ""}

    async def test_two_may_share_an_address(self, business: Business) -> None:
        first, second = [await business.make("/customers", GRACE) for _ in range(2)]
        assert first["id"] != second["id"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "   "),
            ("name", None),
            ("name", "nul\0"),
            ("name", "x" * 121),
            ("email", "nobody"),
            ("email", "a@" + "b" * 300 + ".example"),
            ("phone", "call me"),
            ("phone", "1" * 41),
            ("phone", "+49\0 30"),
            ("notes", "x" * 2001),
            ("notes", "nul\0"),
            ("user_id", "01980000-0000-7000-8000-000000000001"),
        ],
    )
    async def test_refuses_and_points_at(self, shop: Business, field: str, value: object) -> None:
        answer = await shop.owner.post(CUSTOMERS, json=GRACE | {field: value})
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]

    @pytest.mark.parametrize("body", [rb'{"name": "\ud800"}', rb'{"name": "Grace", "\ud800": 1}'])
    async def test_refuses_half_a_surrogate_pair(self, shop: Business, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        assert (await shop.owner.post(CUSTOMERS, content=body, headers=headers)).status_code == 422

    async def test_keeps_text_as_it_is(self, business: Business) -> None:
        name = "Zoë O'Neil; DROP TABLE customers -- 🦊 %s %(name)s {0} {name} {{ 7 * 7 }}"
        assert (await business.make("/customers", {"name": name}))["name"] == name

    async def test_needs_the_permission(self, business: Business) -> None:
        reader = await business.client("customers:read")
        assert (await reader.post(CUSTOMERS, json=GRACE)).status_code == 403
        assert (await business.anonymous.post(CUSTOMERS, json=GRACE)).status_code == 401


class TestListCustomers:
    async def test_pages_from_the_newest(self, business: Business) -> None:
        made = [(await business.make("/customers", {"name": name}))["id"] for name in "ABC"]
        first = (await business.owner.get(CUSTOMERS, params={"limit": 2})).json()
        rest = (await business.owner.get(CUSTOMERS, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None

    @pytest.mark.parametrize(
        ("q", "names"),
        [
            ("hopper", ["Grace Hopper"]),
            ("GRACE@", ["Grace Hopper"]),
            ("1234567", ["Grace Hopper"]),
            ("a", ["Ada Lovelace", "Grace Hopper"]),
            ("%", []),
            ("_", []),
            ("\\", []),
        ],
    )
    async def test_searches_name_address_and_number_literally(
        self, business: Business, q: str, names: list[str]
    ) -> None:
        await business.make("/customers", GRACE)
        await business.make("/customers", {"name": "Ada Lovelace"})
        found = (await business.owner.get(CUSTOMERS, params={"q": q})).json()["items"]
        assert [each["name"] for each in found] == names

    @pytest.mark.parametrize("q", ["", "nul\0", "x" * 121])
    async def test_refuses_a_search_that_makes_no_sense(self, shop: Business, q: str) -> None:
        assert (await shop.owner.get(CUSTOMERS, params={"q": q})).status_code == 422

    async def test_keeps_businesses_and_modes_apart(self, business: Business, other_business: Business) -> None:
        tester = await business.client("customers:read", "customers:write", mode="test")
        in_sandbox = await business.make("/customers", {"name": "Test"}, client=tester)
        live = await business.make("/customers", GRACE)
        assert (await tester.get(CUSTOMERS)).json()["items"] == [in_sandbox]
        assert (await business.owner.get(CUSTOMERS)).json()["items"] == [live]
        assert (await other_business.owner.get(CUSTOMERS)).json()["items"] == []
        assert (await tester.get(f"{CUSTOMERS}/{live['id']}")).status_code == 404


class TestUpdateCustomer:
    @pytest.mark.parametrize(
        "change",
        [{}, {"email": None, "phone": None}, {"name": "Ada"}, {"notes": "", "email": "ada@lovelace.example"}],
    )
    async def test_leaves_clears_and_sets(self, shop: Business, change: dict[str, Any]) -> None:
        made = await shop.make("/customers", GRACE)
        answer = await shop.owner.patch(f"{CUSTOMERS}/{made['id']}", json=change)
        changed = answer.json()
        assert answer.status_code == 200
        assert (changed["updated_at"] > made["updated_at"]) is bool(change)
        assert changed == made | change | {"updated_at": changed["updated_at"]}
        assert (await shop.owner.get(f"{CUSTOMERS}/{made['id']}")).json() == changed

    @pytest.mark.parametrize("change", [{"name": None}, {"notes": None}, {"name": "nul\0"}, {"email": "nobody"}])
    async def test_refuses(self, shop: Business, change: dict[str, object]) -> None:
        made = await shop.make("/customers", GRACE)
        answer = await shop.owner.patch(f"{CUSTOMERS}/{made['id']}", json=change)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}" for field in change]

    async def test_is_not_found_from_another_business(self, business: Business, other_business: Business) -> None:
        path = f"{CUSTOMERS}/{(await business.make('/customers', GRACE))['id']}"
        assert (await other_business.owner.get(path)).json()["code"] == "customer-not-found"
        assert (await other_business.owner.patch(path, json={"name": "Mine"})).json()["code"] == "customer-not-found"

    async def test_needs_the_permission(self, business: Business) -> None:
        path = f"{CUSTOMERS}/{(await business.make('/customers', GRACE))['id']}"
        reader = await business.client("customers:read")
        assert (await reader.get(path)).status_code == 200
        assert (await reader.patch(path, json={"name": "Ada"})).status_code == 403
