import pytest

from app.tenancy.slugs import MAX_LENGTH, RESERVED, schema_name, validate_slug


class TestValidateSlug:
    @pytest.mark.parametrize("slug", ["select", "user", "table", "a1b", "7seas", "two-words", "x" * MAX_LENGTH])
    def test_takes_sql_keywords_and_all(self, slug: str) -> None:
        assert validate_slug(slug) == slug

    @pytest.mark.parametrize(
        "slug",
        [
            *(
                "",
                "ab",
                "x" * (MAX_LENGTH + 1),
                "Demo",
                "dömo",
                "demo_1",
                "-demo",
                "demo-",
                "de--mo",
                "de mo",
                "demo\n",
            ),
            *("a.b", "demo;drop", "xn-abc", "demo-sandbox", "www", "api", "platform"),
        ],
    )
    def test_refuses_what_is_no_label_or_reserved(self, slug: str) -> None:
        with pytest.raises(ValueError, match=r"must have|may hold|reserved"):
            validate_slug(slug)

    def test_reserved_names_are_slugs(self) -> None:
        assert all(name == name.lower() and " " not in name for name in RESERVED)


class TestSchemaName:
    def test_leaves_room_for_the_sandbox(self) -> None:
        assert len(schema_name("x" * MAX_LENGTH)) + len("_sandbox") <= 63

    def test_no_two_slugs_share_one(self) -> None:
        assert schema_name("a-b") == "tenant_a_b"
        with pytest.raises(ValueError, match="may hold"):
            validate_slug("a_b")
