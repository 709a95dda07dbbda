"""What the OpenAPI document says where the code leaves it to a rule: of parameters, and of bodies."""

import re
from typing import Any

import orjson

from app.core.examples import example_of

_PAGE = re.compile(rb"PageRead_(\w+)Read_")


def describe_parameters(operation: dict[str, Any]) -> None:
    """Say of an id in the path whose it is, and of a plain filter that it is one. Nothing in an address is null."""
    for parameter in operation.get("parameters", ()):
        if "$ref" in parameter:
            continue
        parameter.setdefault("description", _description(parameter["name"], parameter["in"]))
        parameter["schema"] = _without_null(parameter["schema"])


def _description(name: str, place: str) -> str:
    if place == "query":
        return f"Only those whose `{name}` is this."
    noun = name.removesuffix("_id")
    return f"The `id` of the {noun.replace('_', ' ')}." if noun != name else f"Which one, by its `{name}`."


def describe_body(operation: dict[str, Any], document: dict[str, Any]) -> None:
    """Show an example of a request's body. One that may be left out is left out, not null."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["schema"] = _without_null(content["schema"])
        content.setdefault("example", example_of(content["schema"], document))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    beside = {} if "$ref" in choices[0] else {name: value for name, value in schema.items() if name != "anyOf"}
    return {**beside, **choices[0]}


def with_pages_named(document: dict[str, Any]) -> dict[str, Any]:
    """The document with names for pages that clients can have for classes: `CustomerPage`, as their title is."""
    named: dict[str, Any] = orjson.loads(_PAGE.sub(rb"\1Page", orjson.dumps(document)))
    return named
