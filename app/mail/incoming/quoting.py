"""What somebody has written anew, without what they quote and what their program adds."""

import re

from mailparser_reply import EmailReplyParser

_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da"]
_QUOTED = re.compile(r"^\s*>", re.MULTILINE)
_PARSER = EmailReplyParser(languages=_LANGUAGES)
_SIGNATURE = re.compile(r"(?m)^(-- ?|Sent from my .{1,40}|Von meinem .{1,40} gesendet|Envoyé de mon .{1,40})$")
_WROTE = r"wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał\(a\)"
_INTRODUCED = re.compile(
    r"(?m)^(?:(?:On|Am|Le|El|Il|Op|Em|Den)\b.{0,200}\n)?"  # it may be broken within an address
    rf"(?!>).{{0,200}}\b(?:{_WROTE})\b.{{0,200}}:[ \t]*\n"
    r"(?=(?:[ \t]*\n)*[>|](?:.*\n?)(?:[ \t]*(?:[>|].*)?(?:\n|\Z))*\Z)"
)
"""The line that introduces a quotation which goes on to the end."""
_CUT_AT_MOST = 20_000
"""What a message can hold; the parser's expressions take the square of it."""


def cut(text: str, *, marker: str) -> str:
    """The new part of an answer: what is above our `marker`, and above the mail that is quoted below it.

    Whoever answers between the lines quotes on purpose: that stays whole. So does what would leave nothing.
    """
    above = _INTRODUCED.split(text[:_CUT_AT_MOST].partition(marker)[0], maxsplit=1)[0]
    body = _without_introduction(above) if marker in text else above
    if _is_answered_between_the_lines(body):
        return body.strip()
    parsed = _PARSER.parse_reply(text=body) or ""
    new = _SIGNATURE.split(parsed, maxsplit=1)[0].strip()
    return new or parsed.strip() or body.strip() or text.strip()


def _without_introduction(text: str) -> str:
    """Without the last lines before the marker, if they quote, or introduce what is quoted: `Ada, 23/11, 9:12:`."""
    lines = text.rstrip().splitlines()
    while lines and (not lines[-1].strip(" >|") or lines[-1].lstrip().startswith((">", "|"))):
        lines.pop()
    if lines and lines[-1].rstrip().endswith(":") and any(each.isdigit() for each in lines[-1]):
        lines.pop()
    return "\n".join(lines)


def _is_answered_between_the_lines(text: str) -> bool:
    """Whether something that is no quotation stands below one, other than a signature."""
    first = _QUOTED.search(text)
    if first is None:
        return False
    below = [line for line in text[first.start() :].splitlines() if line.strip() and not line.lstrip().startswith(">")]
    above = text[: first.start()].strip()
    return len(below) > 0 and not _SIGNATURE.search("\n".join(below)) and len(above.splitlines()) <= 2  # noqa: PLR2004 — an introduction
