"""Conditional requests (RFC 9110): writes that insist on a revision, reads that spare what the client has."""

from collections.abc import Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from app.routers.operations import Handler

HEADER = "If-None-Match"
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer that the client has already. If nothing has changed since, it is spared.",
    "schema": {"type": "string"},
}
NOT_MODIFIED = {
    "description": "The client has it already.",
    "headers": {"ETag": {"schema": {"type": "string"}, "description": "The same as before."}},
}

_DIGITS = 32


async def expected_revisions(
    if_match: Annotated[
        str | None, Header(description="The `ETag` it was read with. Refused if it has changed since.")
    ] = None,
) -> frozenset[str] | None:
    """The entity tags (RFC 9110) of the revisions that a write insists on, or None if any will do.

    Whoever packs an answer, we or a proxy, makes its tag a weak one. It names the same revision, and so does the tag of
    whatever answer showed it.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(_revision(tag) for tag in _tags(if_match))


ExpectedRevisions = Annotated[frozenset[str] | None, Depends(expected_revisions)]


async def known_versions(
    if_none_match: Annotated[str | None, Header(description="The `ETag` of what the client has already.")] = None,
) -> Sequence[str]:
    """The entity tags of what the client has, compared weakly."""
    return _tags(if_none_match or "")


KnownVersions = Annotated[Sequence[str], Depends(known_versions)]


def is_conditional(route: APIRoute) -> bool:
    """Whether the operation is a read whose answer is known as a whole."""
    kind = route.response_class
    return route.methods == {"GET"} and not (isinstance(kind, type) and issubclass(kind, StreamingResponse))


def wrap(route: APIRoute, handle: Handler) -> Handler:
    """Give every complete answer its entity tag, and no body to a client that has it."""
    if not is_conditional(route):
        return handle

    async def handle_unless_known(request: Request) -> Response:
        response = await handle(request)
        spare(response, _tags(request.headers.get(HEADER, "")))
        return response

    return handle_unless_known


def describe(operation: dict[str, Any]) -> None:
    """Add to an operation of the OpenAPI document that it spares what the client has."""
    operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IfNoneMatch"})
    operation["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}


def spare(response: Response, known: Sequence[str]) -> None:
    """Tag a success, and take its body away if it is known.

    The tag of what has revisions is theirs and the body's: `"7.9f86…"`. What an answer shows may change while the
    revision stays, as time goes by or as something that it shows besides changes.
    """
    if response.status_code != HTTPStatus.OK:
        return
    digest = sha256(response.body).hexdigest()[:_DIGITS]
    revision = response.headers.get("etag")
    etag = f'"{digest}"' if revision is None else f'{revision.removesuffix(chr(34))}.{digest}"'
    response.headers["ETag"] = etag
    if etag in known or "*" in known:
        response.status_code = HTTPStatus.NOT_MODIFIED
        response.body = b""
        for name in ("content-length", "content-type"):
            del response.headers[name]


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _revision(tag: str) -> str:
    """What a tag says of the revision alone."""
    revision, dot, _ = tag.partition(".")
    return f'{revision}"' if dot else tag
