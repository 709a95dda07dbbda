"""Who comes to the API, and whether they have come too often: found out once, before anything else is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.dependencies import identify
from app.auth.rate_limits import Counted, RateLimits
from app.core.cache import TOLL
from app.errors import Forbidden, Problem, Unauthenticated
from app.routers.cross_origin import is_preflight
from app.routers.problems import respond
from app.routers.routing import API_PREFIX
from app.tenancy.dependencies import current_host


class AdmissionMiddleware:
    """Identifies the caller of the API and counts the request; one too many is answered here.

    Whoever cannot be identified counts as nobody, by address; and whoever has to be looked up first, so that nobody can
    have more looked up than that. Only an operation that wants to know its caller refuses them, and on the host for API
    tokens alone this does so before any operation.
    """

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request = Request({**scope, "type": "http", "method": scope.get("method", "GET")})
        stranger = _Stranger(self._limits, request)
        if not scope["path"].startswith(API_PREFIX) or is_preflight(request):
            with stranger.paying():
                await self._app(scope, receive, send)
            return
        try:
            await self._admit(request, stranger)
        except Problem as problem:
            await respond(problem, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(self, request: Request, stranger: "_Stranger") -> None:
        """Raises RateLimited, what is wrong with the host, and Unavailable."""
        refusal, caller = None, None
        try:
            with stranger.paying():
                caller = await identify(request)
        except Problem as problem:
            refusal = problem
        if caller is None:
            await stranger.pay()
        else:
            request.state.counted = await self._limits.count(caller, stranger.address)
            request.state.counted.require()
        if refusal is None:
            return
        if not isinstance(refusal, Unauthenticated | Forbidden):
            raise refusal
        if (await current_host(request)).is_for_tokens:
            raise refusal
        request.state.refusal = refusal


class _Stranger:
    """Whoever sent a request, as long as nobody knows them: their address is charged, once."""

    def __init__(self, limits: RateLimits, request: Request) -> None:
        self._limits = limits
        self._request = request
        self._counted: Counted | None = None
        self.address = request.client.host if request.client else None

    @contextmanager
    def paying(self) -> Iterator[None]:
        """Have them pay before anything is looked up for them."""
        before = TOLL.set(self.pay)
        try:
            yield
        finally:
            TOLL.reset(before)

    async def pay(self) -> None:
        """Count the request. Raises RateLimited."""
        if self._counted is None:
            self._counted = self._request.state.counted = await self._limits.count(None, self.address)
        self._counted.require()
