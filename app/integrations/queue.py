"""The job queue: arq's, on anything that speaks Redis. Only this file and `queue_state.py` know its client."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import orjson
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from app.integrations.queue_state import Failure, QueueState, keep_failure, read_state

_PATIENCE_SECONDS = 2  # a transaction may be waiting
_log = logging.getLogger(__name__)


def redis_settings(url: str) -> RedisSettings:
    """Connection settings of arq for a `redis://`, `rediss://` or `unix://` URL."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 0
    settings.conn_timeout = 2
    return settings


def encode_job(job: dict[str, Any]) -> bytes:
    """A job, or its result, as JSON: arq's own pickle would run whatever somebody wrote into Redis."""
    return orjson.dumps(job, default=repr)


def decode_job(stored: bytes) -> dict[str, Any]:
    """What `encode_job` made."""
    job: dict[str, Any] = orjson.loads(stored)
    return job


async def connect(url: str) -> ArqRedis:
    """A new pool of connections to the queue."""
    return await create_pool(redis_settings(url), job_serializer=encode_job, job_deserializer=decode_job)


class JobQueue:
    """Enqueues jobs by name. Connects at the first use, and again after a failure."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def enqueue(self, job: str, *args: str, job_id: str, delay: timedelta | None = None) -> bool:
        """Ask a worker to run the job once; a job of the same id that is still waiting is enough.

        A queue that cannot be reached costs nothing but time: the answer is False, and what the job was to do is
        found by the sweeper.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                pool = await self._connected()
                await pool.enqueue_job(job, *args, _job_id=job_id, _defer_by=delay)
        except (RedisError, OSError, TimeoutError):
            _log.warning("the queue is out of reach; %s will be found by the sweeper", job, exc_info=True)
            return False
        return True

    async def ping(self) -> bool:
        """Whether the queue can be reached now."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                pool = await self._connected()
                return bool(await pool.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def state(self, *, now: datetime) -> QueueState | None:
        """What the queue holds; None if it cannot be reached now."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await read_state(await self._connected(), now=now)
        except (RedisError, OSError, TimeoutError):
            return None

    async def keep_failure(self, failure: Failure) -> None:
        """Remember that a job failed, for whoever looks. A queue that cannot be reached forgets it."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await keep_failure(await self._connected(), failure)
        except (RedisError, OSError, TimeoutError):
            _log.warning("the queue is out of reach; the failure of %s is in the log alone", failure.job)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await connect(self._url)
            return self._pool
