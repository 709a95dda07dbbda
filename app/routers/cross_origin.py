"""Which pages of other origins may call the API from a browser (CORS): those that the business lists.

They call with a token, as every program does. Cookies are for the host's own pages, and other origins may never use
them: a page that is listed can do no more than whoever holds its token.
"""

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Problem
from app.routers.routing import API_PREFIX
from app.tenancy.dependencies import current_host
from app.tenancy.hosts import Host

_EXPOSED = (
    "ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, Smooth-Version, X-Request-Id, "
    "X-Sandbox-Mode"
)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, "
    "If-None-Match, Sandbox-Now, Smooth-Version, X-Operation-Id, X-Request-Id",
    "Access-Control-Max-Age": "7200",  # Chromium keeps it no longer
}


def allow(scope: Scope, headers: MutableHeaders) -> None:
    """Let the page that called read this answer of the API, whatever it is, if the business lists its origin."""
    headers.add_vary_header("Origin")
    origin = Headers(scope=scope).get("origin")
    host: Host | None = scope["state"].get("host")
    if origin is not None and host is not None and host.tenant is not None and origin in host.tenant.cors_origins:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may, and nothing more."""
    asked = request.headers
    return request.method == "OPTIONS" and "origin" in asked and "access-control-request-method" in asked


class CrossOriginMiddleware:
    """Answers what browsers ask before they let a page of another origin call the API (a preflight).

    At the host for tokens anybody may ask, since nobody has said yet which business is meant; the answer to the call
    itself can be read by whom that business lists. Whose host it is, is looked up here for `allow` as well: so answers
    get its headers that know of no business, such as those of an address that there is not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope) if scope["type"] == "http" else {}
        if "origin" in asked and scope["path"].startswith(API_PREFIX):
            request = Request(scope)
            if await _may_call(request, asked["origin"]) and is_preflight(request):
                headers = _PREFLIGHT | {"Access-Control-Allow-Origin": asked["origin"]}
                await Response(status_code=204, headers=headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _may_call(request: Request, origin: str) -> bool:
    try:
        host = await current_host(request)
    except Problem:
        return False  # whoever answers, says so
    return host.is_for_tokens if host.tenant is None else origin in host.tenant.cors_origins
