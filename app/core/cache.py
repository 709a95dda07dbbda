"""A small in-process cache whose entries can be dropped by what they were made from."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Value]):
    value: Value
    tags: tuple[str, ...]
    expires_at: float


TOLL: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("toll", default=None)
"""What whoever is being served has to do before anything is loaded for them that is not remembered."""


class TaggedCache(Generic[Value]):
    """Keeps values for at most `ttl` seconds, or until one of their tags is dropped.

    A value that was being loaded while a drop came is returned to its caller but not kept, since it may have been
    read before the change. While `enabled` is false (nobody would tell us of changes) every `get` loads.
    """

    def __init__(
        self, *, ttl: float = 30.0, max_entries: int = 10_000, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl = ttl
        self._max_entries = max_entries
        self._monotonic = monotonic
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._keys_by_tag: defaultdict[str, set[Hashable]] = defaultdict(set)
        self._drops = 0
        self.enabled = False

    async def get(
        self, key: Hashable, load: Callable[[], Awaitable[tuple[Value, Iterable[str]] | None]]
    ) -> Value | None:
        """The value under the key, else what `load` gives (with its tags). None is not kept."""
        entry = self._entries.get(key)
        if entry is not None:
            if entry.expires_at > self._monotonic():
                return entry.value
            self._forget(key)
        toll = TOLL.get()
        if toll is not None and self.enabled:
            await toll()
        drops = self._drops
        loaded = await load()
        if loaded is None:
            return None
        value, tags = loaded
        if self.enabled and drops == self._drops:
            self._keep(key, value, tuple(tags))
        return value

    def drop(self, tag: str) -> None:
        """Forget everything that carries the tag."""
        self._drops += 1
        for key in tuple(self._keys_by_tag.get(tag, ())):
            self._forget(key)

    def clear(self) -> None:
        """Forget everything."""
        self._drops += 1
        self._entries.clear()
        self._keys_by_tag.clear()

    def _keep(self, key: Hashable, value: Value, tags: tuple[str, ...]) -> None:
        self._forget(key)
        while len(self._entries) >= self._max_entries:
            self._forget(next(iter(self._entries)))
        self._entries[key] = _Entry(value, tags, self._monotonic() + self._ttl)
        for tag in tags:
            self._keys_by_tag[tag].add(key)

    def _forget(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        for tag in entry.tags:
            keys = self._keys_by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._keys_by_tag[tag]
