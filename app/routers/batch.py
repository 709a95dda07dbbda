"""Several requests in one."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Header, Request, Response
from pydantic import ConfigDict, Field

from app.auth.dependencies import CurrentPrincipal
from app.core.schemas import RequestModel, ResponseModel
from app.errors import FieldError, IdempotencyKeyInvalid, ValidationFailed
from app.idempotency import keys
from app.routers import idempotency, in_process
from app.routers.in_process import Inner, Outcome
from app.routers.operations import knows_caller, sets_cookies
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import API_PREFIX, ApiRouter

MOST = 50

_TOLD = ("ETag", idempotency.REPLAYED, "Location", "Retry-After", "X-Request-Id")

router = ApiRouter(prefix="/batch", tags=["Batches"], responses=problems(*ON_ANY_HOST, *AUTHENTICATED))


def _derived(key: str, number: int) -> str:
    return f"{key}.{number}"


class BatchHeaders(RequestModel):
    """What a request says beside its body. All else is the batch's: who calls, the host, the version."""

    if_match: Annotated[str | None, Field(alias="If-Match", max_length=500, pattern=r"^[ -~]+$")] = None
    idempotency_key: Annotated[
        str | None, Field(alias="Idempotency-Key", max_length=keys.LONGEST, pattern=keys.PATTERN)
    ] = None


class BatchItem(RequestModel):
    """One of the requests."""

    method: Literal["POST", "PATCH", "PUT", "DELETE"]
    path: Annotated[str, Field(max_length=2000, pattern=rf'^{API_PREFIX}/[!"$-~]+$', examples=["/api/v1/customers"])]
    """With its query, if there is one."""
    headers: BatchHeaders = BatchHeaders()
    body: Any = None
    """The JSON document to send; none is sent for null."""


class BatchCreate(RequestModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "requests": [
                        {"method": "POST", "path": f"{API_PREFIX}/customers", "body": {"name": "Grace Hopper"}},
                        {"method": "POST", "path": f"{API_PREFIX}/customers", "body": {"name": "Ada Lovelace"}},
                    ]
                }
            ]
        }
    )

    requests: Annotated[list[BatchItem], Field(min_length=1, max_length=MOST)]


class BatchResult(ResponseModel):
    """What one of the requests was answered with."""

    status: int
    headers: dict[str, str]
    """`ETag`, `Idempotency-Replayed`, `Location`, `Retry-After` and `X-Request-Id`, as far as it has them."""
    body: Any
    """The JSON document of the answer, a problem document perhaps; null if there is none."""


class BatchRead(ResponseModel):
    """The results, in the order of the requests."""

    results: list[BatchResult]


_LONGEST_KEY = keys.LONGEST - len(_derived("", MOST - 1))
_Key = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": _LONGEST_KEY, "pattern": keys.PATTERN})]


async def batch_key(
    key: Annotated[
        _Key | None,
        Header(
            alias=idempotency.HEADER,
            description="Each POST of the batch that has no key of its own gets this one, with a dot and its place, "
            "counted from 0.",
        ),
    ] = None,
) -> str | None:
    """The key to derive keys from. Raises IdempotencyKeyInvalid."""
    if key is not None:
        keys.check(key)
        keys.check(_derived(key, MOST - 1))
    return key


BatchKey = Annotated[str | None, Depends(batch_key)]


@router.post(
    "",
    summary="Do several things",
    response_model=BatchRead,
    responses=problems(IdempotencyKeyInvalid),
)
async def run_batch(body: BatchCreate, _caller: CurrentPrincipal, key: BatchKey, request: Request) -> Response:
    """Have up to fifty requests done one after the other, each on its own, and get the result of each.

    Each is as if it had been sent alone: with its own permission, limits and transaction. One that fails does not keep
    the others from being done.
    """
    inner = list(_requests(body, key))
    scopes = [each.scope(request, number) for number, each in enumerate(inner)]
    _require_fitting(request, scopes)
    outcomes = [await in_process.send(request.app, scope, each.body) for scope, each in zip(scopes, inner, strict=True)]
    results = [_result(outcome) for outcome in outcomes]
    return Response(orjson.dumps({"results": results}), media_type="application/json")


def _requests(batch: BatchCreate, key: str | None) -> Iterator[Inner]:
    for number, item in enumerate(batch.requests):
        headers = item.headers.model_dump(by_alias=True, exclude_none=True)
        if key is not None and item.method == "POST":
            headers = {idempotency.HEADER: _derived(key, number)} | headers
        body = b""
        if item.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(item.body, separators=(",", ":")).encode()
        yield Inner(item.method, item.path, list(headers.items()), body)


def _require_fitting(request: Request, scopes: list[Any]) -> None:
    """Raise ValidationFailed for what is not for a caller who is known, or for one browser alone, or a batch itself."""
    errors = []
    for number, scope in enumerate(scopes):
        route = in_process.route_of(request.app, scope)
        if route and (route.endpoint is run_batch or sets_cookies(route) or not knows_caller(route)):
            errors.append(FieldError(f"/requests/{number}/path", "cannot be part of a batch", code="unsuitable"))
    if errors:
        raise ValidationFailed(errors=errors)


def _result(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "headers": {name: outcome.headers[name] for name in _TOLD if name in outcome.headers},
        "body": orjson.Fragment(outcome.body) if outcome.body else None,
    }
