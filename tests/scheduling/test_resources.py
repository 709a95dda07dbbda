import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import UserRow
from app.people.users import create_user
from tests.actors import PASSWORD, Business
from tests.scheduling.catalogue import add_resource, add_service, occupy

RESOURCES = "/api/v1/resources"


async def owner_id(business: Business) -> str:
    return str((await business.owner.get("/api/v1/me")).json()["user"]["id"])


class TestCreateResource:
    async def test_answers_with_every_field(self, business: Business) -> None:
        made = await add_resource(business, kind="room", name="  Room 1  ")
        assert UUID(made.pop("id")).version == 7
        assert made.pop("created_at") == made.pop("updated_at")
        assert made == {
            "kind": "room",
            "name": "Room 1",
            "timezone": "Europe/Berlin",
            "user_id": None,
            "archived_at": None,
        }

    async def test_may_be_in_a_zone_of_its_own(self, business: Business) -> None:
        assert (await add_resource(business, timezone="Asia/Tokyo"))["timezone"] == "Asia/Tokyo"

    async def test_links_staff_to_their_log_in(self, business: Business) -> None:
        user_id = await owner_id(business)
        assert (await add_resource(business, user_id=user_id))["user_id"] == user_id

    async def test_refuses_a_log_in_that_is_not_active_staff_of_this_business(
        self, business: Business, other_business: Business, app: FastAPI
    ) -> None:
        async with app.state.database.transaction() as session:
            customer, leaver = [
                await create_user(
                    session,
                    email=f"{role.lower()}@{business.slug}.example",
                    name="Somebody",
                    password=PASSWORD,
                    role=role,
                    tenant_id=UUID(business.id),
                    now=utcnow(),
                )
                for role in (Role.CUSTOMER, Role.TENANT_STAFF)
            ]
            await session.execute(update(UserRow).where(UserRow.id == leaver.id).values(is_active=False))
        refused = [str(customer.id), str(leaver.id), await owner_id(other_business), str(uuid4())]
        answers = [
            await business.owner.post(RESOURCES, json={"kind": "staff", "name": "Ada", "user_id": user_id})
            for user_id in refused
        ]
        errors = [(answer.status_code, answer.json()["errors"]) for answer in answers]
        unknown = {
            "pointer": "/user_id",
            "code": "unknown",
            "detail": "there is no such active member of staff",
            "params": {},
        }
        assert errors == [(422, [unknown])] * len(refused)

    async def test_refuses_a_log_in_for_a_room(self, shop: Business) -> None:
        room = {"kind": "room", "name": "Room", "user_id": await owner_id(shop)}
        answer = await shop.owner.post(RESOURCES, json=room)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/user_id"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("kind", "vehicle"),
            ("name", ""),
            ("name", "nul\0"),
            ("name", "x" * 121),
            ("timezone", "Mars/Olympus"),
            ("timezone", "../../etc/passwd"),
            ("timezone", "europe/berlin"),
            ("timezone", "x" * 10_000),
            ("user_id", "me"),
            ("colour", "red"),
        ],
    )
    async def test_refuses_and_points_at(self, shop: Business, field: str, value: object) -> None:
        answer = await shop.owner.post(RESOURCES, json={"kind": "staff", "name": "Ada"} | {field: value})
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]

    async def test_needs_the_permission(self, business: Business) -> None:
        reader = await business.client("resources:read")
        assert (await reader.post(RESOURCES, json={"kind": "staff", "name": "Ada"})).status_code == 403


