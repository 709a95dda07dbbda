from app.core.watchers import Watchers


class TestWatchers:
    def test_tell_those_who_watch_the_tag(self) -> None:
        watchers, told = Watchers(), list[str | None]()
        watchers.watch(["a", "b"], told.append)
        watchers.drop("a")
        watchers.drop("c")
        assert told == ["a"]

    def test_tell_everybody_once_that_anything_may_have_changed(self) -> None:
        watchers, told, other = Watchers(), list[str | None](), list[str | None]()
        one, another = told.append, other.append
        watchers.watch(["a", "b"], one)
        watchers.watch(["b"], another)
        watchers.clear()
        assert (told, other) == ([], [])  # nobody would know
        watchers.enabled = True
        watchers.clear()
        assert (told, other) == ([None], [None])

    def test_tell_nobody_who_has_gone(self) -> None:
        watchers, told = Watchers(), list[str | None]()
        unwatch = watchers.watch(["a"], told.append)
        unwatch()
        unwatch()
        watchers.drop("a")
        assert told == []

    def test_whoever_is_told_may_go(self) -> None:
        watchers, told = Watchers(), list[str | None]()

        def go(tag: str | None) -> None:
            told.append(tag)
            unwatch()

        unwatch = watchers.watch(["a"], go)
        watchers.drop("a")
        watchers.drop("a")
        assert told == ["a"]
