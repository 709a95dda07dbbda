"""From Markdown to HTML: headings with anchors, tables and code that scroll, and no HTML from the text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_OPTIONAL = re.compile(r"[^\w\- ]")

Resolve = Callable[[str], str | None]
"""From a link as written to the address it leads to, or None where it leads nowhere."""


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """A document as HTML, with what a table of contents needs."""

    html: str
    headings: tuple[Heading, ...]

    @property
    def title(self) -> str:
        return self.headings[0].title


def anchor_of(title: str) -> str:
    """The anchor of a heading, as GitHub makes it: `What a token may do` becomes `what-a-token-may-do`."""
    return _OPTIONAL.sub("", title.lower()).replace(" ", "-")


def render(text: str, resolve: Resolve = str) -> Page:
    """The text as HTML. A link that leads nowhere leaves its words behind."""
    tokens = _PARSER.parse(text)
    headings = []
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            title = "".join(child.content for child in following.children or ())
            headings.append(Heading(int(token.tag[1:]), anchor_of(title), title))
            token.attrSet("id", anchor_of(title))
        following.children = _led(following.children, resolve)
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return Page(html, tuple(headings))


def _led(line: Sequence[Token] | None, resolve: Resolve) -> list[Token]:
    """A line whose links lead to where they should, without the links that lead nowhere."""
    kept: list[Token] = []
    address: str | None = None
    for token in line or ():
        if token.type == "link_open":
            address = resolve(str(token.attrGet("href")))
            token.attrSet("href", address or "")
        if address or token.type not in {"link_open", "link_close"}:
            kept.append(token)
    return kept


class _Renderer(RendererHTML):
    """The HTML of these tokens; that of all others is the library's."""

    def heading_open(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        """A heading that is a link to itself, but for the title of the page."""
        tag, anchor = tokens[index].tag, tokens[index].attrGet("id")
        return f'<{tag} id="{anchor}">' + ("" if tag == "h1" else f'<a class="anchor" href="#{anchor}">')

    def heading_close(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        tag = tokens[index].tag
        return f"</{tag}>\n" if tag == "h1" else f"</a></{tag}>\n"

    def fence(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        """Code that can be scrolled by keyboard where it is wider than the page."""
        return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'

    def table_open(self, *_: Any) -> str:
        """A table likewise."""
        return '<div class="table" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"


_PARSER = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
