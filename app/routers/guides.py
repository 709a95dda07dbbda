"""The guides: documents of `docs/`, as pages under `/help`.

`docs/help/README.md` names them in their order. What it does not name is not shown, and a link to it loses its target.
"""

from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

import app
from app.core import markdown
from app.core.markdown import Page
from app.errors import NotFound

HOME = "/help"
DOCUMENTS = Path(app.__file__).parents[1] / "docs"
"""Beside the package: in a clone, in an image and where a wheel is installed."""

_INDEX = DOCUMENTS / "help" / "README.md"


@cache
def sources() -> MappingProxyType[str, Path]:
    """The documents by the names of their pages, the index under none."""
    targets: list[str] = []
    markdown.render(_INDEX.read_text(), targets.append)
    named = {Path(target).stem: (_INDEX.parent / target).resolve() for target in targets if target.endswith(".md")}
    return MappingProxyType({"": _INDEX, **named})


@cache
def contents() -> tuple[tuple[str, str], ...]:
    """The addresses and titles of all guides, in the order in which the index first names them."""
    return tuple((_address_of(name), require(name).title) for name in sources())


@cache
def require(name: str) -> Page:
    """The guide of that name, the index under none. Raises NotFound."""
    source = sources().get(name)
    if source is None:
        raise NotFound(
            "There is no guide '{name}'. {home} lists those that there are.", params={"name": name, "home": HOME}
        )
    return markdown.render(source.read_text(), partial(_resolve, source.parent))


def _resolve(directory: Path, target: str) -> str | None:
    """Where a link of a document in this directory leads to."""
    path, mark, heading = target.partition("#")
    if not path.endswith(".md"):  # an address, or a heading of the same page
        return target
    names = {source: name for name, source in sources().items()}
    name = names.get((directory / path).resolve())
    return None if name is None else _address_of(name) + mark + heading


def _address_of(name: str) -> str:
    return f"{HOME}/{name}".rstrip("/")
