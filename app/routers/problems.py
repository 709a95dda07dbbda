"""Problems on the wire: RFC 9457 documents, and their entries in the OpenAPI document."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.errors import (
    AddressNotAllowed,
    CrossSiteRequest,
    CsrfTokenInvalid,
    FieldError,
    InternalError,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    Problem,
    RateLimited,
    SandboxNotAllowed,
    SessionInvalid,
    TenantNotFound,
    TenantSuspended,
    TokenInvalid,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
    VersionUnknown,
)
from app.errors.complaints import complaint
from app.errors.sentences import fill
from app.errors.translation import ENGLISH, negotiate, translate

ON_ANY_HOST = (
    TenantNotFound,
    TenantSuspended,
    VersionUnknown,
    ValidationFailed,
    MalformedJson,
    PayloadTooLarge,
    RateLimited,
    InternalError,
    Unavailable,
)
"""What every operation can answer."""
AUTHENTICATED = (
    Unauthenticated,
    TokenInvalid,
    SessionInvalid,
    AddressNotAllowed,
    CrossSiteRequest,
    CsrfTokenInvalid,
)
"""What every operation can answer that wants to know its caller."""
PERMITTED = (*ON_ANY_HOST, *AUTHENTICATED, NotFound, PermissionDenied)
"""What every operation can answer that wants a permission: it does not exist on the wrong kind of host."""
IN_LIVE_MODE = (*PERMITTED, SandboxNotAllowed)
"""What every operation can answer whose permission is of use in live mode alone."""

MEDIA_TYPE = "application/problem+json"

_REFUSED = {401, 403, 422, 429}
_log = logging.getLogger(__name__)
_KEY = "[key]"  # how Pydantic says that the name of a member is meant, and not its value
_MOST_ERRORS = 100  # in one answer: a mebibyte of mistakes must not become a hundred of complaints


class ProblemField(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    pointer: str
    """A JSON pointer (RFC 6901) into the body; for a parameter of the path, the query or a header its name."""
    code: str
    """What is wrong as one word, for programs."""
    detail: str
    """What is wrong, for people. It may change."""
    params: dict[str, Any]
    """The values in the detail, by name."""


class ProblemRead(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    model_config = ConfigDict(title="Problem", use_attribute_docstrings=True)

    type: str
    """A stable address of the kind of problem; it leads to its description."""
    title: str
    """The kind of problem in words, for people."""
    status: int
    code: str
    """The kind of problem as one word, for programs."""
    detail: str
    """What is wrong this time and what to do about it, for people. It may change."""
    instance: str
    """The path of the request."""
    request_id: str
    """As in the header `X-Request-Id`, and in our log."""
    params: dict[str, Any]
    """The values in the detail, by name, and whatever else the kind of problem says."""
    errors: list[ProblemField]
    """Each field with what is wrong; empty where it is not about fields."""


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses for these problem types, to pass to a route."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = responses.setdefault(
            kind.status,
            {
                "description": HTTPStatus(kind.status).phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        entry["content"][MEDIA_TYPE]["examples"][kind.code()] = {
            "summary": kind.title(),
            "value": example(kind),
        }
    return responses


def example(kind: type[Problem]) -> dict[str, Any]:
    """A document of this kind of problem."""
    problem = kind()
    if kind is ValidationFailed:
        problem.errors = (complaint("/name", {"type": "missing"}),)
    return document(problem, instance="/api/v1/…", request_id="01980d3f9a4e7c1e")


def add_responses(known: dict[Any, dict[str, Any]], more: Mapping[Any, dict[str, Any]]) -> None:
    """Add responses to those that an operation has; where both have problems of one status, all are kept."""
    for status, response in more.items():
        former = known.setdefault(status, response)
        if former is not response and MEDIA_TYPE in response.get("content", {}):
            former["content"][MEDIA_TYPE]["examples"] |= response["content"][MEDIA_TYPE]["examples"]


def document(problem: Problem, *, instance: str, request_id: str, language: str = ENGLISH) -> dict[str, Any]:
    """The problem as a JSON document, in that language."""
    return {
        "type": f"/problems/{problem.code()}",
        "title": translate(problem.title(), language),
        "status": problem.status,
        "code": problem.code(),
        "detail": fill(translate(problem.template, language), problem.params),
        "instance": instance,
        "request_id": request_id,
        "params": problem.params,
        "errors": [
            {
                "pointer": error.pointer,
                "code": error.code,
                "detail": fill(translate(error.template, language), error.params),
                "params": error.params,
            }
            for error in problem.errors
        ],
    }


def log_refusal(problem: Problem, scope: Scope) -> None:
    """Tell the log of a request that was not let through, or made no sense: where it went and why, and no value of it.

    What it says of whom is in the audit trail, for what is worth that.
    """
    if problem.status in _REFUSED:
        route = getattr(scope.get("route"), "path", "an address")
        _log.info("%s %s was refused: %s", scope.get("method"), route, problem.code())


def respond(problem: Problem, scope: Scope) -> Response:
    """The problem as the answer to the request of this ASGI scope, in the language that it accepts best."""
    log_refusal(problem, scope)
    content, language = document_for(problem, scope)
    headers = {**problem.headers, "Content-Language": language, "Vary": "Accept-Language"}
    return Response(orjson.dumps(content, default=str), problem.status, headers, MEDIA_TYPE)


def document_for(problem: Problem, scope: Scope) -> tuple[dict[str, Any], str]:
    """The problem as a JSON document for whoever sent the request of this ASGI scope, and its language."""
    request_id = scope.get("state", {}).get("request_id", "")
    language = negotiate(Headers(scope=scope).get("accept-language", ""))
    return document(problem, instance=scope["path"], request_id=request_id, language=language), language


def invalid(error: RequestValidationError) -> Problem:
    """What FastAPI has to say against a request, as the problem that it is."""
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return _malformed(found[0])
    return ValidationFailed(errors=[_field_error(each) for each in found[:_MOST_ERRORS]])


def install(app: FastAPI) -> None:
    """Answer every expected failure with a problem document; `RequestMiddleware` does so for the others."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)


async def _on_problem(request: Request, error: Exception) -> Response:
    return respond(error if isinstance(error, Problem) else InternalError(), request.scope)


async def _on_invalid(request: Request, error: Exception) -> Response:
    return respond(invalid(error) if isinstance(error, RequestValidationError) else InternalError(), request.scope)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, Problem):  # raised while FastAPI was reading the body
        return respond(error.__cause__, request.scope)
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = getattr(error, "headers", None)
    kinds: dict[int, type[Problem]] = {400: MalformedJson, 404: NotFound, 405: MethodNotAllowed}
    problem = kinds.get(status, InternalError)()
    problem.headers.update(headers or {})
    return respond(problem, request.scope)


def _malformed(found: Any) -> MalformedJson:
    params = {"position": found["loc"][-1], "reason": found["ctx"]["error"]}
    return MalformedJson("The body is not valid JSON: look at character {position}.", params=params)


def _field_error(each: Any) -> FieldError:
    place, *path = each["loc"]
    path = [part for part in path if part != _KEY]
    pointer = "".join(map(_step, path)) if place == "body" else str(path[0] if path else place)
    return complaint(pointer, each)


def _step(part: object) -> str:
    return "/" + str(part).replace("~", "~0").replace("/", "~1")
