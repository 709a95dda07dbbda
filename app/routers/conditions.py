"""Conditional requests (RFC 9110): writes that insist on a revision, reads that spare what the client has."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header
from fastapi.responses import Response
from pydantic import BaseModel


async def expected_revisions(
    if_match: Annotated[
        str | None, Header(description="The `ETag` it was read with. Refused if it has changed since.")
    ] = None,
) -> frozenset[str] | None:
    """The entity tags (RFC 9110) that a write insists on, or None if any will do.

    Whoever packs an answer, we or a proxy, makes its tag a weak one. It names the same revision.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(tag.strip().removeprefix("W/") for tag in if_match.split(","))


ExpectedRevisions = Annotated[frozenset[str] | None, Depends(expected_revisions)]


async def known_versions(
    if_none_match: Annotated[str | None, Header(description="The `ETag` of what the client has already.")] = None,
) -> Sequence[str]:
    """The entity tags of what the client has, compared weakly."""
    return [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]


KnownVersions = Annotated[Sequence[str], Depends(known_versions)]

NOT_MODIFIED: dict[int | str, dict[str, str]] = {304: {"description": "The client has it already."}}


def cacheable(answer: BaseModel, known: Sequence[str], *, cache_control: str) -> Response:
    """The answer with its entity tag; without the body for a client that has it."""
    body = answer.model_dump_json().encode()
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": cache_control}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
