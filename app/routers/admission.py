"""Who comes to the API, and whether they have come too often: found out once, before anything else is done."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.dependencies import identify
from app.auth.rate_limits import Counted, RateLimits
from app.errors import Forbidden, Problem, Unauthenticated
from app.routers.problems import respond
from app.routers.routing import API_PREFIX
from app.tenancy.dependencies import current_host


class AdmissionMiddleware:
    """Identifies the caller of the API and counts the request; one too many is answered here.

    Whoever cannot be identified counts as nobody, by address. Only an operation that wants to know its caller refuses
    them for it, and on the host for API tokens alone this does so before any operation.
    """

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API_PREFIX):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            await self._admit(request)
        except Problem as problem:
            await respond(problem, scope)(scope, receive, _counted(request, send))
            return
        await self._app(scope, receive, _counted(request, send))

    async def _admit(self, request: Request) -> None:
        """Raises RateLimited, what is wrong with the host, and Unavailable."""
        refusal, caller = None, None
        try:
            caller = await identify(request)
        except Problem as problem:
            refusal = problem
        address = request.client.host if request.client else None
        request.state.counted = await self._limits.count(caller, address)
        request.state.counted.require()
        if refusal is None:
            return
        if not isinstance(refusal, Unauthenticated | Forbidden) or (await current_host(request)).is_for_tokens:
            raise refusal
        request.state.refusal = refusal


def _counted(request: Request, send: Send) -> Send:
    async def send_on(message: Message) -> None:
        counted: Counted | None = getattr(request.state, "counted", None)
        if message["type"] == "http.response.start" and counted is not None:
            MutableHeaders(scope=message).update(counted.headers())
        await send(message)

    return send_on
