"""What every list can be asked, list by list."""

from collections.abc import Iterable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.core.pagination import MOST_COUNTED, PageRequest
from app.models.tenant import CustomerRow
from app.tenancy.slugs import schema_name
from tests.actors import Business, Platform
from tests.conftest import Caller
from tests.people.crowd import Crowd
from tests.round_trips import recorded
from tests.routers.store import LISTS, Shelf, Store
from tests.scheduling.salon import refusal

WITHOUT_IDS = {"listAuditEntries"}
"""Its entries are known by their numbers in the chain."""

each_list = pytest.mark.parametrize("name", LISTS)


@pytest.fixture(scope="module")
def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    """The lists that the document describes."""
    document = app.openapi()
    found = (methods["get"] for methods in document["paths"].values() if "get" in methods)
    return {each["operationId"]: each for each in found if "Page'" in str(each["responses"]["200"])}


@pytest.fixture(scope="module")
async def shelves(app: FastAPI, at: Caller, platform: Platform) -> dict[str, Shelf]:
    """Every list, filled."""
    return await Store(await platform.sign_up(), platform, Crowd(app, at)).fill()


@pytest.fixture(scope="module")
async def other_shop(platform: Platform) -> Business:
    """A business with nothing in its lists."""
    return await platform.sign_up()


def parameters_of(operation: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in operation["parameters"] if "name" in each}


def sorts_of(operation: dict[str, Any]) -> list[str]:
    return list(parameters_of(operation)["sort"]["schema"]["enum"])


def keys(items: list[dict[str, Any]]) -> list[Any]:
    """What each item is known by."""
    return [item.get("id", item.get("seq")) for item in items]


def compared(values: Iterable[Any]) -> list[Any]:
    return [value.lower() if isinstance(value, str) else value for value in values]


class TestEveryList:
    def test_is_here(self, operations: dict[str, Any]) -> None:
        assert operations.keys() == LISTS.keys()

    @each_list
    def test_can_be_asked_alike(self, operations: dict[str, Any], name: str) -> None:
        parameters = parameters_of(operations[name])
        sorts = sorts_of(operations[name])
        assert {"limit", "cursor", "sort", "count"} <= parameters.keys()
        assert ("ids" in parameters) is (name not in WITHOUT_IDS)
        assert sorts == [sort for name in sorts[::2] for sort in (name, f"-{name}")]
        assert parameters["sort"]["schema"]["default"] in sorts

    @each_list
    async def test_is_sorted_both_ways_with_nothing_lost_or_repeated(
        self, operations: dict[str, Any], shelves: dict[str, Shelf], name: str
    ) -> None:
        shelf = shelves[name]
        whole = (await shelf.page(limit=100))["items"]
        assert len(whole) >= 1
        for sort in sorts_of(operations[name]):
            found = await shelf.leaf_through(sort=sort)
            assert sorted(keys(found)) == sorted(keys(whole)), sort
            if sort.startswith("-"):
                continue
            assert keys(await shelf.leaf_through(sort=f"-{sort}")) == keys(found)[::-1], sort
            values = compared(item[sort] for item in found if sort in item)
            assert values == sorted(values), sort

    @each_list
    async def test_is_counted_where_that_is_asked(self, shelves: dict[str, Shelf], name: str) -> None:
        whole = await shelves[name].page(limit=100)
        page = await shelves[name].page(limit=1, count=True)
        assert (whole["total"], whole["total_is_capped"]) == (None, False)
        assert (page["total"], page["total_is_capped"]) == (len(whole["items"]), False)

    @pytest.mark.parametrize("name", sorted(LISTS.keys() - WITHOUT_IDS))
    async def test_gives_those_with_these_ids_in_one_page(self, shelves: dict[str, Shelf], name: str) -> None:
        shelf = shelves[name]
        ids = keys((await shelf.page())["items"])
        nobody = 2**62 if isinstance(ids[0], int) else str(uuid7())
        together = await shelf.page(ids=",".join(map(str, [*ids[:3], nobody])), limit=1)
        assert (keys(together["items"]), together["next_cursor"]) == (ids[:3], None)
        assert keys((await shelf.page(ids=[*ids[1:], nobody]))["items"]) == ids[1:]

    @each_list
    async def test_refuses_what_it_does_not_know(
        self, operations: dict[str, Any], shelves: dict[str, Shelf], name: str
    ) -> None:
        shelf, sorts = shelves[name], sorts_of(operations[name])
        answer = await shelf.get(sort="colour")
        assert refusal(answer) == (422, "validation-failed")
        (error,) = answer.json()["errors"]
        assert error["pointer"] == "sort"
        assert all(sort in error["detail"] for sort in sorts)
        cursor = PageRequest(sort="colour").cursor_at("blue", uuid7())
        assert refusal(await shelf.get(cursor=cursor)) == (400, "cursor-invalid")
        of_another_sort = PageRequest(sort=sorts[0]).cursor_at(utcnow(), uuid7())
        assert refusal(await shelf.get(cursor=of_another_sort, sort=sorts[1])) == (400, "cursor-invalid")

    @pytest.mark.parametrize("name", sorted(LISTS.keys() - WITHOUT_IDS))
    async def test_refuses_ids_that_are_none_and_too_many(self, shelves: dict[str, Shelf], name: str) -> None:
        for ids in ("lost", "", ",".join(str(uuid7()) for _ in range(101))):
            answer = await shelves[name].get(ids=ids)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "ids")

    @pytest.mark.parametrize("name", [name for name, path in LISTS.items() if not path.startswith("/platform/")])
    async def test_shows_nothing_of_it_to_another_business(
        self, shelves: dict[str, Shelf], other_shop: Business, name: str
    ) -> None:
        known = set(keys((await shelves[name].page(limit=100))["items"]))
        ids = {} if name in WITHOUT_IDS else {"ids": ",".join(map(str, known))}
        answer = await shelves[name].get(client=other_shop.owner, **ids)
        if ids:
            assert answer.status_code == 404 or answer.json()["items"] == []
        else:
            assert {entry["tenant_id"] for entry in answer.json()["items"]} == {other_shop.id}


