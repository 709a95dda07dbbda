"""A worker inside the test's own process, and the queue it takes its jobs from."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq.connections import ArqRedis

from app.integrations.queue import connect
from app.settings import Settings
from app.workers.process import work


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A worker in this process, stopped at the end as by SIGTERM."""
    stop = asyncio.Event()
    task = asyncio.create_task(work(settings, stop))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def empty_queue(settings: Settings) -> AsyncIterator[ArqRedis]:
    """The queue's server, emptied of what other tests have left."""
    pool = await connect(settings.redis_url)
    try:
        await pool.flushall()
        yield pool
    finally:
        await pool.aclose()
