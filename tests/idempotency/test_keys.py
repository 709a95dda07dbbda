"""A request that is sent again: answered again, done once."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.auth.roles import Role
from app.core.crypto import UnsealError
from app.idempotency import keys
from tests.actors import Business
from tests.conftest import Caller
from tests.idempotency.desk import CUSTOMERS, Desk, new_key, send, was_replayed
from tests.idempotency.kept import age, is_kept, tables_of
from tests.people.crowd import Crowd
from tests.round_trips import recorded
from tests.scheduling.salon import Salon, at, refusal

ENDPOINT = {"url": "https://example.com/hook", "events": ["*"]}
TOKEN = {"name": "till", "mode": "live", "scopes": ["services:read"]}


class TestTheSameAgain:
    async def test_is_answered_with_the_same_bytes_and_done_once(self, desk: Desk) -> None:
        key = new_key()
        first, second, third = [await desk.add(key) for _ in range(3)]

        assert first.status_code == second.status_code == third.status_code == 201
        assert first.content == second.content == third.content
        assert [was_replayed(answer) for answer in (first, second, third)] == [False, True, True]
        assert await desk.count(key) == 1

    async def test_says_again_where_it_is_and_which_revision(self, shop: Business) -> None:
        salon = await Salon.open(shop)
        service = await salon.service([await salon.resource()])
        body = {"service_id": service, "customer_id": salon.customer, "start": at("10:00")}
        key = new_key()

        first, second = [await send(salon.desk, "/appointments", body, key) for _ in range(2)]

        assert first.status_code == 201
        assert was_replayed(second)
        for name in ("content-type", "etag", "location"):
            assert first.headers[name] == second.headers[name]
        assert first.headers["x-request-id"] != second.headers["x-request-id"]

    async def test_shows_a_live_token_again(self, shop: Business) -> None:
        key = new_key()
        first, second = [await send(shop.owner, "/tokens", TOKEN, key) for _ in range(2)]

        assert first.json()["token"].startswith("ss_live_")
        assert first.json() == second.json()
        listed = (await shop.owner.get("/api/v1/tokens", params={"limit": 100})).json()["items"]
        assert [each["id"] for each in listed].count(first.json()["id"]) == 1

    async def test_invites_once(self, shop: Business) -> None:
        key = new_key()
        body = {"email": f"{key}@people.example", "name": "Grace", "role": "TENANT_STAFF"}
        first, second = [await send(shop.owner, "/invitations", body, key) for _ in range(2)]

        assert (first.status_code, second.json()) == (201, first.json())
        assert was_replayed(second)

    async def test_keeps_no_secret_in_the_clear(self, app: FastAPI, shop: Business) -> None:
        key = new_key()
        made = (await send(shop.owner, "/webhook-endpoints", ENDPOINT, key)).json()

        async with tables_of(app, shop) as (session, table):
            sealed = (await session.scalars(select(table.sealed).where(table.key == key))).one()
        assert made["secret"].startswith("whsec_")
        assert "whsec_" not in sealed
        with pytest.raises(UnsealError):  # it opens in its own row alone
            app.state.keyring.unseal(sealed)

    async def test_repeats_an_answer_without_a_body(self, shop: Business) -> None:
        key = new_key()
        first, second = [await send(shop.owner, "/notifications/read-all", None, key) for _ in range(2)]

        assert (first.status_code, second.status_code) == (204, 204)
        assert first.content == second.content == b""
        assert was_replayed(second)

    async def test_does_not_set_a_status_twice(self, shop: Business) -> None:
        salon = await Salon.open(shop)
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)
        path, key = f"/appointments/{held['id']}/confirm", new_key()

        first, second = [await send(salon.desk, path, None, key) for _ in range(2)]
        without = await salon.act(held, "confirm")

        assert first.json()["status"] == second.json()["status"] == "confirmed"
        assert refusal(without) == (409, "invalid-transition")

    async def test_costs_two_statements_once_and_one_after(self, app: FastAPI, desk: Desk) -> None:
        key = new_key()
        await desk.add(new_key())
        with recorded(app) as plain:
            await desk.client.post(CUSTOMERS, json={"name": "Grace"})
        with recorded(app) as first:
            await desk.add(key)
        with recorded(app) as second:
            await desk.add(key)

        assert len(first) == len(plain) + 2
        assert [trip.split()[0] for trip in second] == ["BEGIN", "SELECT", "ROLLBACK"]
        assert not [trip for trip in plain if "idempotency" in trip]


class TestAnotherRequest:
    @pytest.mark.parametrize("changes", [{"name": "Somebody else"}, {"phone": "+49 30 1234567"}])
    async def test_under_the_same_key_is_refused(self, desk: Desk, changes: dict[str, str]) -> None:
        key = new_key()
        await desk.add(key)

        answer = await desk.add(key, **changes)

        assert refusal(answer) == (422, "idempotency-key-reused")
        assert not was_replayed(answer)
        assert await desk.count("Somebody else") == 0

    async def test_of_another_operation_is_refused(self, shop: Business) -> None:
        key = new_key()
        await send(shop.owner, "/resources", {"kind": "staff", "name": "Ada"}, key)

        answer = await send(shop.owner, "/customers", {"kind": "staff", "name": "Ada"}, key)

        assert refusal(answer) == (422, "idempotency-key-reused")

    async def test_that_is_invalid_is_told_of_the_key_first(self, desk: Desk) -> None:
        key = new_key()
        await desk.add(key)

        assert refusal(await send(desk.client, "/customers", {}, key)) == (422, "idempotency-key-reused")

    async def test_of_another_caller_is_independent(self, shop: Business, desk: Desk) -> None:
        other = Desk(await shop.client("customers:write"))
        key = new_key()
        made = [await desk.add(key), await other.add(key), await Desk(shop.owner).add(key, phone="+49 30 1")]

        assert [answer.status_code for answer in made] == [201] * 3
        assert await desk.count(key) == 3

    async def test_of_another_business_is_independent(self, desk: Desk, other_business: Business) -> None:
        key = new_key()
        await desk.add(key)

        answer = await Desk(other_business.owner).add(key)

        assert answer.status_code == 201
        assert not was_replayed(answer)

    async def test_in_the_other_mode_is_independent(self, shop: Business, desk: Desk) -> None:
        sandbox = Desk(await shop.client("customers:read", "customers:write", mode="test"))
        key = new_key()
        await desk.add(key)

        assert not was_replayed(await sandbox.add(key, phone="+49 30 1"))
        assert (await desk.count(key), await sandbox.count(key)) == (1, 1)


class TestRefusedRequest:
    async def test_keeps_no_key(self, app: FastAPI, shop: Business, desk: Desk) -> None:
        key = new_key()

        assert (await send(desk.client, "/customers", {"nome": key}, key)).status_code == 422
        assert not await is_kept(app, shop, key)
        assert (await desk.add(key)).status_code == 201

    async def test_of_a_taken_slot_can_be_sent_again_unchanged(self, shop: Business) -> None:
        salon = await Salon.open(shop)
        service = await salon.service([await salon.resource()])
        held = await salon.booked(service, "10:00", hold=True)
        body = {"service_id": service, "customer_id": salon.customer, "start": at("10:00")}
        key = new_key()

        refused = await send(salon.desk, "/appointments", body, key)
        salon.desk.headers["Sandbox-Now"] = at("07:00")  # when the hold is over
        booked = await send(salon.desk, "/appointments", body, key)

        assert refusal(refused) == (409, "slot-taken")
        assert (booked.status_code, was_replayed(booked)) == (201, False)
        assert (await salon.read(held))["status"] == "expired"

    @pytest.mark.parametrize("key", ["", " ", "a b", "é", "k" * 256, "tab\t"])
    async def test_with_what_is_no_key_does_nothing(self, desk: Desk, key: str) -> None:
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        name = new_key()

        answer = await desk.client.post(CUSTOMERS, json={"name": name}, headers=headers)

        assert refusal(answer) == (400, "idempotency-key-invalid")
        assert await desk.count(name) == 0

    @pytest.mark.parametrize("key", ["1", "~!", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
    async def test_is_not_one_for_its_odd_key(self, desk: Desk, key: str) -> None:
        assert (await desk.add(key)).status_code == 201


class TestReplay:
    async def test_needs_the_permission_still(self, app: FastAPI, shop: Business, at: Caller) -> None:
        person = await Crowd(app, at).add(Role.TENANT_STAFF, shop, areas=["customers"])
        key = new_key()
        assert (await Desk(person.client).add(key)).status_code == 201

        await shop.owner.patch(f"/api/v1/staff/{person.id}", json={"areas": []})

        assert refusal(await Desk(person.client).add(key)) == (403, "permission-denied")

    async def test_is_for_no_token_that_is_revoked(self, shop: Business) -> None:
        made = await shop.make("/tokens", TOKEN | {"scopes": ["customers:write"]})
        desk, key = Desk(shop.at(shop.host, made["token"])), new_key()
        assert (await desk.add(key)).status_code == 201

        await shop.owner.delete(f"/api/v1/tokens/{made['id']}")

        assert refusal(await desk.add(key)) == (401, "token-invalid")

    async def test_is_not_shared_between_a_user_and_who_acts_in_their_place(
        self, app: FastAPI, shop: Business, at: Caller
    ) -> None:
        person = await Crowd(app, at).add(Role.TENANT_MANAGER, shop)
        key = new_key()
        own = await Desk(person.client).add(key)
        begun = await shop.owner.post("/api/v1/masquerade", json={"user_id": person.id, "reason": "Ticket 4711"})
        shop.owner.cookies.clear()

        masked = await Desk(at(shop.host, begun.json()["access_token"])).add(key)

        assert (own.status_code, masked.status_code) == (201, 201)
        assert not was_replayed(masked)

    async def test_ends_after_a_day(self, app: FastAPI, shop: Business, desk: Desk) -> None:
        key = new_key()
        await desk.add(key)
        await age(app, shop, key, timedelta(hours=23, minutes=59))
        assert was_replayed(await desk.add(key))

        await age(app, shop, key, keys.KEPT_FOR)
        again = await desk.add(key, phone="+49 30 1")

        assert (again.status_code, was_replayed(again)) == (201, False)
        assert was_replayed(await desk.add(key, phone="+49 30 1"))
        assert await desk.count(key) == 2
