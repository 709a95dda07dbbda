"""`/ws`: what concerns whoever is logged in, as it happens. See docs/help/live.md.

Developers who listen with a token share the address (`live.py`): whoever sends one is sent on to there.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import Request, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.websockets import WebSocketDisconnect

from app.auth.cookies import is_same_origin
from app.auth.dependencies import current_principal
from app.auth.principals import Principal
from app.core.clock import utcnow
from app.core.gcra import Quota, charge, whole_seconds
from app.errors import CrossSiteRequest, MalformedJson, Problem, RateLimited, SocketMessageTooLarge
from app.live import passes
from app.live.closing import PROBLEMS, CloseCode
from app.live.envelope import Place, problem_text
from app.live.hub import Hub
from app.live.schemas import SAID, Subscribe, Typing, Unsubscribe, Wish
from app.live.subscriber import Subscriber
from app.routers import live
from app.routers.problems import document_for, invalid, log_refusal
from app.runtime import Runtime
from app.tenancy.dependencies import current_host
from app.tenancy.hosts import Host

MOST_BYTES = 4096
"""In a message of a client's."""
QUOTA = Quota(requests=120, seconds=60)
"""Of a client's messages, and of the topics that they ask for."""

_log = logging.getLogger(__name__)
_TICKET = "ticket"
_SEND_SECONDS = 10.0  # then nobody reads any more


async def open_socket(socket: WebSocket) -> None:
    """Tell whoever has a session what they wish to hear; or a developer, what happens in their sandbox."""
    ticket = _take_ticket(socket)
    if ticket is None and not _is_of_session(socket):
        await live.listen(socket)
        return
    await socket.accept()
    try:
        await _serve(socket, await _admit(socket, ticket), _wish(socket))
    except Problem as problem:
        await _refuse(socket, problem)
    except (WebSocketDisconnect, TimeoutError):
        pass


def _take_ticket(socket: WebSocket) -> str | None:
    """The ticket in the address, which is taken out of it: logs may show that."""
    query = socket.query_params
    if _TICKET not in query:
        return None
    rest = QueryParams([(name, value) for name, value in query.multi_items() if name != _TICKET])
    socket.scope["query_string"] = str(rest).encode()
    ticket = query[_TICKET]
    del socket._query_params  # noqa: SLF001 — what it remembers of the address has the ticket in it
    return ticket


def _is_of_session(socket: WebSocket) -> bool:
    """Whether it comes with the cookie of a session, and with nothing that comes before it."""
    return "authorization" not in socket.headers and socket.app.state.cookies.access in socket.cookies


async def _admit(socket: WebSocket, ticket: str | None) -> Subscriber:
    """Who listens, to what is told at which place. Raises CrossSiteRequest, Unauthenticated and its kind."""
    request = Request({**socket.scope, "type": "http", "method": "GET"})
    host = await current_host(request)
    _check_origin(socket, host, is_by_cookie=ticket is None)
    if ticket is None:
        caller = await current_principal(request)
    else:
        caller = await _by_ticket(socket, host, ticket)
    return Subscriber(Place(caller.tenant, caller.mode), host, caller, partial(_describe, socket))


def _check_origin(socket: WebSocket, host: Host, *, is_by_cookie: bool) -> None:
    """Raise CrossSiteRequest for pages of other hosts; with a ticket, of those alone that the business does not list.

    Programs name no origin, and have no cookies: with one, there must be an origin.
    """
    headers, secure = socket.headers, socket.app.state.cookies.secure
    origin = headers.get("origin")
    if is_same_origin(host=headers.get("host", ""), origin=origin, fetch_site=None, secure=secure):
        return
    listed = host.tenant.cors_origins if host.tenant else []
    if is_by_cookie or (origin is not None and origin not in listed):
        raise CrossSiteRequest


async def _by_ticket(socket: WebSocket, host: Host, ticket: str) -> Principal:
    runtime: Runtime = socket.app.state.runtime
    now = utcnow()
    async with runtime.database.transaction() as session:
        redeemed = await passes.redeem(session, runtime.keyring, ticket, host.tenant, now=now)
    loaded = await runtime.principals.of_session(redeemed.session_id, host, now=now)
    return replace(loaded.principal, mode=redeemed.mode)


