"""Buckets of requests: in Redis, where all processes count together, and in this process alone while Redis is away."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.gcra import Quota, Standing, charge

_PATIENCE_SECONDS = 0.25  # a request is waiting
_PAUSE_SECONDS = 1.0
_MOST_BUCKETS = 100_000
_log = logging.getLogger(__name__)

# `gcra.charge`, where the bucket is. The clock is Redis' own, which all processes share, unless one is given.
_CHARGE = """
local interval, requests = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = tonumber(ARGV[3])
if not now then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wanted = full_at + interval
local early_by = wanted - interval * requests - now
if early_by > 0 then
  return {0, 0, early_by, full_at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', wanted), 'PX', math.ceil((wanted - now) / 1000))
return {1, math.floor(-early_by / interval), 0, wanted - now}
"""


class Buckets(Protocol):
    """Where requests are counted."""

    async def charge(self, key: str, quota: Quota, *, now: int | None = None) -> Standing:
        """Take one request out of the bucket of this name. `now`, in microseconds, replaces the clock."""
        ...


class LocalBuckets:
    """Buckets of this process. The emptiest are kept, should there be too many: nobody gets rid of theirs."""

    def __init__(self, *, most: int = _MOST_BUCKETS) -> None:
        self._full_at: dict[str, int] = {}
        self._most = most

    async def charge(self, key: str, quota: Quota, *, now: int | None = None) -> Standing:
        """As promised by Buckets."""
        now = time.time_ns() // 1000 if now is None else now
        full_at, standing = charge(self._full_at.get(key, 0), quota, now)
        if key not in self._full_at and len(self._full_at) >= self._most:
            self._forget(now)
        self._full_at[key] = full_at
        return standing

    def _forget(self, now: int) -> None:
        kept = sorted(self._full_at.items(), key=lambda bucket: bucket[1])[len(self._full_at) // 2 :]
        self._full_at = {key: full_at for key, full_at in kept if full_at > now}


class RedisBuckets:
    """Buckets that all processes share: one call of one script for each request. Raises what its client raises."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=_PATIENCE_SECONDS, socket_timeout=_PATIENCE_SECONDS)
        self._script = self._redis.register_script(_CHARGE)

    async def charge(self, key: str, quota: Quota, *, now: int | None = None) -> Standing:
        """As promised by Buckets."""
        arguments: list[Any] = [quota.interval, quota.requests, "" if now is None else now]
        is_allowed, remaining, retry_after, full_after = await self._script(keys=[key], args=arguments)
        return Standing(bool(is_allowed), remaining, retry_after, full_after)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


class SharedBuckets:
    """Redis' buckets; those of this process while Redis is out of reach, so that every request is served."""

    def __init__(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._shared = RedisBuckets(url)
        self._local = LocalBuckets()
        self._monotonic = monotonic
        self._away_until: float | None = None

    async def charge(self, key: str, quota: Quota, *, now: int | None = None) -> Standing:
        """As promised by Buckets."""
        if self._away_until is not None and self._monotonic() < self._away_until:
            return await self._local.charge(key, quota, now=now)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                standing = await self._shared.charge(key, quota, now=now)
        except (RedisError, OSError, TimeoutError):
            if self._away_until is None:
                _log.warning("Redis is out of reach; this process counts requests by itself", exc_info=True)
            self._away_until = self._monotonic() + _PAUSE_SECONDS
            return await self._local.charge(key, quota, now=now)
        if self._away_until is not None:
            _log.warning("Redis is back; all processes count requests together")
            self._away_until = None
        return standing

    async def close(self) -> None:
        """Close the connections."""
        await self._shared.close()
