"""Telling every process at once that what it has cached is no longer true."""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Protocol

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL = "smoothschedule_stale"

_STALE = "stale"
_RETRY_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Cache(Protocol):
    """What a change can make stale, or whoever wants to know."""

    enabled: bool

    def drop(self, tag: str) -> None: ...
    def clear(self) -> None: ...


def announce(session: AsyncSession, tag: str) -> None:
    """Drop what carries the tag in every process, when (and only if) this transaction commits."""
    session.info.setdefault(_STALE, set()).add(tag)


class Invalidation:
    """Announces stale tags with the commit, and listens for those of other processes.

    The cache is in use only while the listening connection stands; whenever it is made anew the cache starts empty.
    Others are told the same, after it.
    """

    def __init__(self, cache: Cache, listen_url: str, *others: Cache) -> None:
        self._caches = (cache, *others)
        self._dsn = _dsn_of(listen_url)
        self._task: asyncio.Task[None] | None = None

    async def before_commit(self, session: AsyncSession) -> None:
        """Notify within the transaction, so that nobody hears of a change that was rolled back."""
        tags = sorted(session.info.get(_STALE, ()))
        if tags:
            await session.execute(select(*[func.pg_notify(CHANNEL, tag) for tag in tags]))

    async def after_commit(self, session: AsyncSession) -> None:
        """Drop in this process without waiting for the echo."""
        for tag in session.info.pop(_STALE, ()):
            self._drop(tag)

    async def start(self) -> None:
        """Begin to listen, in the background: the cache switches itself on once that works."""
        self._task = asyncio.create_task(self._listen(), name="invalidation")

    async def stop(self) -> None:
        """Stop listening. The cache is off from here on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn)
            except (OSError, asyncpg.PostgresError):
                _log.warning("cannot listen for changes; lookups go uncached", exc_info=True)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._serve(connection)

    async def _serve(self, connection: Any) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self._start_afresh(enabled=True)
            await lost.wait()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            _log.warning("the listening connection failed", exc_info=True)
        finally:
            self._start_afresh(enabled=False)
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=1)

    def _heard(self, _connection: object, _pid: int, _channel: str, tag: object) -> None:
        self._drop(str(tag))

    def _drop(self, tag: str) -> None:
        for cache in self._caches:
            cache.drop(tag)

    def _start_afresh(self, *, enabled: bool) -> None:
        for cache in self._caches:
            cache.enabled = enabled
        for cache in self._caches:
            cache.clear()


def _dsn_of(url: str) -> str:
    """SQLAlchemy's address as the driver itself takes it: what is `ssl` there is `sslmode` here."""
    dsn = make_url(url).set(drivername="postgresql")
    mode = {"sslmode": dsn.query["ssl"]} if "ssl" in dsn.query else {}
    return dsn.difference_update_query(["ssl"]).update_query_dict(mode).render_as_string(hide_password=False)