class TestListResources:
    async def test_pages_from_the_newest_and_filters_by_kind(self, business: Business) -> None:
        kinds = ("staff", "room", "equipment", "staff")
        made = [(await add_resource(business, kind=kind))["id"] for kind in kinds]
        first = (await business.owner.get(RESOURCES, params={"limit": 3})).json()
        rest = (await business.owner.get(RESOURCES, params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
        staff = (await business.owner.get(RESOURCES, params={"kind": "staff"})).json()["items"]
        assert [each["id"] for each in staff] == [made[3], made[0]]

    async def test_refuses_an_unknown_kind(self, shop: Business) -> None:
        assert (await shop.owner.get(RESOURCES, params={"kind": "vehicle"})).status_code == 422

    async def test_refuses_a_made_up_cursor(self, shop: Business) -> None:
        answer = await shop.owner.get(RESOURCES, params={"cursor": "bm9wZQ"})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")

    async def test_keeps_live_and_sandbox_apart(self, business: Business) -> None:
        tester = await business.client("resources:read", "resources:write", mode="test")
        made = await add_resource(business, client=tester)
        assert [each["id"] for each in (await tester.get(RESOURCES)).json()["items"]] == [made["id"]]
        assert (await business.owner.get(RESOURCES)).json()["items"] == []
        assert (await business.owner.get(f"{RESOURCES}/{made['id']}")).status_code == 404


class TestUpdateResource:
    async def test_changes_what_it_names(self, business: Business) -> None:
        made = await add_resource(business, user_id=await owner_id(business))
        path = f"{RESOURCES}/{made['id']}"
        changed = (await business.owner.patch(path, json={"name": "Bea", "user_id": None})).json()
        assert changed["updated_at"] > made["updated_at"]
        assert changed == made | {"name": "Bea", "user_id": None, "updated_at": changed["updated_at"]}
        assert (await business.owner.get(path)).json() == changed

    async def test_naming_nothing_changes_nothing(self, business: Business) -> None:
        made = await add_resource(business)
        assert (await business.owner.patch(f"{RESOURCES}/{made['id']}", json={})).json() == made

    @pytest.mark.parametrize("change", [{"kind": "room"}, {"name": None}, {"timezone": None}, {"timezone": "Nowhere"}])
    async def test_refuses(self, shop: Business, change: dict[str, object]) -> None:
        made = await add_resource(shop)
        answer = await shop.owner.patch(f"{RESOURCES}/{made['id']}", json=change)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}" for field in change]

    async def test_is_not_found_from_another_business(self, business: Business, other_business: Business) -> None:
        path = f"{RESOURCES}/{(await add_resource(business))['id']}"
        assert (await other_business.owner.get(path)).json()["code"] == "resource-not-found"
        assert (await other_business.owner.patch(path, json={"name": "Mine"})).json()["code"] == "resource-not-found"
        assert (await other_business.owner.delete(path)).json()["code"] == "resource-not-found"

    async def test_needs_the_permission(self, business: Business) -> None:
        path = f"{RESOURCES}/{(await add_resource(business))['id']}"
        reader = await business.client("resources:read")
        assert (await reader.get(path)).status_code == 200
        assert (await reader.patch(path, json={"name": "Bea"})).status_code == 403
        assert (await reader.delete(path)).status_code == 403


class TestArchiveResource:
    async def test_leaves_it_readable_and_out_of_the_list(self, business: Business) -> None:
        path = f"{RESOURCES}/{(await add_resource(business))['id']}"
        assert (await business.owner.delete(path)).status_code == 204
        read = (await business.owner.get(path)).json()
        assert read["archived_at"] is not None
        assert (await business.owner.get(RESOURCES)).json()["items"] == []
        assert (await business.owner.get(RESOURCES, params={"archived": "true"})).json()["items"] == [read]
        assert (await business.owner.delete(path)).status_code == 204
        assert (await business.owner.get(path)).json() == read

    async def test_ends_all_change(self, business: Business) -> None:
        path = f"{RESOURCES}/{(await add_resource(business))['id']}"
        await business.owner.delete(path)
        block = {"start": "2031-01-01T09:00:00Z", "end": "2031-01-01T10:00:00Z"}
        answers = [
            await business.owner.patch(path, json={"name": "Bea"}),
            await business.owner.put(f"{path}/schedule", json={"timezone": "UTC", "weekly": []}),
            await business.owner.post(f"{path}/blocks", json=block),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "archived")] * 3

    async def test_takes_it_out_of_the_pools_that_can_spare_it(self, business: Business) -> None:
        ada, bob = [(await add_resource(business, name=name))["id"] for name in ("Ada", "Bob")]
        service = await add_service(business, [ada, bob])
        assert (await business.owner.delete(f"{RESOURCES}/{ada}")).status_code == 204
        read = (await business.owner.get(f"/api/v1/services/{service['id']}")).json()
        assert read["requirements"] == [{"resource_ids": [bob]}]

    async def test_is_refused_while_a_service_cannot_do_without_it(self, business: Business) -> None:
        ada, bob = [(await add_resource(business, name=name))["id"] for name in ("Ada", "Bob")]
        alone = await add_service(business, [ada], name="Alone")
        together = await add_service(business, [ada, bob], [bob], name="Together")
        answer = await business.owner.delete(f"{RESOURCES}/{ada}")
        assert (answer.status_code, answer.json()["code"]) == (409, "resource-in-use")
        assert answer.json()["detail"] == "These services cannot do without it: Alone, Together."
        for service in (alone, together):
            await business.owner.delete(f"/api/v1/services/{service['id']}")
        assert (await business.owner.delete(f"{RESOURCES}/{ada}")).status_code == 204
        read = (await business.owner.get(f"/api/v1/services/{alone['id']}")).json()
        assert read["requirements"] == [{"resource_ids": [ada]}]

    async def test_two_at_once_never_empty_a_pool(self, business: Business) -> None:
        pool = [(await add_resource(business, name=name))["id"] for name in "ABC"]
        service = await add_service(business, pool)
        answers = await asyncio.gather(*[business.owner.delete(f"{RESOURCES}/{member}") for member in pool])
        assert sorted(answer.status_code for answer in answers) == [204, 204, 409]
        (left,) = (await business.owner.get(f"/api/v1/services/{service['id']}")).json()["requirements"]
        assert len(left["resource_ids"]) == 1

    async def test_is_refused_while_appointments_lie_ahead(self, business: Business, app: FastAPI) -> None:
        ada, bob = [(await add_resource(business, name=name))["id"] for name in ("Ada", "Bob")]
        service = await add_service(business, [bob])
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
        await occupy(app, business, service, ada, (start, start + timedelta(hours=1)))
        answer = await business.owner.delete(f"{RESOURCES}/{ada}")
        assert (answer.status_code, answer.json()["code"]) == (409, "resource-in-use")

    async def test_is_allowed_with_past_appointments_expired_holds_and_blocks(
        self, business: Business, app: FastAPI
    ) -> None:
        ada, bob = [(await add_resource(business, name=name))["id"] for name in ("Ada", "Bob")]
        service = await add_service(business, [bob])
        now = datetime.now(UTC).replace(microsecond=0)
        day, hour = timedelta(days=1), timedelta(hours=1)
        await occupy(app, business, service, ada, (now - day, now - day + hour))
        await occupy(app, business, service, ada, (now + day, now + day + hour), expires_at=now - hour)
        block = {"start": (now + 2 * day).isoformat(), "end": (now + 3 * day).isoformat()}
        await business.make(f"/resources/{ada}/blocks", block)
        assert (await business.owner.delete(f"{RESOURCES}/{ada}")).status_code == 204
