"""`/ws`: what happens in a business's sandbox, as it happens, for the command that brings it to a developer.

Every message is a JSON object with `v` (the version of this form, 1) and `type`. After `ready` comes one for each
event. What goes wrong is told by a last message `problem`, which holds the problem document, and by a close code: 4000
and the problem's status.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import orjson
from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.websockets import WebSocketDisconnect

from app.auth.dependencies import Permitted, identify
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.core.clock import utcnow
from app.errors import ListenerLimit, Problem, SandboxOnly, Unauthenticated
from app.events.news import channel_of
from app.events.tail import MOST, Tail, Told, latest
from app.routers.problems import document_for, invalid, log_refusal
from app.runtime import Runtime
from app.tenancy.dependencies import current_tenant
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.webhooks import event_types
from app.webhooks.schemas import Subscription

VERSION = 1
CLOSE_BASE = 4000
MOST_LISTENERS = 10
"""Of one business, in one process."""

_LOOK_SECONDS = 5.0  # should a call have been lost
_SEND_SECONDS = 30.0  # then nobody reads any more
_permitted = Permitted(Permission.WEBHOOKS_READ)


class _Wanted(BaseModel):
    events: list[Subscription] = Field(default=["*"], min_length=1, max_length=50)
    after: int | None = Field(default=None, ge=0, le=2**63 - 1)


async def listen(socket: WebSocket) -> None:
    """Tell the events of the caller's sandbox, from now on or after the number `after`, until one side hangs up.

    Of those that are asked for it tells what is about what the caller may read.
    Query: `events` (types, families, `*`; may be repeated) and `after`. The caller sends a test token as a bearer.
    """
    await socket.accept()
    try:
        tenant, _caller = await _admit(socket)
        wanted = _wanted(socket)
        async with asyncio.TaskGroup() as group:
            with _place_for(socket.app, tenant):
                group.create_task(_tell(socket, tenant, wanted))
                await _until_hung_up(socket)
    except* Problem as problems:
        await _refuse(socket, next(_each(problems)))
    except* (WebSocketDisconnect, TimeoutError):
        pass


async def _admit(socket: WebSocket) -> tuple[Tenant, Principal]:
    """The business whose sandbox the caller may listen to, and the caller, as things stand now.

    Raises what keeps them from it.
    """
    state = {"request_id": socket.scope["state"]["request_id"]}
    request = Request({**socket.scope, "type": "http", "method": "GET", "state": state})
    await identify(request)  # on the host for tokens the business is known by the caller
    caller = await _permitted(request)
    if caller.token_id is None:  # a page of another site could send a cookie
        raise Unauthenticated("Send an API token.")
    if caller.mode is not Mode.SANDBOX:
        raise SandboxOnly("Live events go to webhook endpoints alone. Listen with a test token (ss_test_…).")
    return await current_tenant(request), caller


def _wanted(socket: WebSocket) -> _Wanted:
    query = socket.query_params
    asked = {"events": query.getlist("events")} if "events" in query else {}
    try:
        return _Wanted.model_validate(asked | ({"after": query["after"]} if "after" in query else {}))
    except ValidationError as error:
        found = [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
        raise invalid(RequestValidationError(found)) from error


@contextmanager
def _place_for(app: FastAPI, tenant: Tenant) -> Iterator[None]:
    """One of the business's places. Raises ListenerLimit."""
    places: Counter[UUID] = app.state.listeners
    if places[tenant.id] >= MOST_LISTENERS:
        raise ListenerLimit("{count} listen already. End one of them.", params={"count": MOST_LISTENERS})
    places[tenant.id] += 1
    try:
        yield
    finally:
        places[tenant.id] -= 1


async def _tell(socket: WebSocket, tenant: Tenant, wanted: _Wanted) -> None:
    runtime: Runtime = socket.app.state.runtime
    about = {"v": VERSION, "tenant": tenant.slug, "mode": "test"}
    with runtime.broadcast.listening(channel_of(tenant.id, Mode.SANDBOX)) as called:
        tail = await _start(runtime, tenant, wanted)
        await _send(socket, about | {"type": "ready", "resume_after": tail.resume_after})
        while True:
            found = await _look(runtime, tenant, tail)
            # The token may have been revoked since, or the business suspended.
            _tenant, caller = await _admit(socket)
            readable = event_types.readable_by(caller)
            for event in found:
                if event.type in readable and event.is_wanted(wanted.events):
                    await _send(socket, about | _said(event, tail))
            if len(found) < MOST:
                await _wait_for(called)


async def _start(runtime: Runtime, tenant: Tenant, wanted: _Wanted) -> Tail:
    if wanted.after is not None:
        return Tail(wanted.after)
    async with runtime.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
        return Tail(await latest(session))


async def _look(runtime: Runtime, tenant: Tenant, tail: Tail) -> list[Told]:
    async with runtime.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
        return await tail.read(session, now=utcnow())


async def _wait_for(called: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_SECONDS):
            await called.wait()
    called.clear()


def _said(event: Told, tail: Tail) -> dict[str, Any]:
    return {
        "type": event.type,
        "seq": event.sequence,
        "id": event.id,
        "message": event.message,
        "resume_after": min(event.sequence, tail.resume_after),
    }


def _each(group: ExceptionGroup[Problem]) -> Iterator[Problem]:
    for one in group.exceptions:
        yield from _each(one) if isinstance(one, ExceptionGroup) else (one,)


async def _until_hung_up(socket: WebSocket) -> None:
    """Raises WebSocketDisconnect. Whatever the other side says until then is of no interest."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        pass
    raise WebSocketDisconnect(message["code"])


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    with suppress(WebSocketDisconnect, TimeoutError):
        log_refusal(problem, socket.scope)
        document, _language = document_for(problem, socket.scope)
        await _send(socket, {"v": VERSION, "type": "problem", "problem": document})
        await socket.close(CLOSE_BASE + problem.status)


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    async with asyncio.timeout(_SEND_SECONDS):
        await socket.send_text(orjson.dumps(message, default=str).decode())
