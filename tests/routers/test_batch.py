"""Several requests in one: each as if it had been sent alone."""

from typing import Any

import httpx
import pytest

from app.auth.csrf import HEADER as CSRF
from app.routers import batch
from tests.actors import PASSWORD, Business, Platform
from tests.idempotency.desk import Desk, new_key
from tests.scheduling.salon import Salon, at, refusal

BATCH = "/api/v1/batch"
CUSTOMERS = "/api/v1/customers"


def post(path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "path": path,
        "body": body,
        "headers": {k.replace("_", "-"): v for k, v in headers.items()},
    }


async def send(client: httpx.AsyncClient, *requests: dict[str, Any], key: str | None = None) -> httpx.Response:
    """A batch of these requests, perhaps with a key."""
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(BATCH, json={"requests": requests}, headers=headers)


async def results(client: httpx.AsyncClient, *requests: dict[str, Any], key: str | None = None) -> list[dict[str, Any]]:
    """The results of a batch that was taken on."""
    answer = await send(client, *requests, key=key)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    assert len(found) == len(requests)
    return found


@pytest.fixture(scope="module")
async def shop(platform: Platform) -> Business:
    """A business that tests share which mind nothing that another leaves behind."""
    return await platform.sign_up()


class TestRunBatch:
    async def test_gives_the_result_of_each_in_order(self, shop: Business) -> None:
        made = await shop.make("/customers", {"name": "Ada"})
        path = f"{CUSTOMERS}/{made['id']}"

        created, changed, missing = await results(
            shop.owner,
            post(CUSTOMERS, {"name": "Grace"}),
            {"method": "PATCH", "path": path, "body": {"name": "Countess"}},
            post("/api/v1/nothing", {}),
        )

        assert (created["status"], created["body"]["name"]) == (201, "Grace")
        assert (changed["status"], changed["body"]["name"]) == (200, "Countess")
        assert (missing["status"], missing["body"]["code"]) == (404, "not-found")
        assert (await shop.owner.get(path)).json()["name"] == "Countess"

    async def test_stays_in_the_sandbox_however_the_cookies_are_sent(self, shop: Business) -> None:
        name, token = new_key(), shop.owner.headers["authorization"]
        headers = [
            ("Authorization", token),
            ("Cookie", "theme=dark"),
            ("Cookie", "sandbox_mode=true"),  # as HTTP/2 may send them: each in a line of its own
        ]
        body = {"requests": [post(CUSTOMERS, {"name": name})]}
        answer = await shop.anonymous.post(BATCH, json=body, headers=headers)
        assert answer.json()["results"][0]["status"] == 201
        assert answer.headers["x-sandbox-mode"] == "true"
        assert await Desk(shop.owner).count(name) == 0

    async def test_has_no_body_where_the_answer_has_none(self, shop: Business) -> None:
        token = await shop.make("/tokens", {"name": "till", "mode": "live", "scopes": ["services:read"]})

        (deleted,) = await results(shop.owner, {"method": "DELETE", "path": f"/api/v1/tokens/{token['id']}"})

        assert (deleted["status"], deleted["body"]) == (204, None)

    async def test_goes_on_past_what_fails(self, shop: Business) -> None:
        name = new_key()

        found = await results(
            shop.owner, post(CUSTOMERS, {}), post(CUSTOMERS, {"name": name}), post("/api/v1/appointments", {})
        )

        assert [each["status"] for each in found] == [422, 201, 422]
        assert [error["pointer"] for error in found[0]["body"]["errors"]] == ["/name"]
        assert await Desk(shop.owner).count(name) == 1

    async def test_sees_what_those_before_have_done(self, shop: Business) -> None:
        salon = await Salon.open(shop)
        service = await salon.service([await salon.resource()])
        booking = {"service_id": service, "customer_id": salon.customer, "start": at("10:00")}

        first, second = await results(salon.desk, *[post("/api/v1/appointments", booking)] * 2)

        assert (first["status"], first["body"]["start"]) == (201, at("10:00"))
        assert first["headers"]["Location"] == f"/api/v1/appointments/{first['body']['id']}"
        assert (second["status"], second["body"]["code"]) == (409, "slot-taken")

    async def test_changes_only_the_revision_that_is_named(self, shop: Business) -> None:
        salon = await Salon.open(shop)
        made = await salon.booked(await salon.service([await salon.resource()]), "10:00")
        change = {"method": "PATCH", "path": f"/api/v1/appointments/{made['id']}", "body": {"notes": "Shorter"}}
        change["headers"] = {"If-Match": '"1"'}

        first, second = await results(salon.desk, change, change)

        assert (first["status"], first["headers"]["ETag"]) == (200, '"2"')
        assert (second["status"], second["body"]["code"]) == (412, "revision-stale")

    async def test_numbers_the_ids_of_its_requests(self, shop: Business) -> None:
        answer = await shop.owner.post(
            BATCH,
            json={"requests": [post(CUSTOMERS, {}), post(CUSTOMERS, {})]},
            headers={"X-Request-Id": "a-batch-of-mine"},
        )

        assert answer.headers["x-request-id"] == "a-batch-of-mine"
        found = answer.json()["results"]
        assert [each["headers"]["X-Request-Id"] for each in found] == ["a-batch-of-mine.0", "a-batch-of-mine.1"]
        assert [each["body"]["request_id"] for each in found] == ["a-batch-of-mine.0", "a-batch-of-mine.1"]

    async def test_takes_a_query(self, shop: Business) -> None:
        (found,) = await results(shop.owner, post(f"{CUSTOMERS}?unknown=%C3%A9", {"name": "Grace"}))
        assert found["status"] == 201


