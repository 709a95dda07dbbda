"""What schemathesis does for us round each call. It is a process of its own, and loads this file by its path."""

import hashlib
import itertools
import os
import socket
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import schemathesis
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import RejectedPositiveData

from tests.conformance.excuses import FIELDS, PROBLEMS

_DESK = ("127.0.0.1", int(os.environ["CONFORMANCE_DESK"]))
_SHARE = int(os.environ["CONFORMANCE_SHARE"])
"""Of the cases that go through the document's limits one by one, one of so many is sent."""

_numbers = itertools.count(1)
_token: str | None = None


def _fetch_token() -> str:
    with socket.create_connection(_DESK) as connection, connection.makefile() as answer:
        return answer.read()


@schemathesis.auth(refresh_interval=None)
class FreshUser:
    """An access token, of another user once its session has been ended: many operations do that to their caller."""

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        """The token in use."""
        global _token  # noqa: PLW0603 — schemathesis makes the instance itself, and tells nobody of it
        if _token is None:
            _token = _fetch_token()
        return _token

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Let the call bear it."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Whether the case is among those that are sent: it depends on nothing but the case."""
    if case.meta is None or case.meta.phase.name is not TestPhase.COVERAGE:
        return True
    what = f"{case.operation.label} {case.meta.phase.data} {case.query!r} {case.body!r}"
    return int(hashlib.sha256(what.encode()).hexdigest(), 16) % _SHARE == 0


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Call from an address of its own, since whoever guesses passwords slows down their address.

    A key is for one request alone, and the clock is moved by test tokens alone. What is written under a made-up tag is
    refused: every other call is without.
    """
    number = next(_numbers)
    case.headers["X-Forwarded-For"] = str(IPv4Address("10.0.0.0") + number)
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.headers.pop("sandbox-now", None)
        if number % 2:
            case.headers.pop("if-match", None)
        if "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = str(UUID(int=number))


@schemathesis.hook
def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
    """Take another user once this one is shut out."""
    global _token  # noqa: PLW0603 — as above
    if response.status_code == 401 and case.headers.get("Authorization") == f"Bearer {_token}":
        _token = None


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether this is a failure.

    A request that agrees with the document may be refused for what no schema can say; and null is read as no body.
    """
    if isinstance(failure, AcceptedNegativeData) and case.body is None:
        return bool(case.operation.definition.raw["requestBody"].get("required"))
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    if problem["code"] in PROBLEMS:
        return False
    return not problem["errors"] or not {error["code"] for error in problem["errors"]} <= FIELDS
