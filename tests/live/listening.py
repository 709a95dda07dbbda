"""The other end of the socket: browsers with their cookies, and what they hear."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import httpx

Heard = dict[str, Any]
Connect = Callable[..., AbstractAsyncContextManager["Ear"]]

PATIENCE_SECONDS = 60


class Ear:
    """One end of the socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.resume_after: int | None = None

    async def next(self) -> Heard:
        """The next message but for heartbeats. It keeps in mind from where to resume, as clients do."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                heard: Heard = json.loads(await self.socket.receive_str())
                if heard.get("resume_after") is not None:
                    self.resume_after = heard["resume_after"]
                if heard["type"] != "ping":
                    return heard

    async def until(self, kind: str) -> Heard:
        """The next message of this type; others are passed over."""
        while (heard := await self.next())["type"] != kind:
            pass
        return heard

    async def seen(self, **wanted: Any) -> Heard:
        """The next `ticket.presence` whose names are these."""
        while True:
            data: Heard = (await self.until("ticket.presence"))["data"]
            if {what: [each["name"] for each in data[what]] for what in wanted} == wanted:
                return data

    async def say(self, what: str, /, **said: Any) -> None:
        await self.socket.send_str(json.dumps({"type": what, **said}))

    async def subscribe(self, *topics: str) -> list[str]:
        """What is heard of from then on."""
        await self.say("subscribe", topics=topics)
        subscribed: list[str] = (await self.until("subscribed"))["data"]["topics"]
        return subscribed

    async def closed(self) -> int | None:
        """The code that the socket is closed with; what is said before is passed over."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return self.socket.close_code

    async def refusal(self) -> tuple[str, int | None]:
        """The code of the problem that ends it, and the code that it is closed with."""
        problem = (await self.until("problem"))["problem"]["code"]
        return problem, await self.closed()

    async def hears_nothing_before(self, kind: str) -> Heard:
        """The next message, which is of this type."""
        heard = await self.next()
        assert heard["type"] == kind, heard
        return heard


def token_of(client: httpx.AsyncClient) -> str:
    """The access token that a client sends."""
    return client.headers["Authorization"].removeprefix("Bearer ")


@asynccontextmanager
async def connected(
    port: int,
    client: httpx.AsyncClient | None,
    *,
    origin: str | None = "own",
    sandbox: bool = False,
    ready: bool = True,
    cookies: dict[str, str] | None = None,
    autoping: bool = True,
    **query: Any,
) -> AsyncIterator[Ear]:
    """Open the socket at the host of this client, as a browser that is logged in as they are."""
    host = client.base_url.host if client else ""
    headers = {"Host": host}
    sent = cookies if cookies is not None else {"access_token": token_of(client)} if client else {}
    if sandbox:
        sent = sent | {"sandbox_mode": "true"}
    if sent:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
    if origin is not None:
        headers["Origin"] = f"http://{host}" if origin == "own" else origin
    url = f"http://127.0.0.1:{port}/api/v1/ws"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers=headers, params=query, autoping=autoping) as socket,
    ):
        ear = Ear(socket)
        if ready:
            assert (await ear.next())["type"] == "ready"
        yield ear
