"""What two thousand people who listen cost one process, and how soon all of them hear of a change."""

import asyncio
import base64
import os
import resource
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import httpx

from app.development import processes
from app.development.places import our_account
from bench.stage import PASSWORD, Stage

SOCKETS = 2000
CHANGES = 20

_AT_ONCE = 50
_SETTLE_SECONDS = 3
_PATIENCE_SECONDS = 60
_COMMAND = Path(".venv/bin/smoothschedule").absolute()


class Listener(asyncio.Protocol):
    """One socket, with no more to it than it takes: it notes when something came."""

    def __init__(self, handshake: bytes) -> None:
        self._handshake = handshake
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard_at = 0.0
        self.heard = 0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self.transport = transport
        transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        """Note it. A message comes in one piece."""
        if b'"type":"ready"' in data and not self.ready.done():
            self.ready.set_result(None)
        if b'"type":"customer.created"' in data:
            self.heard += 1
            self.heard_at = time.perf_counter()


async def measure(stage: Stage) -> None:
    """Print both."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    await stage.sign_up("live")
    with TemporaryDirectory() as home, _serving(stage, Path(home)) as (process, port):
        async with _owner(port) as owner:
            before = _memory_of(process.pid)
            listeners = await _connect(port, owner.headers["Authorization"].removeprefix("Bearer "))
            await asyncio.sleep(_SETTLE_SECONDS)
            each = (_memory_of(process.pid) - before) / SOCKETS / 1024
            print(f"sockets: {SOCKETS} idle at one process, {each:.1f} KiB each")
            idle = _seconds_of(process.pid)
            await asyncio.sleep(_SETTLE_SECONDS)
            share = (_seconds_of(process.pid) - idle) / _SETTLE_SECONDS
            print(f"  while nothing happens they take {share:.1%} of a core")
            await _spread(owner, listeners)


async def _spread(owner: httpx.AsyncClient, listeners: list[Listener]) -> None:
    took, last = [], []
    for number in range(1, CHANGES + 1):
        began = time.perf_counter()
        answer = await owner.post("/api/v1/customers", json={"name": f"Customer {number}"})
        answer.raise_for_status()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while any(each.heard < number for each in listeners):  # noqa: ASYNC110 — they are told by the loop
                await asyncio.sleep(0.005)
        delays = sorted(each.heard_at - began for each in listeners)
        took += delays
        last.append(delays[-1])
    took.sort()
    p50, p95 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.95))
    all_p50, all_p95 = statistics.median(last) * 1000, sorted(last)[int(len(last) * 0.95)] * 1000
    print(f"  one change, from its request on: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    print(f"  until all have heard it: p50 {all_p50:.0f} ms, p95 {all_p95:.0f} ms\n")


async def _connect(port: int, token: str) -> list[Listener]:
    loop = asyncio.get_running_loop()
    made: list[Listener] = []
    for _ in range(0, SOCKETS, _AT_ONCE):
        some = await asyncio.gather(
            *[loop.create_connection(lambda: Listener(_handshake(token)), "127.0.0.1", port) for _ in range(_AT_ONCE)]
        )
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await asyncio.gather(*[listener.ready for _, listener in some])
        made += [listener for _, listener in some]
    return made


def _handshake(token: str) -> bytes:
    lines = [
        "GET /api/v1/ws?topics=customers HTTP/1.1",
        "Host: live.localhost",
        "Origin: http://live.localhost",
        f"Cookie: access_token={token}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@asynccontextmanager
async def _owner(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Host": "live.localhost"}) as client:
        body = {"email": "owner@live.example", "password": PASSWORD}
        answer = await client.post("/api/v1/auth/login", json=body)
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@contextmanager
def _serving(stage: Stage, home: Path) -> Iterator[tuple[processes.Process, int]]:
    """The API as a process of its own, on the stage's servers."""
    settings, port = stage.settings, 18_473
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "test",
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REQUESTS_PER_MINUTE_OF_SESSION": "1000000",
        "REQUESTS_PER_MINUTE_OF_ADDRESS": "1000000",
        "SOCKETS_PER_USER": "10000",
        "SOCKETS_PER_BUSINESS": "10000",
        "LOG_DIR": str(home / "logs"),
    }
    command = (_COMMAND, "serve", f"--port={port}")
    process = processes.Process("API", command, log=home / "api.log", account=our_account(), environment=environment)
    try:
        process.wait_until(lambda: _answers(port), seconds=60)
        yield process, port
    finally:
        process.stop()


def _answers(port: int) -> bool:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}/readyz", headers={"Host": "live.localhost"})):  # nosec B310
            return True
    except (URLError, OSError):
        return False


def _memory_of(pid: int) -> int:
    """What a process holds in memory, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _seconds_of(pid: int) -> float:
    """For how long a process has used a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