class TestCaller:
    async def test_must_say_who_they_are(self, shop: Business) -> None:
        assert refusal(await send(shop.anonymous, post(CUSTOMERS, {}))) == (401, "unauthenticated")

    async def test_needs_the_permission_of_each(self, shop: Business) -> None:
        client = await shop.client("customers:write")

        may, may_not = await results(
            client,
            post(CUSTOMERS, {"name": "Grace"}),
            post("/api/v1/services", {"name": "Cut", "duration_minutes": 30}),
        )

        assert may["status"] == 201
        assert (may_not["status"], may_not["body"]["code"]) == (403, "permission-denied")

    async def test_stays_in_their_mode_and_at_their_host(self, shop: Business, other_business: Business) -> None:
        name = new_key()
        sandbox = Desk(await shop.client("customers:read", "customers:write", mode="test"))

        (made,) = await results(sandbox.client, post(CUSTOMERS, {"name": name}))
        (hidden,) = await results(
            other_business.owner,
            {"method": "PATCH", "path": f"{CUSTOMERS}/{made['body']['id']}", "body": {"name": "X"}},
        )

        assert (await sandbox.count(name), await Desk(shop.owner).count(name)) == (1, 0)
        assert hidden["body"]["code"] == "customer-not-found"

    async def test_by_cookie_is_known_in_each_with_the_csrf_token_alone(self, shop: Business) -> None:
        browser = shop.at(shop.host)
        logged_in = await browser.post("/api/v1/auth/login", json={"email": shop.email, "password": PASSWORD})
        own = {"Origin": f"http://{shop.host}"}
        body = {"requests": [post(CUSTOMERS, {"name": "Grace"})]}

        without = await browser.post(BATCH, json=body, headers=own)
        done = await browser.post(BATCH, json=body, headers=own | {CSRF: logged_in.json()["csrf_token"]})

        assert refusal(without) == (403, "csrf-token-invalid")
        assert [each["status"] for each in done.json()["results"]] == [201]

    async def test_is_counted_for_each(self, platform: Platform) -> None:
        """FREE allows 60 requests a minute."""
        business = await platform.sign_up(subscription_tier="FREE")
        client = await business.client("customers:write")

        answers = [await send(client, *[post(CUSTOMERS, {})] * batch.MOST) for _ in range(2)]

        found = [each for answer in answers if answer.status_code == 200 for each in answer.json()["results"]]
        refused = [each for each in found if each["status"] == 429]
        assert refused
        assert all(int(each["headers"]["Retry-After"]) > 0 for each in refused)


