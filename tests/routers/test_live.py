"""`/ws`, on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI

from app.routers import live
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.emitting import emit
from tests.outboxes import READERS
from tests.serving import served

Heard = dict[str, Any]


class Listener:
    """One end of the socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> Heard:
        async with asyncio.timeout(20):
            heard: Heard = json.loads(await self.socket.receive_str())
        return heard

    async def refusal(self) -> tuple[str, int | None]:
        """The code of the problem, and the code that the socket was closed with."""
        told = await self.next()
        assert told["type"] == "problem"
        async with asyncio.timeout(20):
            assert (await self.socket.receive()).type is aiohttp.WSMsgType.CLOSE
        return told["problem"]["code"], self.socket.close_code


Connect = Callable[..., AbstractAsyncContextManager[Listener]]


@pytest.fixture
async def connect(app: FastAPI) -> AsyncIterator[Connect]:
    """Open the socket of a business, served as `smoothschedule serve` does it."""
    async with served(app) as port:
        url = f"http://127.0.0.1:{port}/api/v1/ws"

        @asynccontextmanager
        async def opened(host: str, token: str | None, **query: Any) -> AsyncIterator[Listener]:
            headers = {"Host": host} | ({"Authorization": f"Bearer {token}"} if token else {})
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(url, headers=headers, params=query) as made,
            ):
                yield Listener(made)

        yield opened


@pytest.fixture
async def token(business: Business) -> str:
    return await business.token("webhooks:read", *READERS, mode="test")


class TestListen:
    async def test_tells_of_the_sandboxs_events_as_they_happen(
        self, app: FastAPI, business: Business, connect: Connect, token: str
    ) -> None:
        async with connect(business.host, token) as listener:
            ready = await listener.next()
            assert ready == {
                "v": 1,
                "type": "ready",
                "tenant": business.slug,
                "mode": "test",
                "resume_after": ready["resume_after"],
            }
            await emit(app, business, Mode.SANDBOX, {"number": 7})
            told = await listener.next()
            message = json.loads(told["message"])
            assert (told["type"], told["seq"], told["resume_after"]) == (
                "appointment.created",
                message["sequence"],
                message["sequence"],
            )
            assert message["data"] == {"number": 7}

    async def test_tells_nothing_of_live_mode_nor_of_other_businesses(
        self, app: FastAPI, business: Business, other_business: Business, connect: Connect, token: str
    ) -> None:
        async with connect(business.host, token) as listener:
            await listener.next()
            await emit(app, business, Mode.LIVE, {"number": 1})
            await emit(app, other_business, Mode.SANDBOX, {"number": 2})
            await emit(app, business, Mode.SANDBOX, {"number": 3})
            assert json.loads((await listener.next())["message"])["data"] == {"number": 3}

    async def test_tells_what_was_asked_for(
        self, app: FastAPI, business: Business, connect: Connect, token: str
    ) -> None:
        async with connect(business.host, token, events="appointment.cancelled") as deaf:
            await deaf.next()
            await emit(app, business, Mode.SANDBOX)
            async with connect(business.host, token, after="0", events="appointment.*") as listener:
                await listener.next()
                assert (await listener.next())["type"] == "appointment.created"
            assert deaf.socket.closed is False

    async def test_goes_on_where_a_connection_ended(
        self, app: FastAPI, business: Business, connect: Connect, token: str
    ) -> None:
        async with connect(business.host, token) as listener:
            ready = await listener.next()
        await emit(app, business, Mode.SANDBOX, {"number": 1})
        async with connect(business.host, token, after=str(ready["resume_after"])) as listener:
            await listener.next()
            assert json.loads((await listener.next())["message"])["data"] == {"number": 1}

    async def test_looks_by_itself_should_a_call_be_lost(
        self,
        app: FastAPI,
        business: Business,
        connect: Connect,
        token: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(live, "_LOOK_SECONDS", 0.05)
        async with connect(business.host, token) as listener:
            await listener.next()

            async def lost(_channel: str) -> None:
                """Redis is away."""

            monkeypatch.setattr(app.state.runtime.broadcast, "call", lost)
            await emit(app, business, Mode.SANDBOX)
            assert (await listener.next())["type"] == "appointment.created"

    async def test_ends_as_soon_as_the_token_is_revoked(
        self, app: FastAPI, business: Business, connect: Connect, token: str
    ) -> None:
        async with connect(business.host, token) as listener:
            await listener.next()
            sandbox = business.in_sandbox()
            (made,) = (await sandbox.get("/api/v1/tokens")).json()["items"]
            assert (await sandbox.delete(f"/api/v1/tokens/{made['id']}")).status_code == 204
            await emit(app, business, Mode.SANDBOX)
            assert await listener.refusal() == ("token-invalid", 4401)

    async def test_works_on_the_host_for_tokens(
        self, app: FastAPI, business: Business, connect: Connect, token: str
    ) -> None:
        async with connect("api.localhost", token) as listener:
            assert (await listener.next())["tenant"] == business.slug
            await emit(app, business, Mode.SANDBOX)
            assert (await listener.next())["type"] == "appointment.created"

    async def test_a_business_has_so_many_places(
        self, business: Business, connect: Connect, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "MOST_LISTENERS", 1)
        async with connect(business.host, token) as listener:
            await listener.next()
            async with connect(business.host, token) as one_too_many:
                assert await one_too_many.refusal() == ("listener-limit", 4409)
            await listener.socket.close()
        async with connect(business.host, token) as listener:
            assert (await listener.next())["type"] in {"ready", "problem"}


class TestRefusal:
    @pytest.mark.parametrize("query", [{"events": "appointment.exploded"}, {"after": "-1"}, {"after": "yesterday"}])
    async def test_of_what_cannot_be_asked(
        self, business: Business, connect: Connect, token: str, query: dict[str, str]
    ) -> None:
        async with connect(business.host, token, **query) as listener:
            problem = (await listener.next())["problem"]
            assert (problem["code"], [error["pointer"] for error in problem["errors"]]) == (
                "validation-failed",
                [*query],
            )

    async def test_of_live_tokens(self, business: Business, connect: Connect) -> None:
        async with connect(business.host, await business.token("webhooks:read")) as listener:
            assert await listener.refusal() == ("sandbox-only", 4403)

    async def test_of_tokens_without_the_scope(self, business: Business, connect: Connect) -> None:
        async with connect(business.host, await business.token("appointments:read", mode="test")) as listener:
            assert await listener.refusal() == ("permission-denied", 4403)

    async def test_of_another_businesss_token(
        self, business: Business, other_business: Business, connect: Connect
    ) -> None:
        token = await other_business.token("webhooks:read", mode="test")
        async with connect(business.host, token) as listener:
            assert await listener.refusal() == ("token-invalid", 4401)

    async def test_of_sessions(self, business: Business, connect: Connect) -> None:
        access = business.owner.headers["Authorization"].removeprefix("Bearer ")
        async with connect(business.host, access) as listener:
            assert await listener.refusal() == ("unauthenticated", 4401)

    async def test_of_nobody(self, business: Business, connect: Connect) -> None:
        async with connect(business.host, None) as listener:
            assert await listener.refusal() == ("unauthenticated", 4401)

    @pytest.mark.parametrize(("host", "status"), [("nobody.localhost", 404), ("api.localhost", 401)])
    async def test_of_the_handshake_where_there_is_no_business(self, connect: Connect, host: str, status: int) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connect(host, None):
                """It is refused before."""
        assert refused.value.status == status
