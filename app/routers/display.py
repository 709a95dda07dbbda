"""Instants in the zone that the caller asks for: the same instants, shown otherwise."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from http import HTTPStatus
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.core.schemas import known_zone
from app.errors import InvalidValue, ValidationFailed
from app.routers.operations import Handler

NAME = "timezone"
DESCRIPTION = "The zone to show the instants in; UTC, if left out. Which instants these are does not change."
PARAMETER = {
    "name": NAME,
    "in": "query",
    "required": False,
    "description": DESCRIPTION,
    "schema": {"type": "string", "maxLength": 100, "title": "Timezone"},
    "example": "Europe/Berlin",
}

Shift = Callable[[Any, tzinfo], Any]
"""A part of a JSON document with its instants in the zone."""


def wrap(route: APIRoute, handle: Handler) -> Handler:
    """Show the answer's instants in the zone of the query. Costs nothing where there is none."""
    shift = _shift_of(route)
    if shift is None:
        return handle

    async def handle_in_zone(request: Request) -> Response:
        if NAME.encode() not in request.scope["query_string"]:
            return await handle(request)
        asked = request.query_params.get(NAME)
        zone = None if asked is None else _zone(asked)
        response = await handle(request)
        if zone is not None and response.status_code == HTTPStatus.OK:
            response.body = orjson.dumps(shift(orjson.loads(response.body), zone))
            response.headers["Content-Length"] = str(len(response.body))
        return response

    return handle_in_zone


def shows_zones(route: APIRoute) -> bool:
    """Whether the operation shows instants in any zone by what is here. One may do so by itself."""
    return _shift_of(route) is not None


def describe(operation: dict[str, Any]) -> None:
    """Add to an operation of the OpenAPI document that it shows instants in any zone."""
    operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/TimeZone"})


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(known_zone(name))
    except InvalidValue as error:
        raise ValidationFailed(errors=[error.at(NAME)]) from error


def _shift_of(route: APIRoute) -> Shift | None:
    has_own = any(field.name == NAME for field in route.dependant.query_params)
    return _shift(route.response_model) if route.methods == {"GET"} and not has_own else None


def _shift(kind: Any) -> Shift | None:
    """What shows the instants of this type; None if it has none."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _shift(parts[0])
    if origin in {Union, UnionType}:
        found = [shift for part in parts if (shift := _shift(part))]
        if len(found) > 1:
            raise TypeError(f"which of {kind} a document is cannot be seen")
        return found[0] if found else None
    if origin in {list, Sequence}:
        shift = _shift(parts[0])
        return partial(_in_each, shift) if shift else None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {name: shift for name, field in kind.model_fields.items() if (shift := _shift(field.annotation))}
        return partial(_in_fields, fields) if fields else None
    return _shown if kind is datetime else None


def _in_each(shift: Shift, items: list[Any] | None, zone: tzinfo) -> list[Any] | None:
    return items and [shift(item, zone) for item in items]


def _in_fields(fields: Mapping[str, Shift], document: dict[str, Any] | None, zone: tzinfo) -> dict[str, Any] | None:
    return document and document | {name: shift(document[name], zone) for name, shift in fields.items()}


def _shown(instant: str | None, zone: tzinfo) -> str | None:
    return instant and datetime.fromisoformat(instant).astimezone(zone).isoformat()
