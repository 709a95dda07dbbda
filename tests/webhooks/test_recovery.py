"""Looking up what was sent, and having it sent once more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.core.clock import utcnow
from app.models.tenant import EventRow, WebhookDeliveryRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.webhooks import replays
from app.webhooks.retries import DELAYS
from tests.actors import Business
from tests.outboxes import CANCELLED, CREATED, Clock, Outbox
from tests.receivers import Receiver, eventually, refuse
from tests.scheduling.salon import refusal
from tests.working import working

PATH = "/api/v1/webhook-endpoints"


async def advance(outbox: Outbox, mode: Mode = Mode.LIVE) -> bool:
    """Have a worker go on with the replays."""
    async with outbox.app.state.database.transaction(outbox.tenant.schema(mode)) as session:
        return await replays.advance(session, now=utcnow())


class TestGetWebhookDelivery:
    async def test_shows_the_bytes_that_are_sent(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        (listed,) = await outbox.deliveries_to(endpoint)
        shown = (await business.owner.get(f"{PATH}/{endpoint}/deliveries/{listed['id']}")).json()
        assert shown == listed | {"request_body": receiver.received[0].body.decode()}

    async def test_is_found_at_its_own_endpoint_alone(self, business: Business, outbox: Outbox) -> None:
        endpoint, other = [await outbox.subscribe(f"https://{name}.example/") for name in "ab"]
        await outbox.emit()
        (delivery,) = await outbox.deliveries_to(endpoint)
        for address in ("", "/attempts"):
            answer = await business.owner.get(f"{PATH}/{other}/deliveries/{delivery['id']}{address}")
            assert refusal(answer) == (404, "delivery-not-found")


class TestListWebhookAttempts:
    async def test_shows_each_with_what_was_asked_and_answered(
        self, business: Business, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        body = {"url": receiver.url, "events": ["*"], "headers": {"X-Key": "private"}}
        endpoint = (await business.make("/webhook-endpoints", body))["id"]
        receiver.answer = refuse(503, **{"X-Why": "busy"})
        await outbox.emit()
        await outbox.drain()
        clock.now += timedelta(minutes=1)
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        answer = await business.owner.get(f"{PATH}/{endpoint}/deliveries/{delivery['id']}/attempts")
        later, earlier = answer.json()["items"]
        assert later["started_at"] > earlier["started_at"]
        for attempt, message in zip((earlier, later), receiver.received, strict=True):
            assert (attempt["response_status"], attempt["response_excerpt"]) == (503, "no, thank you")
            assert attempt["response_headers"]["x-why"] == "busy"
            assert attempt["request_headers"]["webhook-signature"] == message.headers["webhook-signature"]
            assert attempt["request_headers"]["x-key"] == "***"
            assert attempt["duration_ms"] >= 0


class TestResendWebhookDelivery:
    @pytest.mark.usefixtures("redis")
    async def test_sends_the_same_event_again(
        self, settings: Settings, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        async with working(settings):
            answer = await business.owner.post(f"{PATH}/{endpoint}/deliveries/{delivery['id']}/resend")
            assert (answer.status_code, answer.json()["status"]) == (202, "pending")
            first, second = await receiver.wait_for(2)
        assert (first.id, first.body) == (second.id, second.body)

    async def test_is_retried_as_often_as_a_new_one(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        ended = {"status": "failed", "attempts": len(DELAYS) + 1, "next_attempt_at": None}
        await outbox.change(update(WebhookDeliveryRow).values(ended))
        (delivery,) = await outbox.deliveries_to(endpoint)
        receiver.answer = refuse(500)
        await business.owner.post(f"{PATH}/{endpoint}/deliveries/{delivery['id']}/resend")
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        assert (delivery["status"], delivery["attempts"]) == ("pending", 11)

    async def test_refuses_what_is_still_on_its_way(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        await outbox.emit()
        (delivery,) = await outbox.deliveries_to(endpoint)
        answer = await business.owner.post(f"{PATH}/{endpoint}/deliveries/{delivery['id']}/resend")
        assert refusal(answer) == (409, "delivery-pending")

    async def test_refuses_an_endpoint_that_is_disabled(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        (delivery,) = await outbox.deliveries_to(endpoint)
        await business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": False})
        answer = await business.owner.post(f"{PATH}/{endpoint}/deliveries/{delivery['id']}/resend")
        assert refusal(answer) == (409, "webhook-endpoint-disabled")


class TestListEvents:
    async def test_tells_what_happened_whether_or_not_it_was_sent(self, business: Business) -> None:
        customer = await business.make("/customers", {"name": "Grace"})
        listed = (await business.owner.get("/api/v1/events", params={"subject_id": customer["id"]})).json()["items"]
        ((event),) = listed
        assert (event["type"], event["data"]) == ("customer.created", customer)
        shown = (await business.owner.get(f"/api/v1/events/{event['id']}")).json()
        assert shown == event | {"deliveries": []}

    async def test_is_narrowed_by_type_and_time(self, business: Business, outbox: Outbox) -> None:
        await outbox.emit(CREATED)
        await outbox.emit(CANCELLED)
        await business.make("/customers", {"name": "Grace"})

        async def types(**query: str) -> list[str]:
            answer = await business.owner.get("/api/v1/events", params=query)
            return [each["type"] for each in answer.json()["items"]]

        assert await types(type="appointment.created,appointment.cancelled") == [CANCELLED, CREATED]
        assert await types(type="appointment.created", since=f"{utcnow() + timedelta(minutes=1):%FT%TZ}") == []
        assert await types(type="appointment.created", until=f"{utcnow() + timedelta(minutes=1):%FT%TZ}") == [CREATED]

    async def test_one_says_where_it_was_sent(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        shown = (await business.owner.get(f"/api/v1/events/{receiver.received[0].id}")).json()
        assert [(each["endpoint_id"], each["status"]) for each in shown["deliveries"]] == [(endpoint, "succeeded")]

    async def test_shows_nothing_of_what_the_caller_may_not_read(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url, "customer.*", "service.*")
        customer = await business.make("/customers", {"name": "Grace Hopper"})
        await outbox.drain()
        (event,) = (await business.owner.get("/api/v1/events", params={"subject_id": customer["id"]})).json()["items"]
        (delivery,) = await outbox.deliveries_to(endpoint)
        own = f"{PATH}/{endpoint}/deliveries/{delivery['id']}"
        stranger = await business.client("webhooks:read", "services:read")
        reader = await business.client("webhooks:read", "customers:read")
        listed = await stranger.get("/api/v1/events", params={"type": "customer.created,token.created"})
        assert listed.json()["items"] == []
        assert refusal(await stranger.get(f"/api/v1/events/{event['id']}")) == (404, "event-not-found")
        assert (await stranger.get(own)).json()["request_body"] is None
        assert "Grace Hopper" in (await reader.get(own)).json()["request_body"]
        assert (await reader.get(f"/api/v1/events/{event['id']}")).json()["data"] == customer
        assert {each["type"] for each in (await reader.get("/api/v1/events")).json()["items"]} == {"customer.created"}

    async def test_one_that_is_not_there_is_not_found(self, business: Business, outbox: Outbox) -> None:
        answer = await business.owner.get(f"/api/v1/events/{outbox.tenant.id}")
        assert refusal(answer) == (404, "event-not-found")


class TestCreateWebhookReplay:
    async def begin(self, business: Business, endpoint: str, **body: Any) -> dict[str, Any]:
        since = f"{utcnow() - timedelta(days=1):%FT%TZ}"
        answer = await business.owner.post(f"{PATH}/{endpoint}/replays", json={"since": since} | body)
        assert answer.status_code == 202, answer.text
        begun: dict[str, Any] = answer.json()
        return begun

    async def state(self, business: Business, replay: dict[str, Any]) -> dict[str, Any]:
        answer = await business.owner.get(f"{PATH}/{replay['endpoint_id']}/replays/{replay['id']}")
        found: dict[str, Any] = answer.json()
        return found

    @pytest.mark.usefixtures("redis")
    async def test_sends_what_happened_while_it_was_disabled(
        self, settings: Settings, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit()
        await outbox.drain()
        await business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": False})
        await outbox.emit(times=3)
        await business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": True})
        async with working(settings):
            replay = await self.begin(business, endpoint)
            assert (replay["status"], replay["matching"], replay["passed"]) == ("running", 4, 0)
            await receiver.wait_for(4)

            async def is_done() -> bool:
                done = await self.state(business, replay)
                return bool(done["deliveries"]["succeeded"] == 3 and done["status"] == "completed")

            await eventually(is_done)
        done = await self.state(business, replay)
        assert (done["passed"], done["deliveries"]) == (4, {"succeeded": 3, "failed": 0, "waiting": 0})
        assert len({message.id for message in receiver.received}) == 4

    async def test_sends_again_what_has_failed_and_leaves_what_arrived(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit(times=2)
        await outbox.drain()
        failed = receiver.received[0].id
        lost = update(WebhookDeliveryRow).where(WebhookDeliveryRow.event_id == UUID(failed)).values(status="failed")
        await outbox.change(lost)
        replay = await self.begin(business, endpoint)
        assert await advance(outbox) is False
        await outbox.drain()
        assert [message.id for message in receiver.received[2:]] == [failed]
        assert (await self.state(business, replay))["deliveries"] == {"succeeded": 1, "failed": 0, "waiting": 0}

    async def test_sends_all_of_it_where_that_is_wanted(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit(times=2)
        await outbox.drain()
        await self.begin(business, endpoint, wanted="all")
        await advance(outbox)
        await outbox.drain()
        assert [message.id for message in receiver.received[:2]] == sorted(m.id for m in receiver.received[2:])

    async def test_is_narrowed_by_time_and_type(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url, "resource.created")
        await outbox.emit(CREATED)
        await outbox.emit(CANCELLED)
        await outbox.change(
            update(EventRow).where(EventRow.type == CREATED).values(occurred_at=utcnow() - timedelta(hours=2))
        )
        until = f"{utcnow() - timedelta(hours=1):%FT%TZ}"
        assert (await self.begin(business, endpoint))["matching"] == 0
        await advance(outbox)
        assert (await self.begin(business, endpoint, events=["appointment.*"], until=until))["matching"] == 1
        await advance(outbox)
        await outbox.drain()
        assert [b'"appointment.created"' in message.body for message in receiver.received] == [True]

    async def test_leaves_room_for_what_happens_meanwhile(
        self, business: Business, outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replays, "MOST_WAITING", 3)
        endpoint = await outbox.subscribe(receiver.url, "resource.created")
        await outbox.emit(times=5)
        replay = await self.begin(business, endpoint, events=["appointment.*"])
        assert await advance(outbox) is True
        assert await advance(outbox) is True
        assert (await self.state(business, replay))["deliveries"]["waiting"] == 3
        await outbox.drain()
        assert await advance(outbox) is False
        await outbox.drain()
        done = await self.state(business, replay)
        assert (done["status"], done["passed"], done["deliveries"]["succeeded"]) == ("completed", 5, 5)

    async def test_of_one_that_fails_waits_for_no_retries(
        self, business: Business, outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replays, "MOST_WAITING", 2)
        endpoint = await outbox.subscribe(receiver.url, "resource.created")
        await outbox.emit(times=4)
        receiver.answer = refuse(500)
        await self.begin(business, endpoint, events=["appointment.*"])
        await advance(outbox)
        await outbox.drain()
        await advance(outbox)
        await outbox.drain()
        assert len({message.id for message in receiver.received}) == 4

    async def test_is_one_at_a_time_and_can_be_cancelled(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        replay = await self.begin(business, endpoint)
        answer = await business.owner.post(f"{PATH}/{endpoint}/replays", json={"since": "2026-01-01T00:00:00Z"})
        assert refusal(answer) == (409, "replay-running")
        answer = await business.owner.post(f"{PATH}/{endpoint}/replays/{replay['id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert await advance(outbox) is False
        await self.begin(business, endpoint)
        listed = (await business.owner.get(f"{PATH}/{endpoint}/replays")).json()["items"]
        assert [each["status"] for each in listed] == ["running", "cancelled"]

    async def test_ends_with_an_endpoint_that_is_disabled(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        replay = await self.begin(business, endpoint)
        await business.owner.patch(f"{PATH}/{endpoint}", json={"is_enabled": False})
        assert await advance(outbox) is False
        assert (await self.state(business, replay))["status"] == "cancelled"
        answer = await business.owner.post(f"{PATH}/{endpoint}/replays", json={"since": "2026-01-01T00:00:00Z"})
        assert refusal(answer) == (409, "webhook-endpoint-disabled")

    async def test_never_sends_a_test_again(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook", "appointment.*")
        await business.owner.post(f"{PATH}/{endpoint}/test")
        before = (await business.owner.get("/api/v1/events", params={"count": "true"})).json()["total"]
        assert (await self.begin(business, endpoint, events=["*"]))["matching"] == before - 1

    async def test_sends_nobody_what_the_caller_may_not_read(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        client = await business.client("webhooks:write", "appointments:read")
        body = {"since": "2026-01-01T00:00:00Z", "events": ["appointment.*", "customer.created"]}
        answer = await client.post(f"{PATH}/{endpoint}/replays", json=body)
        assert refusal(answer) == (403, "permission-denied")
        assert (await client.post(f"{PATH}/{endpoint}/replays", json=body | {"events": None})).status_code == 202

    async def test_wants_a_time_that_begins_before_it_ends(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        body = {"since": "2026-02-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
        answer = await business.owner.post(f"{PATH}/{endpoint}/replays", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/since")

    async def test_goes_when_its_endpoint_goes(self, business: Business, outbox: Outbox) -> None:
        endpoint = await outbox.subscribe("https://example.com/hook")
        await outbox.emit()
        await self.begin(business, endpoint, wanted="all")
        await advance(outbox)
        assert (await business.owner.delete(f"{PATH}/{endpoint}")).status_code == 204
        assert await outbox.deliveries() == []
