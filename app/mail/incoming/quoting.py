"""What somebody has written anew, without what they quote and what their program adds."""

import re

from mailparser_reply import EmailReplyParser

_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da"]
_QUOTED = re.compile(r"^\s*>", re.MULTILINE)
_PARSER = EmailReplyParser(languages=_LANGUAGES)
_SIGNATURE = re.compile(r"(?m)^(-- ?|Sent from my .{1,40}|Von meinem .{1,40} gesendet|Envoyé de mon .{1,40})$")
_OF_A_MAIL = re.compile(
    r"(?mi)@|^[ \t]*[>|]|^-- ?$|^[-_*]{5,}|^(?:Sent from|Von meinem|Envoyé de|Get Outlook)\b"
    r"|^\W*(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Temat|Assunto|Ämne|Emne)\W*:"
)
"""What stands in the quotation of a mail, or in a signature: an address, a quoted line, the header of its subject."""
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
    text = text[:_CUT_AT_MOST]
    before, found, _ = text.partition(marker)
    is_quoted = bool(found) and before.rpartition("\n")[2].lstrip().startswith(">")
    if _is_answered_between_the_lines(text if is_quoted else before):
        return text.strip() if is_quoted else before.strip()
    above = _INTRODUCED.split(before, maxsplit=1)[0]
    body = _without_introduction(above) if found else above
    parsed = _parsed(body)
    new = _SIGNATURE.split(parsed, maxsplit=1)[0].strip()
    return new or parsed.strip() or body.strip() or text.strip()


def _parsed(body: str) -> str:
    """What the library leaves; all of it, where what it would leave out has nothing of a quotation."""
    parsed: str = _PARSER.parse_reply(text=body) or ""
    left_out = body.strip().removeprefix(parsed.strip())
    return parsed if _OF_A_MAIL.search(left_out) else body


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
