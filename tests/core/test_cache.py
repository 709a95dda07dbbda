from collections.abc import Iterable

from app.core.cache import TaggedCache


class Source:
    """Something slow to ask, that counts how often it was asked."""

    def __init__(self, *, ttl: float = 30.0, max_entries: int = 10) -> None:
        self.now = 0.0
        self.value: int | None = 1
        self.asked = 0
        self.cache: TaggedCache[int] = TaggedCache(ttl=ttl, max_entries=max_entries, monotonic=lambda: self.now)
        self.cache.enabled = True

    async def load(self) -> tuple[int, Iterable[str]] | None:
        self.asked += 1
        return (self.value, ("a", "b")) if self.value is not None else None

    async def get(self, key: str = "key") -> int | None:
        return await self.cache.get(key, self.load)


class TestTaggedCache:
    async def test_asks_once(self) -> None:
        source = Source()
        assert [await source.get() for _ in range(3)] == [1, 1, 1]
        assert source.asked == 1

    async def test_asks_again_when_the_time_is_up(self) -> None:
        source = Source(ttl=30)
        await source.get()
        source.now = 30
        await source.get()
        assert source.asked == 2

    async def test_asks_again_after_a_drop_of_any_tag(self) -> None:
        source = Source()
        for tag in ("a", "b"):
            await source.get()
            source.cache.drop(tag)
        await source.get()
        assert source.asked == 3

    async def test_a_drop_of_another_tag_changes_nothing(self) -> None:
        source = Source()
        await source.get()
        source.cache.drop("c")
        await source.get()
        assert source.asked == 1

    async def test_does_not_keep_what_was_read_before_a_drop(self) -> None:
        source = Source()

        async def load_while_it_changes() -> tuple[int, Iterable[str]] | None:
            read = await source.load()
            source.cache.drop("a")
            return read

        assert await source.cache.get("key", load_while_it_changes) == 1
        source.value = 2
        assert await source.get() == 2

    async def test_keeps_no_absence(self) -> None:
        source = Source()
        source.value = None
        assert [await source.get() for _ in range(2)] == [None, None]
        assert source.asked == 2

    async def test_keeps_nothing_while_nobody_would_tell(self) -> None:
        source = Source()
        source.cache.enabled = False
        await source.get()
        await source.get()
        assert source.asked == 2

    async def test_forgets_the_oldest_when_full(self) -> None:
        source = Source(max_entries=2)
        for key in ("one", "two", "three", "three", "one"):
            await source.get(key)
        assert source.asked == 4

    async def test_clear_forgets_all(self) -> None:
        source = Source()
        await source.get()
        source.cache.clear()
        await source.get()
        assert source.asked == 2
