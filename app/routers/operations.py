"""What an operation is, as the dependencies in its signature say."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.auth.dependencies import (
    Permitted,
    cookie_names,
    current_principal,
    in_person,
    in_session,
    live_session,
    public_session,
    tenant_session,
)
from app.auth.permissions import SCOPES, Permission

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
"""Answers a request; the request's transaction commits after it, and before the answer is sent."""

LOG_IN_TAG = "My security"
"""The tag of the operations that are about how the caller logs in."""
_ASKING = (current_principal, in_session, in_person)
"""The dependencies that want to know the caller, beside those that want a permission."""
TRANSACTIONS = (public_session, tenant_session, live_session)
"""The dependencies that are an operation's transaction."""


def asks_who_calls(call: Callable[..., Any] | None) -> bool:
    """Whether this dependency wants to know the caller."""
    return isinstance(call, Permitted) or call in _ASKING


def knows_caller(route: APIRoute) -> bool:
    """Whether the operation is for authenticated callers."""
    return any(asks_who_calls(dependency.call) for dependency in route.dependant.dependencies)


def permission_of(route: APIRoute) -> Permission | None:
    """The permission that the operation wants, if it wants one."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    return next((call.permission for call in calls if isinstance(call, Permitted)), None)


def takes_tokens(route: APIRoute) -> bool:
    """Whether an API token can have what the operation wants; else it is for people in their sessions."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    permission = permission_of(route)
    return not {in_person, in_session} & set(calls) and (permission is None or permission in SCOPES)


def has_transaction(route: APIRoute) -> bool:
    """Whether the operation works in a transaction of its own."""
    return any(dependency.call in TRANSACTIONS for dependency in route.dependant.dependencies)


def sets_cookies(route: APIRoute) -> bool:
    """Whether the operation's answer may set cookies, or clear them."""
    return any(dependency.call is cookie_names for dependency in route.dependant.dependencies)
