"""Requests that the service sends to itself, through all of it, as if each had come from outside on its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Message, Scope

from app.auth import csrf
from app.events.dependencies import HEADER
from app.routers import versions

_CONNECTION = ("type", "asgi", "http_version", "scheme", "server", "client")
_CARRIED = frozenset(
    name.lower().encode()
    for name in (
        "host",
        "authorization",
        "cookie",
        "origin",
        "sec-fetch-site",
        csrf.HEADER,
        "user-agent",
        "accept-language",
        versions.HEADER,
        "sandbox-now",
        HEADER,
    )
)
"""The headers of the outer request that the inner ones have too: who calls, from where, and how they like it.

All lines of each: HTTP/2 sends cookies one by one.
"""
_LONGEST_REQUEST_ID = 60  # which leaves room for a number


@dataclass(frozen=True, slots=True)
class Inner:
    """A request inside of another. Its target is a path, perhaps with a query."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    def scope(self, outer: Request, number: int) -> Scope:
        """As the server would have announced it, had the outer request's caller sent it."""
        path, _, query = self.target.partition("?")
        request_id = f"{outer.state.request_id[:_LONGEST_REQUEST_ID]}.{number}"
        carried = [pair for pair in outer.headers.raw if pair[0] in _CARRIED]
        own = [*self.headers, ("x-request-id", request_id), ("content-length", str(len(self.body)))]
        return {name: outer.scope[name] for name in _CONNECTION if name in outer.scope} | {
            "method": self.method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": carried + [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in own],
            "state": {},
        }


@dataclass(slots=True)
class Outcome:
    """What came of it, while it comes."""

    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Take what the application sends."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], Headers(raw=message["headers"])
        self.body += message.get("body", b"")


def route_of(app: FastAPI, scope: Scope) -> APIRoute | None:
    """The operation that answers there, if there is one."""
    for route in app.routes:
        if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL:
            return route
    return None


async def send(app: FastAPI, scope: Scope, body: bytes) -> Outcome:
    """Send it through the whole application, and wait for the whole answer."""
    outcome = Outcome()
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    await asyncio.create_task(app(scope, receive, outcome.take))  # what it notes of its context is its own
    return outcome
