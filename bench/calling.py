"""Calling an ASGI application in this process: the same few lines on both sides of every comparison."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

Asgi = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls one host of an application, as somebody."""

    app: Asgi
    host: str = "bench.localhost"
    token: str | None = None
    encoding: str = "identity"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def __call__(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request and wait for the whole answer."""
        path, _, query = path.partition("?")
        headers = [(b"host", self.host.encode()), (b"accept-encoding", self.encoding.encode()), *self.headers]
        if self.token:
            headers.append((b"authorization", b"Bearer " + self.token.encode()))
        content = b"" if body is None else orjson.dumps(body)
        if content:
            headers.append((b"content-type", b"application/json"))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        requests = iter([{"type": "http.request", "body": content, "more_body": False}])
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return next(requests, {"type": "http.disconnect"})

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        return Answer(messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:]))

    async def make(self, path: str, body: object) -> Any:
        """POST to the API and give the answer of a 201."""
        answer = await self("POST", f"/api/v1{path}", body)
        if answer.status != 201:  # noqa: PLR2004 — created
            raise RuntimeError(f"{path}: {answer.status} {answer.body!r}")
        return answer.json()
