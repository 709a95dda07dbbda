"""Routes of the API: where they hang, what clients call them, and which problems they can answer."""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from app.errors import MethodNotAllowed
from app.routers import conditions, display, idempotency, versions
from app.routers.operations import Handler
from app.routers.problems import add_responses

API_PREFIX = "/api/v1"


def operation_id(route: APIRoute) -> str:
    """The function's name as a client's method: `book_appointment` becomes `bookAppointment`."""
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), route.name)


_WRAPPERS: Sequence[Callable[[APIRoute, Handler], Handler]] = (
    idempotency.wrap,
    display.wrap,
    versions.wrap,
    conditions.wrap,
)
"""What operations do beside their own work, the innermost first. Each gives the handler back where it has no part."""


class ApiRoute(APIRoute):
    """An operation of the API."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.methods_here: frozenset[str] = frozenset(self.methods or ())
        """What its address takes, by this route and by those beside it; `settle` knows."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette's; but an address that does not take the method is not looked for any further.

        `DELETE /invitations/accept` is no invitation of that name.
        """
        match, child = super().matches(scope)
        is_refused = match is Match.PARTIAL and scope["method"] not in self.methods_here
        return Match.FULL if is_refused else match, child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request. Raises MethodNotAllowed."""
        if scope["method"] in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        allow = ", ".join(sorted(self.methods_here))
        if scope["method"] != "OPTIONS":
            raise MethodNotAllowed(headers={"Allow": allow})
        await Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allow})(scope, receive, send)

    def get_route_handler(self) -> Handler:
        """The endpoint's own handler with all that is wrapped round it."""
        handle = super().get_route_handler()
        for wrap in _WRAPPERS:
            handle = wrap(self, handle)
        return handle


def settle(routes: Sequence[BaseRoute]) -> None:
    """Tell each operation which methods its address takes, once all routes are known."""
    beside: dict[str, set[str]] = {}
    operations = [route for route in routes if isinstance(route, ApiRoute)]
    for route in operations:
        beside.setdefault(route.path, set()).update(route.methods_here)
    for route in operations:
        route.methods_here = frozenset(beside[route.path])


class ApiRouter(APIRouter):
    """A router under `/api/v1` whose routes can be taken over as they are.

    FastAPI's `include_router` would match every request twice and at every level. And its routes' `responses` would
    replace those of their router status by status; here the problems of both are kept.
    """

    def __init__(self, *, prefix: str = "", **options: Any) -> None:
        super().__init__(
            prefix=API_PREFIX + prefix, generate_unique_id_function=operation_id, route_class=ApiRoute, **options
        )

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        responses: dict[int | str, dict[str, Any]] | None = None,
        **options: Any,
    ) -> None:
        """As FastAPI's, with the examples of both kept."""
        merged = deepcopy(self.responses)
        add_responses(merged, responses or {})
        super().add_api_route(path, endpoint, responses=merged, **options)
