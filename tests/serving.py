"""The application on a real socket, as `smoothschedule serve` serves it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI


@asynccontextmanager
async def served(app: FastAPI, port: int = 0, **more: Any) -> AsyncIterator[int]:
    """The port that a running application is served at: this one, or a free one. `more` is for uvicorn."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()  # whoever comes before it has started waits
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", access_log=False, log_config=None, **more))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving
