"""The reference pages, held against the code: nothing is missing, nothing is stale, every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from dotenv import dotenv_values
from typer import Context
from typer.core import TyperGroup
from typer.main import get_group

from app.audit.events import AuditEvent
from app.auth.permissions import MATRIX, Permission
from app.auth.roles import Role
from app.cli import app as command
from app.errors import Problem, problem_types
from app.events.catalogue import EventType
from app.mail.messages import MailKind
from app.settings import Settings
from tests.docs.markdown import ROOT, anchors, documents, headings, links, section
from tests.errors.said import codes

DOCS = ROOT / "docs"
DEFAULTS = {name.upper(): field.get_default() for name, field in Settings.model_fields.items()}


def names(group: TyperGroup, path: str) -> Iterator[str]:
    """The full names of all commands in a group."""
    context = Context(group)
    for name in group.list_commands(context):
        each = group.get_command(context, name)
        if isinstance(each, TyperGroup):
            yield from names(each, f"{path} {name}")
        else:
            yield f"{path} {name}"


def written(default: Any) -> str:
    """A default as an environment variable says it; empty for none."""
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)


class TestSettings:
    def test_each_has_its_heading_and_no_other(self) -> None:
        assert headings(DOCS / "settings.md", level=3) == list(DEFAULTS)

    @pytest.mark.parametrize("name", DEFAULTS)
    def test_its_default_is_right(self, name: str) -> None:
        default = written(DEFAULTS[name]).removeprefix("[]")
        first_line = section(DOCS / "settings.md", name).splitlines()[0]
        assert first_line == f"Default: {f'`{default}`' if default else 'none'}"

    def test_the_example_has_them_all_with_their_defaults(self, tmp_path: Path) -> None:
        uncommented = re.sub(r"^# (?=[A-Z_]+=)", "", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
        (tmp_path / ".env").write_text(uncommented)
        example = dotenv_values(tmp_path / ".env")
        assert example == {name: written(default) for name, default in DEFAULTS.items()}


class TestErrors:
    def test_each_has_its_heading_and_no_other(self) -> None:
        found = headings(DOCS / "errors.md", level=3)
        assert len(found) == len(set(found))
        assert set(found) == {kind.code() for kind in problem_types()}

    def test_each_code_of_a_field_is_explained_and_no_other(self) -> None:
        _, _, fields = (DOCS / "errors.md").read_text().partition("\n## Fields\n")
        rows = re.findall(r"^\| (`.+`) \|", fields, re.MULTILINE)
        assert sorted(re.findall(r"`([^`]+)`", ", ".join(rows))) == sorted(codes())

    @pytest.mark.parametrize("kind", problem_types(), ids=lambda kind: kind.code())
    def test_its_title_is_right(self, kind: type[Problem]) -> None:
        assert section(DOCS / "errors.md", kind.code()).startswith(f"**{kind.title()}.**\n\n")

    @pytest.mark.parametrize("kind", problem_types(), ids=lambda kind: kind.code())
    def test_it_stands_below_its_status(self, kind: type[Problem]) -> None:
        before, _, _ = (DOCS / "errors.md").read_text().partition(f"\n### {kind.code()}\n")
        assert re.findall(r"^## (\d+)$", before, re.MULTILINE)[-1] == str(kind.status)


class TestEvents:
    def test_each_has_its_heading_and_no_other(self) -> None:
        assert headings(DOCS / "events.md", level=3) == [kind.value for kind in EventType]

    @pytest.mark.parametrize("kind", EventType)
    def test_it_says_what_has_happened(self, kind: EventType) -> None:
        assert section(DOCS / "events.md", kind.value).replace("\n", " ") == kind.description


class TestAudit:
    def test_each_event_has_its_heading_and_no_other(self) -> None:
        assert headings(DOCS / "audit.md", level=3) == [event.value for event in AuditEvent]

    @pytest.mark.parametrize("event", AuditEvent)
    def test_it_says_what_the_event_shows(self, event: AuditEvent) -> None:
        fields = ", ".join(f"`{name}`" for name in sorted(event.shown))
        shows = f"\n\nShows {fields}." if fields else ""
        assert section(DOCS / "audit.md", event.value) == f"{event.description}{shows}"


class TestPermissions:
    def test_each_has_its_heading_and_no_other(self) -> None:
        assert headings(DOCS / "permissions.md", level=3) == [permission.value for permission in Permission]

    def test_the_table_says_who_has_which(self) -> None:
        lines = [line for line in (DOCS / "permissions.md").read_text().splitlines() if line.startswith("| ")]
        heading, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        assert heading == ["permission", *Role]
        assert rows == [
            [permission, *(row[role].replace("-", "") for role in Role)] for permission, row in MATRIX.items()
        ]


class TestMails:
    def test_each_kind_has_its_heading_and_no_other(self) -> None:
        assert headings(DOCS / "mail.md", level=3) == [kind.value for kind in MailKind]


class TestCommands:
    def test_each_has_its_heading_and_no_other(self) -> None:
        assert headings(DOCS / "commands.md", level=3) == list(names(get_group(command), "smoothschedule"))


class TestDecisions:
    def test_they_are_numbered_and_listed(self) -> None:
        pages = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
        assert [page[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
        assert links(DOCS / "decisions" / "README.md") == pages

    @pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("[0-9]*.md")), ids=lambda page: page.stem)
    def test_each_has_its_three_parts(self, page: Path) -> None:
        assert headings(page, level=2) == ["Context", "Decision", "Consequences"]


class TestLinks:
    @pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
    def test_lead_somewhere(self, page: Path) -> None:
        for link in links(page):
            target = urlsplit(link)
            if target.scheme or target.path.startswith("/"):  # another site, or a page of the service
                continue
            path = (page.parent / target.path) if target.path else page
            assert path.exists(), link
            assert not target.fragment or target.fragment in anchors(path), link