def _wish(socket: WebSocket) -> Wish:
    query = socket.query_params
    asked: dict[str, Any] = {name: query[name] for name in ("after", "notifications_after") if name in query}
    try:
        return Wish.model_validate(asked | {"topics": query.getlist("topics")})
    except ValidationError as error:
        found = [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
        raise invalid(RequestValidationError(found)) from error


async def _serve(socket: WebSocket, listener: Subscriber, wish: Wish) -> None:
    hub: Hub = socket.app.state.runtime.hub
    with hub.place_for(listener.principal):
        try:
            await hub.join(listener, wish)
            reading = asyncio.create_task(_read(socket, hub, listener), name="live reading")
            try:
                await _write(socket, listener)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        finally:
            await hub.leave(listener)


async def _write(socket: WebSocket, listener: Subscriber) -> None:
    """Send what waits, until it is time to close. Whoever takes nothing for a while is given up."""
    try:
        while (text := await listener.next()) is not None:
            async with asyncio.timeout(_SEND_SECONDS):
                await socket.send_text(text)
    except TimeoutError:
        listener.end(CloseCode.TOO_SLOW)
    if listener.ending:
        async with asyncio.timeout(_SEND_SECONDS):
            await socket.close(listener.ending)


class _Measure:
    """How much a client says."""

    def __init__(self) -> None:
        self._full_at = 0

    def take(self, message: Mapping[str, Any]) -> str | bytes:
        """What is said. Raises RateLimited and SocketMessageTooLarge."""
        self.count()
        said: str | bytes = message.get("text") or message.get("bytes") or ""
        if len(said) > MOST_BYTES:
            raise SocketMessageTooLarge
        return said

    def count(self, times: int = 1) -> None:
        """Count something that was asked for. Raises RateLimited."""
        for _ in range(times):
            self._full_at, standing = charge(self._full_at, QUOTA, time.time_ns() // 1000)
            if not standing.is_allowed:
                raise RateLimited(retry_after=whole_seconds(standing.retry_after), quota=QUOTA.requests)


async def _read(socket: WebSocket, hub: Hub, listener: Subscriber) -> None:
    """Do what the client says, until it hangs up or says too much."""
    measure = _Measure()
    try:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            await _do(hub, listener, measure.take(message), measure)
        listener.end(0)
    except Problem as problem:
        listener.end(PROBLEMS + problem.status, problem)
    except WebSocketDisconnect:
        listener.end(0)
    except Exception:  # noqa: BLE001 — whatever it is, it ends this socket alone
        _log.exception("a socket fails")
        listener.end(CloseCode.FAILED)


async def _do(hub: Hub, listener: Subscriber, said: str | bytes, measure: _Measure) -> None:
    try:
        asked = SAID.validate_json(said)
    except ValidationError as error:
        listener.refuse(_complaint(error))
        return
    if isinstance(asked, Subscribe):
        measure.count(len(asked.topics))  # each may have to be looked up
        await hub.subscribe(listener, asked.topics, asked.ref)
    elif isinstance(asked, Unsubscribe):
        hub.unsubscribe(listener, asked.topics, asked.ref)
    elif isinstance(asked, Typing):
        hub.type(listener, asked.ticket_id, is_typing=asked.typing, is_note=asked.kind == "note")


def _complaint(error: ValidationError) -> Problem:
    found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
    if any(each["type"] == "json_invalid" for each in found):
        return MalformedJson("What is said to the socket is JSON.")
    return invalid(RequestValidationError(found))


def _describe(socket: WebSocket, problem: Problem) -> dict[str, Any]:
    log_refusal(problem, socket.scope)
    document, _language = document_for(problem, socket.scope)
    return document


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    with suppress(WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(_SEND_SECONDS):
            await socket.send_text(problem_text(_describe(socket, problem)))
            await socket.close(PROBLEMS + problem.status)
