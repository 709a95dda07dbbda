"""The reference as a page: nothing is missing, examples are what they say, and no token is in it."""

import ast
import json
import shlex
from typing import Any

import pytest
from fastapi import FastAPI

from app.auth.permissions import SCOPES
from app.core.examples import example_of
from app.routers.browser_rules import page_policy
from app.routers.developer_pages import ASSETS
from app.routers.reference import Operation, reference_of
from app.routers.reference_pages import TOKEN
from app.routers.samples import CURL, JAVASCRIPT, LANGUAGES, PYTHON, Call, samples_of
from tests.actors import PASSWORD, Business, Platform
from tests.routers.html import dead_links, read

ORIGIN = "https://demo.example.com"
BOOKING = Call(
    "POST", "/api/v1/appointments", {"notes": "It's <b>", "hold": True, "ids": [], "reason": None}, True, True
)


@pytest.fixture(scope="module")
def operations(app: FastAPI) -> list[Operation]:
    reference = reference_of(app.openapi(), for_platform=True)
    return [operation for section in reference.sections for operation in section.operations]


class TestPage:
    async def test_shows_every_operation_in_three_languages(self, app: FastAPI, platform: Platform) -> None:
        page = await read(platform.anonymous, "/reference")
        ids = [operation["operationId"] for path in app.openapi()["paths"].values() for operation in path.values()]
        assert {each["id"] for each in page.all("article")} == set(ids)
        assert [each.get("data-language") for each in page.all("section") if "data-language" in each] == [
            *LANGUAGES
        ] * len(ids)

    async def test_shows_every_event_with_what_it_holds(self, app: FastAPI, business: Business) -> None:
        page = await read(business.anonymous, "/reference")
        shown = {each["id"] for each in page.all("div") if each.get("class") == "event"}
        assert shown == {f"event-{name.replace('.', '-')}" for name in app.openapi()["webhooks"]}

    async def test_shows_a_business_nothing_of_the_platform(self, business: Business) -> None:
        page = await read(business.anonymous, "/reference")
        shown = {each["id"] for each in page.all("article")}
        assert {"bookAppointment", "listServices"} < shown
        assert not {"createTenant", "listUsers"} & shown

    async def test_calls_the_host_that_it_is_at(self, business: Business, platform: Platform) -> None:
        for client, host in ((business.anonymous, business.host), (platform.anonymous, "platform.localhost")):
            page = await read(client, "/reference")
            assert f"curl http://{host}:8000/api/v1/services" in page.text
            assert "origin.invalid" not in page.text

    async def test_loads_from_its_own_host_alone(self, business: Business) -> None:
        answer = await business.anonymous.get("/reference")
        assert answer.headers["content-security-policy"] == page_policy()
        page = await read(business.anonymous, "/reference")
        assert page.inline == []
        for path in page.fetched:
            assert path.startswith(f"{ASSETS}/")
            assert (await business.anonymous.get(path)).status_code == 200

    async def test_leads_somewhere(self, business: Business, platform: Platform) -> None:
        for client in (business.anonymous, platform.anonymous):
            page = await read(client, "/reference")
            assert len(page.ids) == len(set(page.ids))
            assert await dead_links(client, "/reference") == []

    async def test_names_every_field_to_be_filled_in(self, business: Business) -> None:
        page = await read(business.anonymous, "/reference")
        labelled = {each["for"] for each in page.all("label") if "for" in each}
        assert {"token", "filter"} <= labelled
        assert [each["lang"] for each in page.all("html")] == ["en"]

    async def test_is_not_sent_twice(self, business: Business) -> None:
        first = await business.anonymous.get("/reference")
        again = await business.anonymous.get("/reference", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    async def test_is_the_same_whoever_reads_it(self, business: Business) -> None:
        token = await business.token(*sorted(SCOPES), mode="test")
        assert token not in (await business.owner.get("/reference")).text
        assert (await business.owner.get("/reference")).text == (await business.anonymous.get("/reference")).text

    async def test_escapes_what_the_document_says(self, app: FastAPI, platform: Platform) -> None:
        page = await platform.anonymous.get("/reference")
        assert "<root domain>" in json.dumps(app.openapi())
        assert "<root domain>" not in page.text
        assert "&lt;root domain&gt;" in page.text

    async def test_its_script_writes_text_and_keeps_nothing(self, business: Business) -> None:
        script = (await business.anonymous.get(f"{ASSETS}/reference.js")).text
        assert not [word for word in ("innerHTML", "eval(", "Storage", "document.cookie") if word in script]
        assert 'credentials: "omit"' in script


class TestMyTestToken:
    async def ask(self, business: Business, *, email: str | None = None) -> Any:
        """What the page learns in the browser of the owner (or of somebody else)."""
        browser = business.at(business.host)
        body = {"email": email or business.email, "password": PASSWORD}
        assert (await browser.post("/api/v1/auth/login", json=body)).status_code == 200
        answer = await browser.get("/reference/token")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        return answer.json()["token"]

    async def test_is_the_readers_newest(self, business: Business) -> None:
        await business.token("services:read", mode="test")
        newest = await business.token("services:read", mode="test")
        await business.token("services:read", mode="live")
        assert await self.ask(business) == newest

    async def test_is_none_while_there_is_none(self, business: Business, other_business: Business) -> None:
        await business.token("services:read", mode="live")
        await other_business.token("services:read", mode="test")
        assert await self.ask(business) is None

    async def test_is_none_once_it_is_revoked(self, business: Business) -> None:
        made = await business.make("/tokens", {"name": "test", "mode": "test", "scopes": ["services:read"]})
        await business.in_sandbox().delete(f"/api/v1/tokens/{made['id']}")
        assert await self.ask(business) is None

    async def test_is_none_for_those_who_may_not_read_it(self, business: Business) -> None:
        await business.token("services:read", mode="test")
        answer = await business.anonymous.get("/reference/token")
        assert (answer.status_code, answer.json()) == (200, {"token": None})
        reader = await business.client("services:read", mode="test")
        assert (await reader.get("/reference/token")).json() == {"token": None}


class TestSamples:
    def test_of_every_operation_are_what_they_say(self, operations: list[Operation]) -> None:
        for operation in operations:
            samples = samples_of(operation.call, ORIGIN, TOKEN)
            assert tuple(samples) == LANGUAGES
            ast.parse(samples[PYTHON])
            command, address, *_ = shlex.split(samples[CURL])
            assert (command, address) == ("curl", ORIGIN + operation.call.path)
            assert json.dumps(ORIGIN + operation.call.path) in samples[JAVASCRIPT]

    def test_send_the_same_in_every_language(self) -> None:
        samples = samples_of(BOOKING, ORIGIN, "ss_test_x")
        words = shlex.split(samples[CURL])
        assert json.loads(words[words.index("-d") + 1]) == BOOKING.body
        call = next(node for node in ast.walk(ast.parse(samples[PYTHON])) if isinstance(node, ast.Call))
        assert [ast.literal_eval(each) for each in call.args] == ["POST", f"{ORIGIN}/api/v1/appointments"]
        sent = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
        assert sent == {"headers": {"Authorization": "Bearer ss_test_x"}, "json": BOOKING.body}
        assert '"Authorization": "Bearer ss_test_x"' in samples[JAVASCRIPT]

    def test_send_no_token_where_none_is_asked_for(self, operations: list[Operation]) -> None:
        for operation in operations:
            if not operation.call.needs_token:
                assert not any(TOKEN in sample for sample in samples_of(operation.call, ORIGIN, TOKEN).values())


class TestRuns:
    def test_are_offered_for_what_a_test_token_keeps_in_the_sandbox(self, operations: list[Operation]) -> None:
        offered = {operation.id for operation in operations if operation.can_be_run}
        assert {"bookAppointment", "getHost", "checkHealth"} < offered
        assert not {"logIn", "forgotPassword", "signUpCustomer", "acceptInvitation"} & offered
        assert not {"createToken", "rollToken", "toggleSandbox", "getMySecondFactor"} & offered


class TestExamples:
    @pytest.mark.parametrize(
        ("schema", "example"),
        [
            ({"type": "string", "examples": ["Ada"]}, "Ada"),
            ({"type": "string", "enum": ["live", "test"]}, "live"),
            ({"type": "string", "format": "date-time"}, "2026-12-01T09:00:00Z"),
            ({"type": "integer", "minimum": 5.0}, 5),
            ({"type": "array", "items": {"type": "boolean"}}, [True]),
            ({"anyOf": [{"$ref": "#/components/schemas/Name"}, {"type": "null"}]}, "Grace"),
            ({"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["b"]}, {"b": 1}),
            ({"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}, {"a": 1}),
        ],
    )
    def test_fit_their_schema(self, schema: dict[str, Any], example: Any) -> None:
        names = {"components": {"schemas": {"Name": {"type": "string", "examples": ["Grace"]}}}}
        assert example_of(schema, names) == example
