"""The security page, held against itself and the code: no requirement left out, no test that is not there."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.auth.passwords import CONTEXT_WORDS
from app.auth.session_limits import BUSINESS, MASQUERADE_TTL, PLATFORM
from tests.docs.markdown import ROOT

PAGE = ROOT / "docs" / "security.md"
STATUSES = ("met", "not met", "not applicable")

# OWASP ASVS 5.0.0: the levels of each section's requirements, in their order. Those of level 3 are not on the page.
LEVELS = {
    "V1.1": "22",
    "V1.2": "1111122223",
    "V1.3": "112222222223",
    "V1.4": "222",
    "V1.5": "123",
    "V2.1": "122",
    "V2.2": "112",
    "V2.3": "12223",
    "V2.4": "23",
    "V3.1": "3",
    "V3.2": "113",
    "V3.3": "12223",
    "V3.4": "11222233",
    "V3.5": "11122333",
    "V3.6": "3",
    "V3.7": "22333",
    "V4.1": "12233",
    "V4.2": "23333",
    "V4.3": "22",
    "V4.4": "1222",
    "V5.1": "2",
    "V5.2": "112333",
    "V5.3": "113",
    "V5.4": "222",
    "V6.1": "122",
    "V6.2": "111111112222",
    "V6.3": "11223333",
    "V6.4": "112233",
    "V6.5": "22222333",
    "V6.6": "2223",
    "V6.7": "33",
    "V6.8": "2222",
    "V7.1": "222",
    "V7.2": "1111",
    "V7.3": "22",
    "V7.4": "11222",
    "V7.5": "223",
    "V7.6": "22",
    "V8.1": "1233",
    "V8.2": "1123",
    "V8.3": "133",
    "V8.4": "23",
    "V9.1": "111",
    "V9.2": "1222",
    "V10.1": "22",
    "V10.2": "223",
    "V10.3": "22223",
    "V10.4": "1111122222233333",
    "V10.5": "22222",
    "V10.6": "22",
    "V10.7": "222",
    "V11.1": "2233",
    "V11.2": "22233",
    "V11.3": "11233",
    "V11.4": "1222",
    "V11.5": "23",
    "V11.6": "23",
    "V11.7": "33",
    "V12.1": "12233",
    "V12.2": "11",
    "V12.3": "22223",
    "V13.1": "2333",
    "V13.2": "222223",
    "V13.3": "2233",
    "V13.4": "1222233",
    "V14.1": "22",
    "V14.2": "12223333",
    "V14.3": "122",
    "V15.1": "12233",
    "V15.2": "12233",
    "V15.3": "1222222",
    "V15.4": "3333",
    "V16.1": "2",
    "V16.2": "22222",
    "V16.3": "2222",
    "V16.4": "222",
    "V16.5": "2223",
    "V17.1": "23",
    "V17.2": "22223333",
    "V17.3": "22",
}
REQUIREMENTS = [
    (f"{section}.{number}", level)
    for section, levels in LEVELS.items()
    for number, level in enumerate(levels, start=1)
    if level != "3"
]

_TEST = re.compile(r"tests/[\w/]+\.py(?:::\w+)*")


@dataclass(frozen=True)
class Row:
    """A requirement as the page has it."""

    id: str
    level: str
    asks: str
    status: str
    shown_by: str

    @property
    def chapter(self) -> str:
        return self.id.partition(".")[0]


def tables(*heading: str) -> Iterator[list[str]]:
    """The rows of all tables with this heading, cell by cell."""
    within = False
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if within and cells and set(line) - set("|- "):
            yield cells
        within = bool(cells) and (within or cells == [*heading])


def rows() -> list[Row]:
    return [Row(*cells) for cells in tables("id", "level", "what is asked", "status", "shown by, or why not")]


@cache
def named_in(path: Path) -> frozenset[str]:
    """The tests of a file: `TestLogIn::test_gives_tokens_and_cookies`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names = {each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
            found |= {f"{node.name}::{name}" for name in names if name.startswith("test_")}
    return frozenset(found)


class TestRequirements:
    def test_are_all_there_in_order_and_no_other(self) -> None:
        assert len(REQUIREMENTS) == 253
        assert [(row.id, row.level) for row in rows()] == REQUIREMENTS

    @pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
    def test_is_complete(self, row: Row) -> None:
        assert row.asks
        assert row.status in STATUSES
        assert row.shown_by

    def test_stand_below_the_heading_of_their_chapter(self) -> None:
        chapter = ""
        for line in PAGE.read_text().splitlines():
            heading, found = re.match(r"## (V\d+): ", line), re.match(r"\| (V\d+)\.", line)
            chapter = heading[1] if heading else chapter
            assert not found or found[1] == chapter, line


class TestCounts:
    def test_are_right(self) -> None:
        counted = {chapter: Counter[str]() for chapter in dict.fromkeys(row.chapter for row in rows())}
        for row in rows():
            counted[row.chapter][row.status] += 1
        *chapters, total = tables("chapter", *STATUSES)
        assert [name.partition(" ")[0] for name, *_ in chapters] == list(counted)
        for (_, *said), counts in zip(chapters, counted.values(), strict=True):
            assert said == [str(counts[status]) for status in STATUSES]
        assert total[1:] == [str(sum(each[status] for each in counted.values())) for status in STATUSES]

    def test_what_is_not_met_is_named_at_the_head(self) -> None:
        (line,) = re.findall(r"^What is not met, at a glance: (.*?)\.$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
        assert line.replace("\n", " ").split(", ") == [row.id for row in rows() if row.status == "not met"]


class TestEvidence:
    def test_every_test_that_is_named_exists(self) -> None:
        named = set(_TEST.findall(PAGE.read_text()))
        assert len(named) > 100
        for each in named:
            path, _, test = each.partition("::")
            assert "::" in test, each
            assert test in named_in(ROOT / path), each


class TestTopTen:
    def test_each_risk_is_dealt_with_and_shown(self) -> None:
        risks = list(tables("risk", "how it is dealt with", "shown by"))
        assert [risk.partition(" ")[0] for risk, *_ in risks] == [f"API{number}" for number in range(1, 11)]
        assert all(dealt and _TEST.search(shown) for _, dealt, shown in risks)


class TestDecisions:
    def test_the_words_that_make_no_password_are_named(self) -> None:
        prose = " ".join(PAGE.read_text().split())
        assert ", ".join(f"*{word}*" for word in CONTEXT_WORDS) in prose

    def test_sessions_last_as_long_as_is_said(self) -> None:
        said = list(tables("whose", "ends unused after", "ends at last after"))
        hour, day = 3600, 86400
        assert (PLATFORM.idle.total_seconds(), PLATFORM.absolute.total_seconds()) == (hour, 12 * hour)
        assert (BUSINESS.idle.total_seconds(), BUSINESS.absolute.total_seconds()) == (7 * day, 30 * day)
        assert MASQUERADE_TTL.total_seconds() == hour / 2
        assert [limits for _, *limits in said] == [["1 hour", "12 hours"], ["7 days", "30 days"], ["", "30 minutes"]]
