"""What a business does with an endpoint that it has: its headers, its secret, trying it out, seeing how it fares."""

from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.core.clock import utcnow
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.outboxes import Clock, Outbox
from tests.people.crowd import trail
from tests.receivers import Receiver, refuse

PATH = "/api/v1/webhook-endpoints"
BODY = {"url": "https://example.com/hook", "events": ["appointment.*"]}


class TestHeaders:
    async def test_are_sent_and_never_shown(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        headers = {"X-Api-Key": "very private", "X-Shop": "1"}
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url, "headers": headers})
        assert made["header_names"] == ["X-Api-Key", "X-Shop"]
        await outbox.emit()
        await outbox.drain()
        (message,) = receiver.received
        assert (message.headers["X-Api-Key"], message.headers["X-Shop"]) == ("very private", "1")
        for address in ("", f"/{made['id']}", f"/{made['id']}/deliveries"):
            assert "very private" not in (await business.owner.get(f"{PATH}{address}")).text
        assert "very private" not in (await business.owner.get("/api/v1/audit")).text

    async def test_are_replaced_together(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url, "headers": {"X-Old": "1"}})
        answer = await business.owner.patch(f"{PATH}/{made['id']}", json={"headers": {"X-New": "2"}})
        assert answer.json()["header_names"] == ["X-New"]
        await outbox.emit()
        await outbox.drain()
        assert "X-Old" not in receiver.received[0].headers
        answer = await business.owner.patch(f"{PATH}/{made['id']}", json={"headers": {}})
        assert answer.json()["header_names"] == []
        await outbox.emit()
        await outbox.drain()
        assert "X-New" not in receiver.received[1].headers

    async def test_are_sent_to_no_other_host_unless_they_are_given_again(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "headers": {"X-Api-Key": "very private"}})
        path, elsewhere = f"{PATH}/{made['id']}", {"url": "https://elsewhere.example/hook"}
        answer = await business.owner.patch(path, json=elsewhere)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/headers")
        changes: list[dict[str, Any]] = [{"url": "https://example.com/other"}, elsewhere | {"headers": {}}]
        for change in changes:
            assert (await business.owner.patch(path, json=change)).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"": "1"},
            {"X Y": "1"},
            {"X:Y": "1"},
            {"X-Ä": "1"},
            {"X\r\nHost": "1"},
            {"X" * 101: "1"},
            {"Host": "evil.example"},
            {"host": "evil.example"},
            {"Content-Length": "0"},
            {"Transfer-Encoding": "chunked"},
            {"Webhook-Signature": "v1,forged"},
            {"webhook-anything": "1"},
            {"X-A": ""},
            {"X-A": "a\r\nHost: evil.example"},
            {"X-A": "a\nb"},
            {"X-A": "a\0b"},
            {"X-A": "ä"},
            {"X-A": "x" * 1001},
            {"X-A": "1", "x-a": "2"},
            {f"X-{number}": "1" for number in range(21)},
        ],
    )
    async def test_that_could_do_harm_are_refused(self, bystander: Business, headers: dict[str, str]) -> None:
        answer = await bystander.owner.post(PATH, json={**BODY, "headers": headers})
        assert answer.status_code == 422
        assert {error["pointer"].partition("/headers")[0] for error in answer.json()["errors"]} == {""}


class TestDescription:
    async def test_is_kept_found_and_changed(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "description": "The till in the shop"})
        await business.make("/webhook-endpoints", BODY)
        found = (await business.owner.get(PATH, params={"q": "till"})).json()["items"]
        assert [each["description"] for each in found] == ["The till in the shop"]
        answer = await business.owner.patch(f"{PATH}/{made['id']}", json={"description": ""})
        assert answer.json()["description"] == ""


