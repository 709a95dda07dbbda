"""What goes into the production image."""

from tests.docs.markdown import ROOT


class TestImage:
    def test_is_copied_by_a_list_without_history_tests_or_secrets(self) -> None:
        first, *rest = (ROOT / ".dockerignore").read_text().split()
        listed = {line.removeprefix("!").rstrip("/") for line in rest if line.startswith("!")}
        assert first == "*"
        assert {"app", "migrations"} <= listed
        assert not listed & {".git", ".env", ".data", "tests", "script", "."}
