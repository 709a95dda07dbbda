"""A business's webhook consumer: a real HTTP server on a free port, which keeps what it was sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.test_utils import TestServer

PATIENCE_SECONDS = 30

Handler = Callable[["Received"], Awaitable[web.Response]]


@dataclass(frozen=True)
class Received:
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    def __init__(self) -> None:
        self.answer: Handler = accept
        self.received: list[Received] = []
        self._arrived = asyncio.Condition()
        app = web.Application()
        app.router.add_post("/{path:.*}", self._receive)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/hook"

    async def wait_for(self, count: int) -> list[Received]:
        """What has been received, once it is that many."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def _receive(self, request: web.Request) -> web.Response:
        message = Received(request.headers, await request.read())
        self.received.append(message)
        async with self._arrived:
            self._arrived.notify_all()
        return await self.answer(message)


async def accept(_message: Received) -> web.Response:
    return web.Response(status=204)


def refuse(status: int, **headers: str) -> Handler:
    """Answer everything with this status."""

    async def answer(_message: Received) -> web.Response:
        return web.Response(status=status, text="no, thank you", headers=headers)

    return answer


async def eventually(check: Callable[[], Awaitable[object]]) -> None:
    """Return once the check holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await check():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that accepts everything, until told otherwise."""
    receiver = Receiver()
    await receiver.server.start_server()
    try:
        yield receiver
    finally:
        await receiver.server.close()
