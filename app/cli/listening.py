"""What `smoothschedule listen` does: hears a sandbox's events over the WebSocket and posts them on, signed."""

import asyncio
import base64
import hmac
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from app.cli.failures import CommandFailed
from app.webhooks.destinations import is_localhost
from app.webhooks.signature import SECRET_PREFIX, sign
from app.webhooks.transport import OWN_HEADERS

PATH = "/api/v1/ws"
LONGEST_PAUSE_SECONDS = 30.0
ANSWER_SECONDS = 30.0
"""How long an event's answer is awaited: far longer than a webhook's, because somebody may be stepping through code."""

_HEARTBEAT_SECONDS = 15.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, with the text that is signed and sent."""

    id: str
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What became of an event at the address it was posted to: a status, or what kept it from an answer."""

    status: int | None
    error: str | None
    duration_ms: int


def secret_for(token: str) -> str:
    """The signing secret of whoever listens with this token: the same each time, so that it is set up once."""
    return SECRET_PREFIX + base64.b64encode(hmac.digest(token.encode(), b"smoothschedule listen", "sha256")).decode()


async def hear(
    session: aiohttp.ClientSession,
    address: URL,
    token: str,
    subscriptions: Sequence[str],
    *,
    on_ready: Callable[[str], None],
    on_lost: Callable[[str, float], None],
) -> AsyncIterator[Heard]:
    """Each event of the sandbox from now on, once, until the caller stops asking. A lost connection is made anew.

    `on_ready` is told the business's slug with each connection; `on_lost` why one ended, and in how many seconds the
    next is tried. Raises CommandFailed for what waiting does not mend.
    """
    resume_after: int | None = None
    known: dict[str, None] = {}
    pause = 1.0
    while True:
        try:
            async for message in _messages(session, address, token, subscriptions, resume_after):
                resume_after = message["resume_after"]
                pause = 1.0
                if message["type"] == "ready":
                    on_ready(message["tenant"])
                elif message["id"] not in known:
                    known[message["id"]] = None
                    if len(known) > _MOST_REMEMBERED:
                        del known[next(iter(known))]
                    yield Heard(message["id"], message["type"], message["message"])
            reason = "The connection ended"
        except (aiohttp.ClientError, OSError) as error:
            reason = _explain(error)
        on_lost(reason, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _messages(
    session: aiohttp.ClientSession, address: URL, token: str, subscriptions: Sequence[str], resume_after: int | None
) -> AsyncIterator[dict[str, Any]]:
    query = [("events", each) for each in subscriptions]
    if resume_after is not None:
        query.append(("after", str(resume_after)))
    url = address.with_path(PATH).with_query(query)
    headers = {"Authorization": f"Bearer {token}"}
    async with session.ws_connect(url, headers=headers, heartbeat=_HEARTBEAT_SECONDS) as connection:
        async for frame in connection:
            if frame.type is aiohttp.WSMsgType.TEXT:
                message = orjson.loads(frame.data)
                if message["type"] == "problem":
                    _give_up_on(message["problem"])
                    return
                yield message


def _give_up_on(problem: dict[str, Any]) -> None:
    """Raise CommandFailed, unless the server itself is at fault or says to come later."""
    status = problem["status"]
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
        details = [f"  {each['pointer'].strip('/')}: {each['detail']}" for each in problem["errors"]]
        raise CommandFailed("\n".join([f"{problem['title']}. {problem['detail']}".rstrip(), *details]))


def _explain(error: aiohttp.ClientError | OSError) -> str:
    if isinstance(error, aiohttp.WSServerHandshakeError):
        if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise CommandFailed(
                f"There is no business to listen to at this address (it answered {error.status}): "
                "give a business's own address with --url, as https://demo.example.com."
            ) from error
        return f"The server answered {error.status}"
    return f"The server cannot be reached ({error})"


async def forward(session: aiohttp.ClientSession, url: str, event: Heard, secret: str) -> Forwarded:
    """Post the event as a webhook is posted."""
    body, timestamp = event.message.encode(), int(time.time())
    headers = {
        **OWN_HEADERS,
        "webhook-id": event.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign([secret], event.id, timestamp, body),
    }
    started = time.perf_counter()
    status, error = None, None
    try:
        async with session.post(
            url, data=body, headers=headers, allow_redirects=False, timeout=aiohttp.ClientTimeout(ANSWER_SECONDS)
        ) as answer:
            status = answer.status
            await answer.read()
    except TimeoutError:
        error = f"no answer within {ANSWER_SECONDS:g} seconds"
    except (aiohttp.ClientError, OSError) as failure:
        error = str(failure)
    return Forwarded(status, error, round((time.perf_counter() - started) * 1000))


class LocalhostResolver(AbstractResolver):
    """The system's resolver, and this machine for every name below `localhost`: not every system knows that."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """As the system's."""
        return await self._resolver.resolve("localhost" if is_localhost(host) else host, port, family)

    async def close(self) -> None:
        """Close the system's."""
        await self._resolver.close()
