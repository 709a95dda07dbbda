"""No body takes a field that it does not speak of: every operation of the document is tried."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.ids import uuid7
from app.main import create_app
from app.settings import Settings
from tests.actors import Business, Platform

DOCUMENT = create_app(Settings(_env_file=None)).openapi()
POWERS: dict[str, Any] = {
    "id": "01980000-0000-7000-8000-000000000001",
    "tenant_id": None,
    "user_id": "01980000-0000-7000-8000-000000000001",
    "role": "SUPERUSER",
    "areas": ["settings"],
    "permissions": ["tenants:write"],
    "scopes": ["customers:write"],
    "is_active": True,
    "is_sandbox": True,
    "status": "confirmed",
    "subscription_tier": "ENTERPRISE",
    "email_verified_at": "2026-01-01T00:00:00Z",
    "password_hash": "$argon2id$",
    "created_at": "2026-01-01T00:00:00Z",
}
"""What somebody might hope to set in passing."""
FREE = {"credential", "headers", "notifications", "targets"}
"""Objects without fields of ours: a credential is the browser's, an endpoint names its own headers, and what is said
for each kind of notification and each priority stands under the names that these have."""

Node = dict[str, Any]


def resolved(node: Node) -> list[Node]:
    """The schemas that a value may follow."""
    if "$ref" in node:
        return resolved(DOCUMENT["components"]["schemas"][node["$ref"].rpartition("/")[2]])
    choices = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    return [schema for each in choices for schema in resolved(each)] or [node]


def objects(name: str, node: Node, within: tuple[Node, ...] = ()) -> Iterator[tuple[str, Node]]:
    """Every object that a body consists of, with the name it has there."""
    for schema in resolved(node):
        if schema in within:
            continue
        if schema.get("type") == "object":
            yield name, schema
        for child, each in schema.get("properties", {}).items():
            yield from objects(child, each, (*within, schema))
        if "items" in schema:
            yield from objects(f"{name}[]", schema["items"], (*within, schema))


BODIES: dict[str, tuple[str, str, Node]] = {
    operation["operationId"]: (method.upper(), path, operation["requestBody"]["content"]["application/json"]["schema"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
}


@pytest.fixture(scope="module")
async def shop(platform: Platform) -> Business:
    """A business whose owner tries."""
    return await platform.sign_up()


class TestMassAssignment:
    def test_no_object_of_any_body_takes_what_it_does_not_name(self) -> None:
        found = [pair for operation_id, (_, _, body) in BODIES.items() for pair in objects(operation_id, body)]
        assert len(found) > len(BODIES) / 2
        assert {name for name, schema in found if schema.get("additionalProperties") is not False} == FREE

    @pytest.mark.parametrize(("method", "path", "body"), BODIES.values(), ids=list(BODIES))
    async def test_is_refused_by_name(
        self, platform: Platform, shop: Business, method: str, path: str, body: Node
    ) -> None:
        own = {name for schema in resolved(body) for name in schema.get("properties", {})}
        powers = {name: value for name, value in POWERS.items() if name not in own}
        client = platform.superuser if "/platform/" in path or "/masquerade" in path else shop.owner
        address = re.sub(r"\{\w+\}", lambda _match: str(uuid7()), path)
        answer = await client.request(method, address, json=powers, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed"), answer.text
        assert {f"/{name}" for name in powers} <= {error["pointer"] for error in answer.json()["errors"]}
