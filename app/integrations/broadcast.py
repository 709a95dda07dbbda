"""Short calls to whoever listens, in whatever process: Redis' publish and subscribe.

A call says that there is something to look at, and never what; only what is worth nothing in a few seconds is said by
the call itself. One that is lost while Redis is away is not made again: whoever listens is called whenever the
connection is made anew, and looks by themselves now and then.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

_PATIENCE_SECONDS = 0.5  # a request is waiting
_RETRY_SECONDS = 1.0
_LAST_SECONDS = 1.0
_OWN = "smoothschedule:here"  # a connection that subscribes to nothing ends
_log = logging.getLogger(__name__)


class Broadcast:
    """Calls, and hears calls. Listens from the first listener on, by one connection for the whole process."""

    def __init__(self, url: str) -> None:
        self._calling = Redis.from_url(url, socket_connect_timeout=_PATIENCE_SECONDS, socket_timeout=_PATIENCE_SECONDS)
        self._hearing = Redis.from_url(url, health_check_interval=10)
        self._listeners: dict[str, set[Callable[[bytes], None]]] = {}
        self._waiting: dict[tuple[str, bytes], None] = {}
        self._saying: asyncio.Task[None] | None = None
        self._subscribed: Any = None
        self._task: asyncio.Task[None] | None = None
        self._following: set[asyncio.Task[None]] = set()

    async def call(self, *channels: str) -> None:
        """Call everybody who listens to the channels. Redis out of reach costs nothing but time."""
        await self._say([(channel, b"") for channel in channels])

    def call_soon(self, channel: str, said: bytes = b"") -> None:
        """Call, perhaps to say something, while nobody waits for it. What is to be said twice meanwhile is said once.

        All that has gathered while Redis was answering goes in one round trip.
        """
        self._waiting[channel, said] = None
        if self._saying is None:
            self._saying = asyncio.create_task(self._say_what_waits(), name="calls")

    @contextmanager
    def listening(self, channel: str) -> Iterator[asyncio.Event]:
        """An event that is set at each call, and as soon as it is certain that calls will be heard."""
        called = asyncio.Event()

        def note(_said: bytes) -> None:
            called.set()

        leave = self.hear(channel, note)
        try:
            yield called
        finally:
            leave()

    def hear(self, channel: str, listener: Callable[[bytes], None]) -> Callable[[], None]:
        """Have the listener told what is said at each call, until what is returned is called.

        It is told of nothing (`b""`) as well as soon as it is certain that calls will be heard. It must not raise.
        """
        self._listeners.setdefault(channel, set()).add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="broadcast")
        self._follow(channel)

        def leave() -> None:
            self._listeners[channel].discard(listener)
            if not self._listeners[channel]:
                del self._listeners[channel]
                self._follow(channel)

        return leave

    async def close(self) -> None:
        """Make the calls that wait, listen no more, and close the connections."""
        if self._saying is not None:
            await asyncio.wait([self._saying], timeout=_LAST_SECONDS)
        tasks = [*self._following, *filter(None, (self._task, self._saying))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._calling.aclose()
        await self._hearing.aclose()

    async def _say_what_waits(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = [*self._waiting], {}
                calls = [channel for channel, said in waiting if not said]
                if calls:
                    await self.call(*calls)
                if len(calls) < len(waiting):
                    await self._say([each for each in waiting if each[1]])
        finally:
            self._saying = None

    async def _say(self, said: list[tuple[str, bytes]]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                if len(said) == 1:
                    await self._calling.publish(*said[0])
                    return
                async with self._calling.pipeline(transaction=False) as pipeline:
                    for channel, message in said:
                        pipeline.publish(channel, message)
                    await pipeline.execute()
        except (RedisError, OSError, TimeoutError):
            _log.warning("Redis is out of reach; whoever listens looks by themselves", exc_info=True)

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
                        said = message["data"] if message["type"] == "message" else b""
                        self._tell(message["channel"].decode(), said)  # a subscription that stands now is a call too
            except (RedisError, OSError):
                _log.warning("cannot listen to Redis", exc_info=True)
            finally:
                self._subscribed = None
            await asyncio.sleep(_RETRY_SECONDS)

    def _tell(self, channel: str, said: bytes) -> None:
        for listener in tuple(self._listeners.get(channel, ())):
            listener(said)