YEAR_AGO, YEAR_AHEAD = (f"{utcnow().year + years}-01-01T00:00:00.000001Z" for years in (-1, 2))


class TestFilters:
    """Each leaves what it says of what the store has."""

    @pytest.mark.parametrize(
        ("name", "query", "left"),
        [
            ("listAppointments", {"service_id": str(uuid7())}, 0),
            ("listCustomers", {"q": "AD"}, 2),
            ("listCustomers", {"q": "%"}, 0),
            ("listServices", {"q": "o"}, 3),
            ("listServices", {"resource_id": str(uuid7())}, 0),
            ("listServices", {"archived": True}, 0),
            ("listServices", {"archived": False}, 5),
            ("listResources", {"q": "ZO", "kind": "room"}, 1),
            ("listResources", {"kind": "staff"}, 0),
            ("listResources", {"user_id": str(uuid7())}, 0),
            ("listBlocks", {"start": "2027-03-01T13:00:00Z"}, 2),
            ("listBlocks", {"q": "lunch"}, 0),
            ("listTokens", {"q": "bob"}, 2),
            ("listTokens", {"scope": "services:read"}, 5),
            ("listTokens", {"scope": "services:write"}, 0),
            ("listNotifications", {"kind": "password_changed", "unread": True}, 5),
            ("listNotifications", {"unread": False}, 0),
            ("listStaff", {"role": "TENANT_STAFF", "q": "bob"}, 2),
            ("listStaff", {"area": "catalogue"}, 0),
            ("listStaff", {"is_active": False}, 0),
            ("listInvitations", {"q": "guest-3@"}, 1),
            ("listInvitations", {"role": "TENANT_OWNER"}, 0),
            ("listInvitations", {"customer_id": str(uuid7())}, 0),
            ("listWebhookEndpoints", {"q": "//A.", "event_type": "appointment.held", "is_enabled": True}, 1),
            ("listWebhookEndpoints", {"is_enabled": False}, 0),
            ("listWebhookDeliveries", {"status": "pending", "event_type": "appointment.created"}, 5),
            ("listWebhookDeliveries", {"status": "failed"}, 0),
            ("listWebhookDeliveries", {"event_type": "appointment.held"}, 0),
            ("listWebhookDeliveries", {"event_id": str(uuid7())}, 0),
            ("listCandidates", {"q": "bob", "role": "TENANT_STAFF"}, 2),
            ("listCandidates", {"role": "TENANT_MANAGER"}, 0),
            ("listGrants", {"permission": "audit:read", "state": "active"}, 5),
            ("listGrants", {"permission": "audit:read", "grantee_id": str(uuid7())}, 0),
            ("listAuditEntries", {"event": "grant.given"}, 5),
            ("listTenants", {"status": "active", "subscription_tier": "ENTERPRISE", "is_temporary": False}, 1),
            ("listTenants", {"status": "suspended"}, 0),
            ("listTenants", {"subscription_tier": "FREE"}, 0),
            ("listTenants", {"is_temporary": True}, 0),
            ("listUsers", {"q": "bob", "is_active": True}, 2),
        ],
    )
    async def test_leave_what_they_say(
        self, shelves: dict[str, Shelf], name: str, query: dict[str, Any], left: int
    ) -> None:
        assert (await shelves[name].page(**query, count=True))["total"] == left

    @each_list
    async def test_go_by_when_things_were_made_and_changed(
        self, operations: dict[str, Any], shelves: dict[str, Shelf], name: str
    ) -> None:
        everything = (await shelves[name].page(count=True))["total"]
        for parameter in parameters_of(operations[name]).keys() & {"created_since", "updated_since", "created_until"}:
            is_until = parameter == "created_until"
            for instant, is_ahead in ((YEAR_AGO, False), (YEAR_AHEAD, True)):
                page = await shelves[name].page(**{parameter: instant}, count=True)
                assert page["total"] == (everything if is_until is is_ahead else 0), (parameter, instant)

    async def test_show_what_is_archived_to_whoever_names_it(self, business: Business) -> None:
        kept, archived = [await business.make("/resources", {"kind": "room", "name": name}) for name in ("A", "B")]
        await business.owner.delete(f"/api/v1/resources/{archived['id']}")
        ids = {"ids": f"{kept['id']},{archived['id']}"}
        for query, expected in (
            ({}, [kept]),
            ({"archived": True}, [archived]),
            (ids, [archived, kept]),
            (ids | {"archived": False}, [kept]),
        ):
            items = (await business.owner.get("/api/v1/resources", params=query)).json()["items"]
            assert [item["id"] for item in items] == [each["id"] for each in expected]

    async def test_find_an_address_in_whatever_case(self, business: Business) -> None:
        made = await business.make("/customers", {"name": "Grace", "email": "Grace@hopper.example"})
        for email, expected in (("gRACE@hopper.example", [made]), ("grace", [])):
            answer = await business.owner.get("/api/v1/customers", params={"email": email})
            assert answer.json()["items"] == expected


