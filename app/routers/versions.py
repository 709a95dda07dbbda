"""Which version of the API a request speaks, and its translation where that is not the latest.

The endpoints know the latest alone. A caller of it costs nothing; for others the body is upgraded on its way in, and
the answer downgraded on its way out.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import Message, Scope

from app.auth.principals import Principal
from app.core.versions import VERSIONS, Change, Versions
from app.errors import Problem, VersionUnknown
from app.routers.operations import Handler
from app.routers.problems import invalid

HEADER = "Smooth-Version"

PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The version of the API that the request and its answer speak. Left out, it is the one that the "
    "token is pinned to; for a session, the latest. The answer bears the header too.",
    "schema": {"$ref": "#/components/schemas/ApiVersion"},
    "example": VERSIONS.latest,
}
"""The header in the OpenAPI document."""

SCHEMA = {"title": "ApiVersion", "type": "string", "enum": list(VERSIONS.dates)}
"""What it says, by a name of its own: clients have one type for it, not one for each operation."""


def version_of(scope: Scope) -> str:
    """The version of a request: the one it asks for, else the one its token is pinned to, else the latest."""
    versions: Versions = scope["app"].state.versions
    asked = Headers(scope=scope).get(HEADER)
    if asked in versions.dates:
        return asked
    caller: Principal | None = scope["state"].get("caller")
    pinned = caller.api_version if caller else None
    return versions.nearest(pinned) if pinned else versions.latest


def wrap(route: APIRoute, handle: Handler) -> Handler:
    """Answer in the version of the request. Raises VersionUnknown where it asks for another."""

    async def in_version(request: Request) -> Response:
        versions: Versions = request.app.state.versions
        asked = request.headers.get(HEADER)
        if asked is not None and asked not in versions.dates:
            raise VersionUnknown(
                "There is no version '{asked}'. There is {known}.",
                params={"asked": asked[:50], "known": list(versions.dates)},
            )
        changes = versions.touching(route.unique_id)
        if changes:
            version = version_of(request.scope)
            changes = [change for change in changes if change.version > version]
        return await _translated(request, handle, changes) if changes else await handle(request)

    return in_version


async def _translated(request: Request, handle: Handler, changes: Sequence[Change]) -> Response:
    try:
        response = await handle(_upgraded(request, await request.body(), changes))
    except RequestValidationError as error:
        raise _told(invalid(error), changes) from error
    except Problem as problem:
        raise _told(problem, changes) from problem.__cause__
    return _downgraded(response, changes)


def _upgraded(request: Request, body: bytes, changes: Sequence[Change]) -> Request:
    """The request with a body of the latest shape. What is no JSON object stays what it is."""
    try:
        sent = orjson.loads(body)
    except ValueError:
        sent = None
    if isinstance(sent, dict):
        for change in changes:
            sent = change.upgrade(sent)
        body = orjson.dumps(sent)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)


def _downgraded(response: Response, changes: Sequence[Change]) -> Response:
    """The answer in the older shape. One without a JSON body stays what it is."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        return response
    answered = orjson.loads(response.body)
    for change in reversed(changes):
        if "items" in answered and "next_cursor" in answered:
            answered["items"] = [change.downgrade(item) for item in answered["items"]]
        else:
            answered = change.downgrade(answered)
    response.body = orjson.dumps(answered)
    response.headers["Content-Length"] = str(len(response.body))
    return response


def _told(problem: Problem, changes: Sequence[Change]) -> Problem:
    """The problem, which points at the fields by their older names."""
    for change in reversed(changes):
        problem.errors = tuple(replace(error, pointer=change.older_pointer(error.pointer)) for error in problem.errors)
    return problem
