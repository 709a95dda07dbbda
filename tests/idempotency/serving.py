"""The service in a process of its own, which can be killed."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from app.settings import Settings
from tests.receivers import PATIENCE_SECONDS

_LISTENS = re.compile(rb"running on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class Server:
    """A running service."""

    url: str
    process: Process

    def client(self, like: httpx.AsyncClient) -> httpx.AsyncClient:
        """The same caller of the same host, at this process."""
        headers = {"Host": like.base_url.host, "Authorization": like.headers["Authorization"]}
        return httpx.AsyncClient(base_url=self.url, headers=headers)

    async def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Server]:
    """A process that serves the same installation."""
    environment = {
        "ENVIRONMENT": settings.environment,
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "LOG_DIR": str(settings.log_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import app; app()",
        "serve",
        "--port",
        "0",
        env=os.environ | environment,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield Server(await _address_of(process), process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _address_of(process: Process) -> str:
    assert process.stdout is not None
    log = b""
    while not (found := _LISTENS.search(log)):
        line = await process.stdout.readline()
        assert line, log.decode()
        log += line
    return found.group(1).decode()
