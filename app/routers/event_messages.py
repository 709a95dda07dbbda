"""The messages of events in the OpenAPI document: its `webhooks`."""

from typing import Any

from app.events.catalogue import EventType
from app.webhooks import event_types

_PLACE = "#/components/schemas/{model}"
_HEADERS = {
    "webhook-id": (
        "The event's id, the same in every attempt: what to recognise a repetition by.",
        "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77",
    ),
    "webhook-timestamp": ("When the attempt was made, in seconds since 1970.", "1764489600"),
    "webhook-signature": (
        "Signatures as of Standard Webhooks, separated by spaces: one that fits is enough.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
_SHARED: dict[str, Any] = {
    "tags": ["Webhooks"],
    "security": [],
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": description,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, (description, example) in _HEADERS.items()
    ],
    "responses": {"2XX": {"description": "Taken. Anything else is a failure, and the message comes again."}},
}


def describe(document: dict[str, Any]) -> None:
    """Add every type of events, with the objects that their messages hold."""
    document["webhooks"] = {kind.value: {"post": _operation(kind)} for kind in EventType}
    schemas = document["components"]["schemas"]
    for kind in EventType:
        message = event_types.model_of(kind).model_json_schema(mode="serialization", ref_template=_PLACE)
        for name, held in message.pop("$defs").items():
            schemas.setdefault(name, held)
        schemas[message["title"]] = message | {"examples": [event_types.example(kind)]}


def _operation(kind: EventType) -> dict[str, Any]:
    name = event_types.model_of(kind).__name__
    content = {"application/json": {"schema": {"$ref": _PLACE.format(model=name)}}}
    return _SHARED | {
        "operationId": f"on{name.removesuffix('Event')}",
        "summary": kind.value,
        "description": kind.description,
        "requestBody": {"required": True, "content": content},
    }
