"""What comes in: everything of it has an end, and its own place."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.actors import Business

BY_RULE = {"timezone", "slug", "url", "events[]", "if-match", "If-None-Match", "accept-language", "sandbox-now"}
"""Texts that a rule of their own admits or refuses: names of zones, addresses, events, tags and instants."""
LOOKED_UP = {"describeProblem/code", "updateTier/name", "getEventType/event_type"}
"""Words of a path, that are found or are not."""
BOUNDS = {"maxLength", "enum", "const", "format", "pattern"}

Node = dict[str, Any]


def leaves(document: Node, path: str, node: Node, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Node]]:
    """Everything that a schema consists of, with the way to it."""
    reference = node.get("$ref")
    if reference is not None:
        if reference not in seen:
            schema = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from leaves(document, path, schema, seen | {reference})
        return
    choices = [each for kind in ("anyOf", "oneOf", "allOf") for each in node.get(kind, ())]
    for each in choices:
        yield from leaves(document, path, each, seen)
    for name, each in node.get("properties", {}).items():
        yield from leaves(document, f"{path}/{name}", each, seen)
    if "items" in node:
        yield from leaves(document, f"{path}[]", node["items"], seen)
    if not choices:
        yield path, node


@pytest.fixture(scope="session")
def inputs(app: FastAPI) -> list[tuple[str, Node]]:
    """All that operations take: parameters and bodies."""
    document = app.openapi()
    operations = [each for path in document["paths"].values() for each in path.values()]
    found: list[tuple[str, Node]] = []
    for operation in operations:
        name = operation["operationId"]
        for parameter in operation.get("parameters", ()):
            shared = parameter.get("$ref", "").rpartition("/")[2]
            described = document["components"]["parameters"].get(shared, parameter)
            found += leaves(document, f"{name}/{described['name']}", described["schema"])
        for content in operation.get("requestBody", {}).get("content", {}).values():
            found += leaves(document, name, content["schema"])
    return found


class TestInput:
    def test_every_number_has_bounds(self, inputs: list[tuple[str, Node]]) -> None:
        numbers = {path: node for path, node in inputs if node.get("type") in {"integer", "number"}}
        assert numbers
        assert not {
            path for path, node in numbers.items() if not ({"maximum", "exclusiveMaximum", "enum"} & node.keys())
        }

    def test_every_text_and_list_has_an_end(self, inputs: list[tuple[str, Node]]) -> None:
        texts = {path for path, node in inputs if node.get("type") == "string" and not BOUNDS & node.keys()}
        assert {path for path in texts if path.rpartition("/")[2] not in BY_RULE} == LOOKED_UP
        lists = {path for path, node in inputs if node.get("type") == "array" and "maxItems" not in node}
        words = {f"list{what}/status" for what in ("Appointments", "Domains", "SupportTickets", "Tickets", "Waitlist")}
        assert lists == words  # each of a handful of words

    async def test_is_taken_from_its_own_place_alone(self, business: Business) -> None:
        elsewhere = {"name": "Ada"}
        by_query = await business.owner.post("/api/v1/customers", params=elsewhere, json={})
        by_header = await business.owner.post("/api/v1/customers", headers=elsewhere, json={})
        by_cookie = await business.owner.post("/api/v1/customers", headers={"Cookie": "name=Ada"}, json={})
        for answer in (by_query, by_header, by_cookie):
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/name")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("duration_minutes", "30"),
            ("price_minor", True),
            ("hold_ttl_minutes", 5.5),
            ("requires_approval", 1),
            ("requires_approval", "yes"),
        ],
    )
    async def test_numbers_and_booleans_are_taken_as_sent(self, business: Business, field: str, value: object) -> None:
        answer = await business.owner.post(
            "/api/v1/services", json={"name": "Cut", "duration_minutes": 30, field: value}
        )
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")

    @pytest.mark.parametrize("date", [0, 1.5, True, "0", "86400"])
    async def test_a_date_is_no_number(self, business: Business, date: object) -> None:
        resource = await business.make("/resources", {"kind": "staff", "name": "Ada"})
        schedule = {"timezone": "UTC", "weekly": [], "overrides": [{"date": date, "windows": []}]}
        answer = await business.owner.put(f"/api/v1/resources/{resource['id']}/schedule", json=schedule)
        errors = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
        assert errors == [("/overrides/0/date", "date")]

    async def test_given_twice_counts_once(self, business: Business) -> None:
        for name in ("Ada", "Grace"):
            await business.make("/customers", {"name": name})
        listed = await business.owner.get("/api/v1/customers", params=[("limit", 100), ("limit", 1)])
        assert len(listed.json()["items"]) == 1
        beyond = await business.owner.get("/api/v1/customers", params=[("limit", 1), ("limit", 1000)])
        assert beyond.status_code == 422
