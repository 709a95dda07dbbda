"""A receiver that a test has answer as it likes, and a resolver that knows what a script says."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """A real HTTP server on a free port of this machine, which keeps what it received."""

    def __init__(self, handler: Handler) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._handler = handler
        self.server = TestServer(app)
        self.requests: list[web.Request] = []

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.requests.append(request)
        return await self._handler(request)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server.port}/hook"


@asynccontextmanager
async def receiving(handler: Handler, ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(handler)
    await receiver.server.start_server(ssl=ssl_context)
    try:
        yield receiver
    finally:
        await receiver.server.close()


class ScriptedResolver(AbstractResolver):
    """Gives each look-up the next answer of the script; without one, it knows no name."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if not self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Hold nothing."""


async def accept(_request: web.Request) -> web.Response:
    return web.Response(text="thanks")


async def accept_and_close(_request: web.Request) -> web.Response:
    response = web.Response(text="thanks")
    response.force_close()
    return response
