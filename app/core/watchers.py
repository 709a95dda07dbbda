"""Telling whoever watches a tag that it was dropped: what caches do for look-ups, for what stays open."""

from collections.abc import Callable, Iterable

Callback = Callable[[str | None], None]
"""Told which tag was dropped; None if any may have been, while nobody could hear of it."""


class Watchers:
    """Calls back, at once and in this process. Whoever is called only takes note: they must neither raise nor wait.

    While `enabled` is false, nobody would tell us of changes: whoever watches has to look by themselves.
    """

    def __init__(self) -> None:
        self._by_tag: dict[str, set[Callback]] = {}
        self.enabled = False

    def watch(self, tags: Iterable[str], callback: Callback) -> Callable[[], None]:
        """Have the callback told of these tags, until what is returned is called."""
        watched = tuple(tags)
        for tag in watched:
            self._by_tag.setdefault(tag, set()).add(callback)

        def unwatch() -> None:
            for tag in watched:
                callbacks = self._by_tag.get(tag, set())
                callbacks.discard(callback)
                if not callbacks:
                    self._by_tag.pop(tag, None)

        return unwatch

    def drop(self, tag: str) -> None:
        """Tell those who watch this tag."""
        for callback in tuple(self._by_tag.get(tag, ())):
            callback(tag)

    def clear(self) -> None:
        """Tell everybody, each once, as soon as changes are heard of again."""
        if not self.enabled:
            return
        for callback in {each for callbacks in self._by_tag.values() for each in callbacks}:
            callback(None)
