import pytest

from app.tenancy.suitability import DatabaseUnsuitable, check


class TestCheck:
    def test_takes_postgresql_15_with_btree_gist(self) -> None:
        check(number=150_000, version="15.0", has_btree_gist=True)

    def test_says_that_the_server_is_too_old(self) -> None:
        with pytest.raises(DatabaseUnsuitable, match=r"15 or newer.*14\.9"):
            check(number=140_009, version="14.9", has_btree_gist=True)

    def test_says_what_is_missing_and_what_to_install(self) -> None:
        with pytest.raises(DatabaseUnsuitable, match=r"btree_gist.*postgresql-contrib"):
            check(number=180_000, version="18.0", has_btree_gist=False)