class TestCount:
    async def test_ends_at_a_thousand(self, app: FastAPI, business: Business) -> None:
        now = utcnow()
        rows = [
            {"id": uuid7(), "name": "Many", "notes": "", "created_at": now, "updated_at": now}
            for _ in range(MOST_COUNTED + 1)
        ]
        async with app.state.database.transaction(schema_name(business.slug)) as session:
            await session.execute(insert(CustomerRow), rows[1:])
        query = {"count": True, "limit": 1}
        page = (await business.owner.get("/api/v1/customers", params=query)).json()
        assert (page["total"], page["total_is_capped"]) == (MOST_COUNTED, False)
        async with app.state.database.transaction(schema_name(business.slug)) as session:
            await session.execute(insert(CustomerRow), rows[:1])
        page = (await business.owner.get("/api/v1/customers", params=query)).json()
        assert (page["total"], page["total_is_capped"]) == (MOST_COUNTED, True)

    @pytest.mark.parametrize("name", ["listAppointments", "listCustomers"])
    async def test_takes_a_statement_and_only_where_it_is_asked_for(
        self, app: FastAPI, shelves: dict[str, Shelf], name: str
    ) -> None:
        shelf = shelves[name]
        await shelf.page()
        with recorded(app) as without:
            await shelf.page()
        with recorded(app) as counted:
            await shelf.page(count=True)
        assert not [statement for statement in without if "count(" in statement]
        assert len(counted) == len(without) + 1


class TestCursor:
    @pytest.mark.parametrize(
        ("sort", "position"),
        [
            ("name", ("Ada\0", uuid7())),
            ("name", ("Ada", "nobody")),
            ("name", ("Ada",)),
            ("name", ("Ada", uuid7(), uuid7())),
            ("created_at", ("yesterday", uuid7())),
            ("created_at", ("2026-12-01T09:00:00", uuid7())),
            ("created_at", ("9999-12-31T23:59:59-23:59", uuid7())),
        ],
    )
    async def test_is_refused_where_it_was_made_up(
        self, shelves: dict[str, Shelf], sort: str, position: tuple[object, ...]
    ) -> None:
        cursor = PageRequest(sort=sort).cursor_at(*position)
        assert refusal(await shelves["listCustomers"].get(sort=sort, cursor=cursor)) == (400, "cursor-invalid")

    @pytest.mark.parametrize("number", [-1, 2**63, "first"])
    async def test_of_numbers_likewise(self, shelves: dict[str, Shelf], number: object) -> None:
        cursor = PageRequest(sort="-seq").cursor_at(number)
        assert refusal(await shelves["listAuditEntries"].get(cursor=cursor)) == (400, "cursor-invalid")

    async def test_fits_the_longest_name_there_can_be(self, business: Business) -> None:
        for _ in range(2):
            await business.make("/customers", {"name": "😀" * 120})
        shelf = Shelf("/api/v1/customers", business.owner, {})
        first = await shelf.page(sort="name", limit=1)
        assert len((await shelf.page(sort="name", cursor=first["next_cursor"]))["items"]) == 1
