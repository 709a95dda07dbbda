"""An example of whatever a schema of the OpenAPI document describes: what the schema itself says, else the plainest."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
Document = Mapping[str, Any]

_OF_FORMAT = {
    "uuid": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77",
    "date-time": "2026-12-01T09:00:00Z",
    "date": "2026-12-01",
    "time": "09:00",
    "email": "grace@hopper.example",
    "uri": "https://example.com/",
}
_OF_TYPE = {"integer": 1, "number": 1.5, "boolean": True, "object": {}, "string": "…"}
_COMBINATIONS = ("anyOf", "oneOf", "allOf")


def referred(reference: str, document: Document) -> Schema:
    """What a reference within the document leads to."""
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def resolved(schema: Schema, document: Document) -> Schema:
    """The schema itself, wherever it is written down; of several that are possible (or null), the first."""
    beside = {name: value for name, value in schema.items() if name not in {"$ref", "default", *_COMBINATIONS}}
    if "$ref" in schema:
        return resolved({**referred(schema["$ref"], document), **beside}, document)
    for combination in _COMBINATIONS:
        if combination in schema:
            return resolved({**schema[combination][0], **beside}, document)
    return schema


def example_of(schema: Schema, document: Document) -> Any:
    """A value that fits the schema. Of an object it has the fields that must be there, and those with an example."""
    schema = resolved(schema, document)
    for told in (schema.get("example"), *schema.get("examples", ()), schema.get("const"), *schema.get("enum", ())):
        if told is not None:
            return told
    if "properties" in schema:
        return {name: example_of(schema["properties"][name], document) for name in _telling(schema, document)}
    if schema.get("type") == "array":
        return [example_of(schema["items"], document)] if "items" in schema else []
    plainest = _OF_TYPE.get(schema.get("type", "null"))
    if isinstance(plainest, int) and "minimum" in schema:
        return int(schema["minimum"])
    return _OF_FORMAT.get(schema.get("format", ""), plainest)


def _telling(schema: Schema, document: Document) -> list[str]:
    """The fields of an object that its example shows: at least one."""
    fields: Mapping[str, Schema] = schema["properties"]
    required = schema.get("required", ())
    found = [
        name
        for name, field in fields.items()
        if name in required or {"example", "examples"} & resolved(field, document).keys()
    ]
    return found or list(fields)[:1]
