"""From the facts of a mail to its words, as plain text and as HTML.

A kind has one template in each language (`templates/<locale>/<kind>.j2`), which says its words once. What a paragraph
or a button looks like is said by the layout of the format, `templates/text` or `templates/html`; what all kinds say
alike, by the language's `phrases.j2`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.mail.branding import PLATFORM_NAME, Brand
from app.mail.messages import Message

_TEMPLATES = Path(__file__).parent / "templates"
REPLY_MARKER = "- - - - - - - - - - - - - - - - - - - -"
"""Stands above what we write where answers are read: what is above it in an answer is new."""
_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says. The subject is a single line."""

    subject: str
    text: str
    html: str


def _environment(layout: str, *, is_html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader([_TEMPLATES / layout, _TEMPLATES]),
        autoescape=is_html,  # noqa: S701 — plain text, the other format, has nothing to escape # nosec B701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_TEXT = _environment("text", is_html=False)
_HTML = _environment("html", is_html=True)


def render(message: Message, *, name: str, brand: Brand, locale: str | None = None) -> Content:
    """The mail for somebody of this name, in the language asked for, else the brand's, else English.

    Instants are told in the brand's zone. Nothing in it can break out of its line of a header, nor out of its place
    in the HTML.
    """
    language = next(each for each in _languages(locale or brand.locale) if _exists(each, message))
    facts = {field.name: _told(getattr(message, field.name), brand.timezone) for field in fields(message)}
    context = facts | {
        "name": one_line(name),
        "sender": one_line(brand.name),
        "platform": PLATFORM_NAME,
        "brand": brand,
        "locale": language,
        "phrases": f"{language}/phrases.j2",
        "marker": REPLY_MARKER,
    }
    place = f"{language}/{message.kind}.j2"
    text, html = _TEXT.get_template(place), _HTML.get_template(place)
    subject = one_line(_block(text, "subject", context))
    return Content(subject, text.render(context), html.render(context | {"subject": subject}))


def one_line(words: str) -> str:
    """The words on a single line, without control characters: fit for a mail's header."""
    return "".join(each for each in " ".join(words.split()) if each.isprintable())


def _languages(locale: str) -> Iterator[str]:
    """The locale itself, its language, and what there always is."""
    yield locale
    yield locale.partition("-")[0]
    yield _FALLBACK


def _exists(locale: str, message: Message) -> bool:
    return locale.replace("-", "").isalnum() and (_TEMPLATES / locale / f"{message.kind}.j2").is_file()


def _told(fact: Any, timezone: str) -> Any:
    if isinstance(fact, datetime):
        return f"{fact.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M} ({timezone})"
    if isinstance(fact, tuple):
        return tuple(one_line(each) for each in fact)
    return one_line(fact) if isinstance(fact, str) else fact


def _block(template: Template, block: str, context: dict[str, Any]) -> str:
    return "".join(template.blocks[block](template.new_context(context)))
