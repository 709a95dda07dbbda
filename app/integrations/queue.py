"""The job queue: arq's, on anything that speaks the Redis protocol. The only file that knows arq's client."""

import asyncio
import logging
from datetime import timedelta

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

_log = logging.getLogger(__name__)


def redis_settings(url: str) -> RedisSettings:
    """Connection settings of arq for a `redis://`, `rediss://` or `unix://` URL."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 0
    settings.conn_timeout = 2
    return settings


class JobQueue:
    """Enqueues jobs by name. Connects at the first use, and again after a failure."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def enqueue(self, job: str, *args: str, job_id: str, delay: timedelta | None = None) -> bool:
        """Ask a worker to run the job once; a job of the same id that is still waiting is enough.

        A queue that cannot be reached costs nothing but time: the answer is False, and what the job was to do is
        found by the sweeper.
        """
        try:
            pool = await self._connected()
            await pool.enqueue_job(job, *args, _job_id=job_id, _defer_by=delay)
        except (RedisError, OSError, TimeoutError):
            _log.warning("the queue is out of reach; %s will be found by the sweeper", job, exc_info=True)
            return False
        return True

    async def ping(self) -> bool:
        """Whether the queue can be reached now."""
        try:
            pool = await self._connected()
            return bool(await pool.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(self._settings)
            return self._pool
