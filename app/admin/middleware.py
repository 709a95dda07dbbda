"""What surrounds every request to the back office: which hosts have one, what its pages may do, and who may come in."""

from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_admin.auth import AdminUser

from app.auth import csrf
from app.auth.sessions import SignedIn
from app.errors import Problem
from app.routers import session_cookies
from app.routers.browser_rules import page_policy
from app.routers.problems import respond
from app.tenancy.dependencies import require_platform

FORM_FIELD = "csrf_token"
"""Where a form carries the session's CSRF token."""

_FORM = "application/x-www-form-urlencoded"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_FIELDS = 500


class PlatformOnlyMiddleware:
    """Keeps the back office to the platform's own hosts: on any other it does not exist.

    Its pages load from their own host alone, fit in no frame, and are kept by no cache. A bearer token counts for
    nothing here: whoever works in a browser comes with its cookies.
    """

    def __init__(self, app: ASGIApp, scheme: str) -> None:
        self._app = app
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await require_platform(Request(scope))
        except Problem as problem:
            await respond(problem, scope)(scope, receive, send)
            return
        scope["scheme"] = self._scheme  # as the browser sees it, not as the proxy does: links are made with it
        del MutableHeaders(scope=scope)["authorization"]
        await self._app(scope, receive, _guarded(send, is_asset=is_asset(scope)))


def _guarded(send: Send, *, is_asset: bool) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = page_policy()
            headers["X-Frame-Options"] = "DENY"
            if not is_asset:
                headers["Cache-Control"] = "no-store"
        await send(message)

    return send_on


def is_asset(scope: Scope) -> bool:
    """Whether a style sheet, a script or a font is asked for."""
    path: str = scope["path"]
    return path.startswith(f"{scope['root_path']}/static/")


class Doorkeeper(Protocol):
    """Says who comes in."""

    async def authenticate(self, request: Request) -> AdminUser | None:
        """Who it is, None for nobody known. Raises a Problem for whoever is turned away."""
        ...

    def is_open(self, request: Request) -> bool:
        """Whether anybody at all may ask for this."""
        ...


class SignedInMiddleware:
    """Leads to the log-in whoever is not known, and turns away writes that none of our own pages sent."""

    def __init__(self, app: ASGIApp, door: Doorkeeper, show_problem: Callable[[Request, Problem], Response]) -> None:
        self._app = app
        self._door = door
        self._show_problem = show_problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_asset(scope):
            await self._app(scope, receive, send)
            return
        try:
            receive = await _with_token_of_form(scope, receive)
            request = Request(scope)
            user = await self._door.authenticate(request)
        except Problem as problem:
            await self._show_problem(Request(scope), problem)(scope, receive, send)
            return
        request.state.admin_user = user
        request.state.is_anonymous = user is None
        if user is None and not self._door.is_open(request):
            await _to_log_in(request)(scope, receive, send)
            return
        await self._app(scope, receive, _with_cookies(request, send))


async def _with_token_of_form(scope: Scope, receive: Receive) -> Receive:
    """Put the token that a form carries where the API looks for it, because forms can send no headers.

    What was read for it is given again to whoever reads next.
    """
    headers = MutableHeaders(scope=scope)
    if scope["method"] in SAFE_METHODS or not headers.get("content-type", "").startswith(_FORM):
        return receive
    body = await _read(receive)
    try:
        tokens = parse_qs(body, max_num_fields=_MOST_FIELDS).get(FORM_FIELD.encode(), [])
    except ValueError:
        tokens = []
    for token in tokens[:1]:
        headers[csrf.HEADER] = token.decode("latin-1")
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _to_log_in(request: Request) -> Response:
    """The log-in, which leads back to what was asked for."""
    after = ""
    if request.method in SAFE_METHODS:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        after = "?" + urlencode({"next": asked})
    return RedirectResponse(f"{request.scope['root_path']}/login{after}", status_code=303)


def _with_cookies(request: Request, send: Send) -> Send:
    """The answer with the session's fresh cookies, if it was refreshed for this request and not ended by it."""
    refreshed: SignedIn | None = getattr(request.state, "refreshed", None)
    if refreshed is None:
        return send
    carrier = Response()
    session_cookies.answer(refreshed, carrier, request.app.state.cookies)
    cookies = [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start" and "set-cookie" not in MutableHeaders(scope=message):
            message["headers"] = [*message["headers"], *cookies]
        await send(message)

    return send_on
