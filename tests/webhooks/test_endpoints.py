import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.core.clock import utcnow
from app.models.tenant import WebhookEndpointRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.webhooks.failing import GONE
from app.webhooks.signature import key_of
from tests.actors import Business
from tests.emitting import emit
from tests.outboxes import Outbox
from tests.receivers import Receiver
from tests.working import working

PATH = "/api/v1/webhook-endpoints"
BODY = {"url": "https://example.com/hook", "events": ["appointment.*"]}


class TestCreateWebhookEndpoint:
    async def test_shows_the_secret_once(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        assert len(key_of(made.pop("secret"))) == 32
        assert made["url"] == BODY["url"]
        assert made["events"] == ["appointment.*"]
        assert made["is_enabled"] is True
        assert made["disabled_reason"] is None
        read = await business.owner.get(f"{PATH}/{made['id']}")
        assert read.json() == made

    async def test_keeps_the_secret_sealed(self, app: FastAPI, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
        async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            sealed = await session.scalar(select(WebhookEndpointRow.secret_sealed))
        assert made["secret"] not in sealed
        assert app.state.keyring.unseal(sealed) == made["secret"]

    async def test_keeps_each_subscription_once(self, business: Business) -> None:
        events = ["appointment.created", "*", "appointment.created"]
        made = await business.make("/webhook-endpoints", {**BODY, "events": events})
        assert made["events"] == ["*", "appointment.created"]

    @pytest.mark.parametrize("wrong", ["appointment", "appointment.eaten", "dinner.*", "**", "", "*.created"])
    async def test_names_the_event_that_does_not_exist(self, bystander: Business, wrong: str) -> None:
        answer = await bystander.owner.post(PATH, json={**BODY, "events": ["*", wrong]})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/events/1"]

    @pytest.mark.parametrize("events", [[], None])
    async def test_wants_at_least_one_event(self, business: Business, events: object) -> None:
        answer = await business.owner.post(PATH, json={**BODY, "events": events})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/events"

    @pytest.mark.parametrize(
        "url", ["http://example.com/hook", "https://10.0.0.1/", "not a url", "https://a:b@c.example"]
    )
    async def test_refuses_a_url_that_leads_nowhere_public(self, business: Business, url: str) -> None:
        answer = await business.owner.post(PATH, json={**BODY, "url": url})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/url"

    async def test_stops_at_twenty_even_for_clients_that_race(self, business: Business) -> None:
        await business.make("/webhook-endpoints", BODY)
        answers = await asyncio.gather(*[business.owner.post(PATH, json=BODY) for _ in range(22)])
        codes = [answer.status_code for answer in answers]
        assert (codes.count(201), codes.count(409)) == (19, 3)
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "webhook-endpoint-limit"

    async def test_counts_the_sandbox_apart(self, business: Business) -> None:
        for _ in range(20):
            await business.make("/webhook-endpoints", BODY)
        sandbox = await business.client("webhooks:write", "appointments:read", mode="test")
        await business.make("/webhook-endpoints", BODY, client=sandbox)

    async def test_needs_the_scope(self, business: Business) -> None:
        reader = await business.client("webhooks:read")
        answer = await reader.post(PATH, json=BODY)
        assert answer.status_code == 403
        assert answer.json()["code"] == "permission-denied"

    @pytest.mark.parametrize(
        ("subscriptions", "missing"),
        [
            (["appointment.created", "customer.*"], "customers:read"),
            (["customer.created"], "customers:read"),
            (["token.*"], "tokens:read"),
            (["*"], ":read"),
        ],
    )
    async def test_sends_nobody_what_the_caller_may_not_read(
        self, business: Business, subscriptions: list[str], missing: str
    ) -> None:
        client = await business.client("webhooks:write", "appointments:read", "services:read", "resources:read")
        refused = await client.post(PATH, json={**BODY, "events": subscriptions})
        assert (refused.status_code, refused.json()["code"]) == (403, "permission-denied")
        assert missing in refused.json()["detail"]

    async def test_of_what_one_may_not_read_can_only_be_ended(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "events": ["*"]})
        client = await business.client("webhooks:write", "appointments:read")
        changed: dict[str, Any]
        for changed in ({"url": "https://elsewhere.example.com/"}, {"events": ["appointment.*", "token.*"]}):
            assert (await client.patch(f"{PATH}/{made['id']}", json=changed)).status_code == 403
        for changed in ({"description": "The till"}, {"is_enabled": False}, {"events": ["appointment.*"]}):
            assert (await client.patch(f"{PATH}/{made['id']}", json=changed)).status_code == 200


class TestListWebhookEndpoints:
    async def test_pages_through_the_newest_first(self, business: Business) -> None:
        made = [(await business.make("/webhook-endpoints", BODY))["id"] for _ in range(3)]
        first = (await business.owner.get(PATH, params={"limit": 2})).json()
        second = (await business.owner.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
        assert second["next_cursor"] is None
        assert all("secret" not in item for item in first["items"])

    async def test_shows_a_test_token_the_sandbox_alone(self, business: Business) -> None:
        live = await business.make("/webhook-endpoints", BODY)
        client = await business.client("webhooks:read", "webhooks:write", "appointments:read", mode="test")
        sandbox = await business.make("/webhook-endpoints", BODY, client=client)
        assert [item["id"] for item in (await client.get(PATH)).json()["items"]] == [sandbox["id"]]
        assert [item["id"] for item in (await business.owner.get(PATH)).json()["items"]] == [live["id"]]
        assert (await client.get(f"{PATH}/{live['id']}")).status_code == 404

    async def test_needs_the_scope(self, business: Business) -> None:
        client = await business.client("appointments:read")
        assert (await client.get(PATH)).status_code == 403


class TestUpdateWebhookEndpoint:
    async def test_changes_what_is_named_and_keeps_the_rest(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        del made["secret"]
        url = "https://hooks.example.com/other"
        answer = await business.owner.patch(f"{PATH}/{made['id']}", json={"url": url})
        assert answer.json() == made | {"url": url, "updated_at": answer.json()["updated_at"]}
        events = ["appointment.held", "appointment.created", "appointment.held"]
        answer = await business.owner.patch(f"{PATH}/{made['id']}", json={"events": events})
        assert (answer.json()["url"], answer.json()["events"]) == (url, ["appointment.created", "appointment.held"])

    async def test_sends_nothing_while_it_is_switched_off(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        answer = await business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": False})
        assert (answer.json()["is_enabled"], answer.json()["disabled_reason"]) == (False, "It was switched off.")
        await outbox.emit()
        await outbox.drain()
        assert receiver.received == []

    @pytest.mark.usefixtures("redis")
    async def test_enabled_again_is_sent_at_once_what_waited_and_begins_anew(
        self, settings: Settings, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit(times=2)
        now = utcnow()
        gone = {"is_enabled": False, "disabled_reason": GONE, "failing_since": now, "warned_at": now}
        await outbox.change(update(WebhookEndpointRow).values(gone))
        async with working(settings):
            answer = await business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": True})
            assert (answer.json()["is_enabled"], answer.json()["disabled_reason"]) == (True, None)
            await receiver.wait_for(2)
        row = await outbox.endpoint(endpoint)
        assert (row.failing_since, row.warned_at) == (None, None)

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"url": "https://10.0.0.1/"}, "/url"),
            ({"url": None}, "/url"),
            ({"events": []}, "/events"),
            ({"events": ["dinner.*"]}, "/events/0"),
            ({"is_enabled": None}, "/is_enabled"),
        ],
    )
    async def test_says_what_is_wrong_and_changes_nothing(
        self, business: Business, change: dict[str, Any], pointer: str
    ) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        answer = await business.owner.patch(f"{PATH}/{made['id']}", json={"is_enabled": False} | change)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert (await business.owner.get(f"{PATH}/{made['id']}")).json()["is_enabled"] is True

    async def test_needs_the_scope(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        client = await business.client("webhooks:read")
        answer = await client.patch(f"{PATH}/{made['id']}", json={"is_enabled": False})
        assert answer.status_code == 403


class TestDeleteWebhookEndpoint:
    async def test_forgets_the_endpoint_and_its_deliveries(self, app: FastAPI, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        await emit(app, business)
        assert (await business.owner.delete(f"{PATH}/{made['id']}")).status_code == 204
        assert (await business.owner.get(f"{PATH}/{made['id']}")).status_code == 404
        assert (await business.owner.get(f"{PATH}/{made['id']}/deliveries")).status_code == 404

    async def test_needs_the_scope(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        reader = await business.client("webhooks:read")
        assert (await reader.delete(f"{PATH}/{made['id']}")).status_code == 403


class TestForeignWebhookEndpoint:
    @pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries")])
    async def test_does_not_exist_for_another_business(
        self, business: Business, other_business: Business, method: str, suffix: str
    ) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        for endpoint_id in (made["id"], uuid4()):
            answer = await other_business.owner.request(
                method, f"{PATH}/{endpoint_id}{suffix}", json={"is_enabled": False} if method == "PATCH" else None
            )
            assert answer.status_code == 404
            assert answer.json()["code"] == "webhook-endpoint-not-found"
        assert (await business.owner.get(f"{PATH}/{made['id']}")).json()["is_enabled"] is True


class TestListWebhookDeliveries:
    async def test_shows_what_is_still_to_be_sent(self, app: FastAPI, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        await emit(app, business)
        page = (await business.owner.get(f"{PATH}/{made['id']}/deliveries")).json()
        (delivery,) = page["items"]
        assert delivery["event_type"] == "appointment.created"
        assert (delivery["status"], delivery["attempts"]) == ("pending", 0)
        assert delivery["next_attempt_at"] is not None
        unset = ("last_attempt_at", "response_status", "response_excerpt", "error", "duration_ms")
        assert {delivery[name] for name in unset} == {None}

    async def test_pages_through_the_newest_first(self, app: FastAPI, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        for _ in range(3):
            await emit(app, business)
        path = f"{PATH}/{made['id']}/deliveries"
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(3):
            page = (await business.owner.get(path, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))).json()
            found += page["items"]
            cursor = page["next_cursor"]
        assert cursor is None
        ids = [item["id"] for item in found]
        assert len(ids) == 3
        assert ids == sorted(ids, reverse=True)

    @pytest.mark.parametrize("cursor", ["WyJub25lIl0", "WyItMSJd", "WyI5MjIzMzcyMDM2ODU0Nzc1ODA4Il0", "!"])
    async def test_refuses_a_cursor_of_another_list(self, business: Business, cursor: str) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        answer = await business.owner.get(f"{PATH}/{made['id']}/deliveries", params={"cursor": cursor})
        assert answer.status_code == 400
        assert answer.json()["code"] == "cursor-invalid"