class TestWhatCannotBePartOfIt:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/batch",
            "/api/v1/%62atch",
            "/api/v1/batch?again=1",
            "/api/v1/auth/login",
            "/api/v1/auth/logout",
            "/api/v1/auth/refresh",
            "/api/v1/auth/passkey/options",
            "/api/v1/sandbox/toggle",
            "/api/v1/masquerade",
            "/api/v1/auth/forgot-password",
        ],
    )
    async def test_is_refused_before_anything_is_done(self, shop: Business, path: str) -> None:
        name = new_key()

        answer = await send(shop.owner, post(CUSTOMERS, {"name": name}), post(path, {}))

        assert refusal(answer) == (422, "validation-failed")
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["detail"]) == ("/requests/1/path", "cannot be part of a batch")
        assert await Desk(shop.owner).count(name) == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {"path": "/admin/"},
            {"path": "/api/v1"},
            {"path": "/api/v2/customers"},
            {"path": "http://elsewhere.example/api/v1/customers"},
            {"path": "/api/v1/customers#part"},
            {"path": "/api/v1/custom ers"},
            {"path": "/api/v1/customers\r\nX-Other: 1"},
            {"path": "/api/v1/" + "x" * 2000},
            {"method": "GET"},
            {"method": "OPTIONS"},
            {"headers": {"Authorization": "Bearer another"}},
            {"headers": {"Host": "elsewhere.example"}},
            {"headers": {"If-Match": "1\r\nHost: elsewhere.example"}},
            {"headers": {"Idempotency-Key": "k" * 256}},
        ],
    )
    async def test_does_not_pass_as_a_request(self, shop: Business, changes: dict[str, Any]) -> None:
        assert refusal(await send(shop.owner, post(CUSTOMERS, {}) | changes)) == (422, "validation-failed")

    @pytest.mark.parametrize("count", [0, batch.MOST + 1])
    async def test_is_none_or_too_many(self, shop: Business, count: int) -> None:
        assert refusal(await send(shop.owner, *[post(CUSTOMERS, {})] * count)) == (422, "validation-failed")

    async def test_may_be_nested_as_deeply_as_it_likes(self, shop: Business) -> None:
        for depth in (300, 900, 100_000):
            body = '{"requests": [{"method": "POST", "path": "%s", "body": %s}]}'
            content = body % (CUSTOMERS, "[" * depth + "]" * depth)
            answer = await shop.owner.post(BATCH, content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code in {200, 400, 422}, (depth, answer.text)


class TestIdempotency:
    async def test_does_nothing_twice(self, shop: Business) -> None:
        key, names = new_key(), [new_key(), new_key()]
        requests = [post(CUSTOMERS, {"name": name}) for name in names]

        first = await results(shop.owner, *requests, key=key)
        second = await results(shop.owner, *requests, key=key)

        assert [each["body"] for each in first] == [each["body"] for each in second]
        assert [each["headers"].get("Idempotency-Replayed") for each in first] == [None, None]
        assert [each["headers"].get("Idempotency-Replayed") for each in second] == ["true", "true"]
        assert [await Desk(shop.owner).count(name) for name in names] == [1, 1]

    async def test_does_what_had_failed(self, shop: Business) -> None:
        key, name = new_key(), new_key()
        await results(shop.owner, post(CUSTOMERS, {"name": name}), post(CUSTOMERS, {}), key=key)

        again = await results(
            shop.owner, post(CUSTOMERS, {"name": name}), post(CUSTOMERS, {"name": name + "!"}), key=key
        )

        assert [each["status"] for each in again] == [201, 201]
        assert await Desk(shop.owner).count(name) == 1

    async def test_leaves_a_request_its_own_key(self, shop: Business) -> None:
        key, name = new_key(), new_key()
        await Desk(shop.owner).add(name)

        (found,) = await results(shop.owner, post(CUSTOMERS, {"name": name}, Idempotency_Key=name), key=key)

        assert found["headers"]["Idempotency-Replayed"] == "true"
        assert await Desk(shop.owner).count(name) == 1

    async def test_refuses_a_key_that_leaves_no_room(self, shop: Business) -> None:
        assert (await send(shop.owner, post(CUSTOMERS, {}), key="k" * 252)).status_code == 200
        answer = await send(shop.owner, post(CUSTOMERS, {}), key="k" * 253)
        assert refusal(answer) == (400, "idempotency-key-invalid")

    async def test_refuses_a_key_that_is_none(self, shop: Business) -> None:
        answer = await shop.owner.post(BATCH, json={"requests": [post(CUSTOMERS, {})]}, headers={"Idempotency-Key": ""})
        assert refusal(answer) == (400, "idempotency-key-invalid")
