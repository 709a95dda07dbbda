"""Reading the documents: their headings, code blocks and links, and whether an output is the one they show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ANYTHING = "…"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PORT = re.compile(r"(?<=localhost:)\d+")
_SPACES = re.compile(r"(?<=\S) +")


@dataclass(frozen=True)
class Block:
    """A fenced code block, and the line of text before it (a fence, if it follows another block)."""

    language: str
    text: str
    intro: str
    line: int

    @property
    def is_output(self) -> bool:
        """Whether it shows what the block before it printed."""
        return self.intro.startswith("```") and self.language in {"json", "text"}


def documents() -> list[Path]:
    """Everything that is written for people to read."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path) -> Iterator[Block]:
    """The code blocks of a document, in order."""
    text = path.read_text()
    for found in _BLOCK.finditer(text):
        before = text[: found.start()]
        yield Block(found[1], found[2], before.rstrip().rpartition("\n")[2], before.count("\n") + 1)


def headings(path: Path, *, level: int) -> list[str]:
    """The headings of one level."""
    return [title for marks, title in _HEADING.findall(_prose(path)) if len(marks) == level]


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in _HEADING.findall(_prose(path))}


def links(path: Path) -> list[str]:
    """The targets of a document's links."""
    return _LINK.findall(_prose(path))


def section(path: Path, heading: str) -> str:
    """What stands below a heading of the third level, up to the next heading."""
    _, _, below = path.read_text().partition(f"\n### {heading}\n")
    return re.split(r"^#", below, maxsplit=1, flags=re.MULTILINE)[0].strip()


def shows(expected: str, actual: str) -> bool:
    """Whether a document's output is the actual one.

    `…` stands for anything in a line, and on a line of its own for any lines. Dates and ports may be others, and runs
    of spaces longer.
    """
    pattern = "".join(_pattern_of(line) for line in _normal(expected))
    return re.fullmatch(pattern, "".join(_normal(actual))) is not None


def _pattern_of(line: str) -> str:
    if line.strip() == ANYTHING:
        return r"(?:.*\n)*?"
    return ".*".join(map(re.escape, line.split(ANYTHING)))


def _normal(text: str) -> list[str]:
    text = _PORT.sub("8000", _DATE.sub("2026-12-07", text))
    return [f"{_SPACES.sub(' ', line).rstrip()}\n" for line in text.strip("\n").splitlines()]


def _prose(path: Path) -> str:
    """The text outside of code blocks."""
    return _BLOCK.sub("", path.read_text())