class TestRotateWebhookSecret:
    async def test_both_secrets_sign_for_a_day(
        self, business: Business, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url})
        answer = await business.owner.post(f"{PATH}/{made['id']}/rotate-secret")
        assert answer.status_code == 200, answer.text
        rotated = answer.json()
        assert rotated["secret"] != made["secret"]
        await outbox.emit()
        clock.now = utcnow()
        await outbox.drain()
        for secret in (made["secret"], rotated["secret"]):
            Webhook(secret).verify(receiver.received[0].body, dict(receiver.received[0].headers))
        clock.now = utcnow() + timedelta(hours=24, minutes=1)
        await outbox.emit()
        await outbox.drain()
        assert len(receiver.received[1].headers["webhook-signature"].split()) == 1
        shown = (await business.owner.get(f"{PATH}/{made['id']}")).json()
        assert "secret" not in shown
        assert shown["previous_secret_expires_at"] == rotated["previous_secret_expires_at"]
        (entry,) = await trail(business.owner, "webhook_endpoint.secret_rotated")
        assert entry["object_id"] == made["id"]

    async def test_the_old_one_can_be_ended_at_once(
        self, business: Business, outbox: Outbox, receiver: Receiver, clock: Clock
    ) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url})
        answer = await business.owner.post(f"{PATH}/{made['id']}/rotate-secret", json={"overlap_seconds": 0})
        assert answer.json()["previous_secret_expires_at"] is None
        await outbox.emit()
        clock.now = utcnow()
        await outbox.drain()
        (message,) = receiver.received
        assert len(message.headers["webhook-signature"].split()) == 1
        Webhook(answer.json()["secret"]).verify(message.body, dict(message.headers))

    @pytest.mark.parametrize("seconds", [-1, 86_401, "60", None])
    async def test_the_overlap_is_a_day_at_most(self, business: Business, seconds: object) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        answer = await business.owner.post(f"{PATH}/{made['id']}/rotate-secret", json={"overlap_seconds": seconds})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/overlap_seconds")

    async def test_needs_the_scope_and_the_business(self, business: Business, bystander: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        reader = await business.client("webhooks:read")
        assert (await reader.post(f"{PATH}/{made['id']}/rotate-secret")).status_code == 403
        assert (await bystander.owner.post(f"{PATH}/{made['id']}/rotate-secret")).status_code == 404


class TestTryWebhookEndpoint:
    async def test_is_sent_there_alone_whatever_it_subscribes_to(
        self, business: Business, outbox: Outbox, receiver: Receiver, other_receiver: Receiver, clock: Clock
    ) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url})
        await business.make("/webhook-endpoints", {"url": other_receiver.url, "events": ["*"]})
        answer = await business.owner.post(f"{PATH}/{made['id']}/test")
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        clock.now = utcnow()
        await outbox.drain()
        (message,) = receiver.received
        told = Webhook(made["secret"]).verify(message.body, dict(message.headers))
        assert (told["type"], told["data"]["id"]) == ("webhook.test", made["id"])
        assert other_receiver.received == []
        delivery = f"{PATH}/{made['id']}/deliveries/{answer.json()['id']}"
        assert (await business.owner.get(delivery)).json()["status"] == "succeeded"

    async def test_is_attempted_once(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url})
        receiver.answer = refuse(500)
        delivery = (await business.owner.post(f"{PATH}/{made['id']}/test")).json()
        await outbox.drain()
        shown = (await business.owner.get(f"{PATH}/{made['id']}/deliveries/{delivery['id']}")).json()
        assert (shown["status"], shown["attempts"], shown["response_status"]) == ("failed", 1, 500)

    async def test_is_attempted_once_more_when_it_is_sent_again(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        made = await business.make("/webhook-endpoints", {**BODY, "url": receiver.url})
        receiver.answer = refuse(500)
        delivery = (await business.owner.post(f"{PATH}/{made['id']}/test")).json()
        await outbox.drain()
        path = f"{PATH}/{made['id']}/deliveries/{delivery['id']}"
        assert (await business.owner.post(f"{path}/resend")).status_code == 202
        await outbox.drain()
        shown = (await business.owner.get(path)).json()
        assert (shown["status"], shown["attempts"]) == ("failed", 2)

    async def test_nobody_can_subscribe_to_it(self, business: Business) -> None:
        for subscription in ("webhook.test", "webhook.*"):
            answer = await business.owner.post(PATH, json={**BODY, "events": [subscription]})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/events/0")

    async def test_says_that_the_endpoint_is_disabled(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        await business.owner.patch(f"{PATH}/{made['id']}", json={"is_enabled": False})
        answer = await business.owner.post(f"{PATH}/{made['id']}/test")
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook-endpoint-disabled")


class TestGetWebhookHealth:
    async def test_says_what_arrived_and_how_long_it_took(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await outbox.emit(times=3)
        await outbox.drain()
        receiver.answer = refuse(500)
        await outbox.emit()
        await outbox.drain()
        health = await self.of(business, endpoint)
        assert (health["attempted"], health["succeeded"], health["waiting"], health["success_rate"]) == (4, 3, 1, 0.75)
        assert 0 <= health["latency_ms"]["p50"] <= health["latency_ms"]["p95"]
        assert health["failing_since"] is not None

    async def test_of_one_that_was_sent_nothing_is_empty(self, business: Business) -> None:
        made = await business.make("/webhook-endpoints", BODY)
        health = await self.of(business, made["id"])
        assert (health["attempted"], health["success_rate"], health["latency_ms"]) == (0, None, None)

    async def test_of_one_that_answers_nothing_knows_no_latency(
        self, business: Business, outbox: Outbox, receiver: Receiver
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        await receiver.server.close()
        await outbox.emit()
        await outbox.drain()
        health = await self.of(business, endpoint)
        assert (health["attempted"], health["success_rate"], health["latency_ms"]) == (1, 0.0, None)

    async def test_says_why_it_is_disabled(self, business: Business, outbox: Outbox, receiver: Receiver) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(410)
        await outbox.emit(mode=Mode.LIVE)
        await outbox.drain()
        health = await self.of(business, endpoint)
        assert (health["is_enabled"], health["disabled_reason"]) == (False, "The endpoint answered 410 Gone.")

    async def of(self, business: Business, endpoint: str) -> dict[str, Any]:
        answer = await business.owner.get(f"{PATH}/{endpoint}/health")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
