"""Short calls to whoever listens, in whatever process: Redis' publish and subscribe.

A call says that there is something to look at, and never what. One that is lost while Redis is away is not made again:
whoever listens is called whenever the connection is made anew, and looks by themselves now and then.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

_PATIENCE_SECONDS = 0.5  # a request is waiting
_RETRY_SECONDS = 1.0
_OWN = "smoothschedule:here"  # a connection that subscribes to nothing ends
_log = logging.getLogger(__name__)


class Broadcast:
    """Calls, and hears calls. Listens from the first listener on, by one connection for the whole process."""

    def __init__(self, url: str) -> None:
        self._calling = Redis.from_url(url, socket_connect_timeout=_PATIENCE_SECONDS, socket_timeout=_PATIENCE_SECONDS)
        self._hearing = Redis.from_url(url, health_check_interval=10)
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._subscribed: Any = None
        self._task: asyncio.Task[None] | None = None
        self._following: set[asyncio.Task[None]] = set()

    async def call(self, channel: str) -> None:
        """Call everybody who listens to the channel. Redis out of reach costs nothing but time."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._calling.publish(channel, "")
        except (RedisError, OSError, TimeoutError):
            _log.warning("Redis is out of reach; whoever listens looks by themselves", exc_info=True)

    @contextmanager
    def listening(self, channel: str) -> Iterator[asyncio.Event]:
        """An event that is set at each call, and as soon as it is certain that calls will be heard."""
        called = asyncio.Event()
        self._listeners.setdefault(channel, set()).add(called)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="broadcast")
        self._follow(channel)
        try:
            yield called
        finally:
            self._listeners[channel].discard(called)
            if not self._listeners[channel]:
                del self._listeners[channel]
                self._follow(channel)

    async def close(self) -> None:
        """Listen no more, and close the connections."""
        tasks = [*self._following, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._calling.aclose()
        await self._hearing.aclose()

    def _follow(self, channel: str) -> None:
        """Have the connection hear of the channel, or no more, as there are listeners or none."""
        following = asyncio.create_task(self._subscribe(channel), name=f"follow {channel}")
        self._following.add(following)
        following.add_done_callback(self._following.discard)

    async def _subscribe(self, channel: str) -> None:
        with suppress(RedisError, OSError):  # then the next connection subscribes to all that is wanted
            if self._subscribed is not None and channel in self._listeners:
                await self._subscribed.subscribe(channel)
            elif self._subscribed is not None:
                await self._subscribed.unsubscribe(channel)

    async def _run(self) -> None:
        while True:
            try:
                async with self._hearing.pubsub() as connection:
                    await connection.subscribe(_OWN, *self._listeners)
                    self._subscribed = connection
                    async for message in connection.listen():
                        self._tell(message["channel"].decode())  # a subscription that stands now is a call too
            except (RedisError, OSError):
                _log.warning("cannot listen to Redis", exc_info=True)
            finally:
                self._subscribed = None
            await asyncio.sleep(_RETRY_SECONDS)

    def _tell(self, channel: str) -> None:
        for called in self._listeners.get(channel, ()):
            called.set()
