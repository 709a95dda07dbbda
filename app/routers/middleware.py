"""What surrounds every request: its id and size, its mode and version, and what browsers may make of the answer."""

import logging
import re
from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.principals import Principal
from app.auth.rate_limits import Counted
from app.core.ids import uuid7
from app.core.logs import REQUEST_ID
from app.errors import InternalError, PayloadTooLarge
from app.integrations.folder import UPLOADS
from app.routers import cross_origin, versions
from app.routers.browser_rules import BrowserRules
from app.routers.problems import respond
from app.routers.routing import API_PREFIX
from app.tenancy.mode import Mode

MAX_BODY_BYTES = 1024 * 1024

_log = logging.getLogger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestMiddleware:
    """Gives the request an id (a sane `X-Request-Id` is kept) and the response its standard headers.

    An unexpected error is logged under that id and answered without a word about its inside.
    """

    def __init__(self, app: ASGIApp, rules: BrowserRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        asked = Headers(scope=scope)
        offered = asked.get("x-request-id", "")
        state["request_id"] = offered if _REQUEST_ID.fullmatch(offered) else uuid7().hex
        REQUEST_ID.set(state["request_id"])
        answer = _Answer(send, scope, partial(self._rules.apply, host=asked.get("host", "")))
        try:
            await self._app(scope, receive, answer)
        except Exception:
            _log.exception("unhandled error")
            if answer.has_started:
                raise
            await respond(InternalError(), scope)(scope, receive, answer)


class _Answer:
    """Sends a response on, with its standard headers."""

    def __init__(self, send: Send, scope: Scope, guard: Callable[[MutableHeaders], None]) -> None:
        self._send = send
        self._scope = scope
        self._guard = guard
        self.has_started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.has_started = True
        elif message["type"] in {"http.response.start", "websocket.http.response.start"}:
            self.has_started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope["state"]["request_id"]
            self._guard(headers)
            if self._scope["path"].startswith(API_PREFIX):
                cross_origin.allow(self._scope, headers)
                headers[versions.HEADER] = versions.version_of(self._scope)
                if headers.setdefault("Cache-Control", "no-store") != "no-store":
                    headers.add_vary_header(versions.HEADER)
                counted: Counted | None = self._scope["state"].get("counted")
                if counted is not None:
                    headers.update(counted.headers())
                caller: Principal | None = self._scope["state"].get("caller")
                is_sandbox = caller is not None and caller.mode is Mode.SANDBOX
                headers["X-Sandbox-Mode"] = "true" if is_sandbox else "false"
        await self._send(message)


class HeadMiddleware:
    """Answers HEAD as GET, without the body: by the same way, with the same headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class BodyLimitMiddleware:
    """Refuses a body of more than a mebibyte: by its declared length, or as soon as more has arrived.

    A file that is uploaded is as large as its address says, and no larger.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(f"{UPLOADS}/"):
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
            await respond(PayloadTooLarge(), scope)(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise PayloadTooLarge
            return message

        await self._app(scope, receive_within_limit, send)


class ForwardedMiddleware:
    """Believes `X-Forwarded-Host` and `X-Forwarded-For` of trusted proxies, and of nobody else."""

    def __init__(self, app: ASGIApp, trusted: Iterable[IPv4Network | IPv6Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and self._is_trusted(scope.get("client")):
            headers = MutableHeaders(scope=scope)
            host = _last(headers, "x-forwarded-host")
            if host:
                headers["host"] = host
            address = _address(_last(headers, "x-forwarded-for"))
            if address:
                scope["client"] = (address, 0)
        await self._app(scope, receive, send)

    def _is_trusted(self, client: tuple[str, int] | None) -> bool:
        address = _address(client[0]) if client is not None else None
        return address is not None and any(ip_address(address) in network for network in self._trusted)


def _address(named: str) -> str | None:
    """An IP address, which some proxies name with a port; None for what is no address."""
    bracketed, _, _ = named.removeprefix("[").partition("]")
    host, colon, _ = named.partition(":")
    for text in (named, bracketed, host if colon else ""):
        try:
            return str(ip_address(text))
        except ValueError:
            continue
    return None


def _last(headers: Headers, name: str) -> str:
    """What the nearest proxy said. Some proxies add a line of their own below those that the client sent."""
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()
