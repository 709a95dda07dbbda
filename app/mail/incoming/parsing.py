"""From the bytes of a mail to what a person reads in it. Whatever mail programs get wrong, this comes to an end."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from typing import Any

import html2text
from tnefparse import TNEF

MOST_PARTS = 100
MOST_DEPTH = 20
MOST_HEADER_BYTES = 256 * 1024
MOST_TEXT = 200_000
MOST_HTML = 1_000_000

_MOST_NAME = 200
_MOST_ADDRESS = 254
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_MEANT = {
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin-1", "latin1"), "cp1252"),
    **dict.fromkeys(("us-ascii", "ascii", "punycode", "idna"), "utf-8"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "korean"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874"), "cp874"),
    **dict.fromkeys(("utf8mb4", "unicode-1-1-utf-8"), "utf-8"),
}
"""What programs mean by the name of a character set, as browsers have found (WHATWG Encoding)."""
_LINE_ENDS = re.compile(r"[ \t]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")


class Unreadable(Exception):
    """A mail that nothing can be made of. The text says why, for its sender."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a mail. Neither its name nor its type is to be believed."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a mail says."""

    message_id: str
    """Its own; made of its content if it has none, so that the same mail has the same again."""
    sender: str
    """The address it says it is from, in lower case."""
    sender_name: str
    subject: str
    text: str
    attachments: tuple[Attached, ...]
    headers: Mapping[str, tuple[str, ...]]
    """All of them, by their names in lower case."""
    content_type: str
    """Of the whole."""


def read(raw: bytes) -> Incoming:
    """The mail of these bytes. Raises Unreadable."""
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    if len(head) > MOST_HEADER_BYTES:
        raise Unreadable("Its headers are too long.")
    if re.search(rb"\r(?!\n)", head):  # a line's end to some, and none to others: to who checks signatures
        raise Unreadable("Its headers are not put together as those of mails are.")
    try:
        message = message_from_bytes(raw, policy=default)
        parts = list(_parts(message))
        sender = _sender(message)
        texts, attachments = _contents(parts)
        return Incoming(
            message_id=_message_id(message, raw),
            sender=sender.addr_spec.lower(),
            sender_name=_line(sender.display_name),
            subject=_line(_header(message, "subject")),
            text=_clean(texts),
            attachments=tuple(attachments),
            headers=_headers(message),
            content_type=message.get_content_type(),
        )
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # whatever the libraries stumble over, they would again
        raise Unreadable("It is not put together as mails are.") from error


def _parts(message: Any, depth: int = 0) -> Iterator[EmailMessage]:
    """What a mail is made of, from the outside in; another mail within it is one part."""
    if depth > MOST_DEPTH:
        raise Unreadable("It is nested too deeply.")
    pending = [(message, depth)]
    count = 0
    while pending:
        part, level = pending.pop(0)
        count += 1
        if count > MOST_PARTS or level > MOST_DEPTH:
            raise Unreadable("It has too many parts.")
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            pending[:0] = [(each, level + 1) for each in part.get_payload()]
        else:
            yield part


def _contents(parts: list[EmailMessage]) -> tuple[str, list[Attached]]:
    """The text, plain if there is any, and the files."""
    plain: list[str] = []
    html: list[str] = []
    rich: list[str] = []
    attachments: list[Attached] = []
    for part in parts:
        kind, is_file = part.get_content_type(), _is_file(part)
        if kind == "text/plain" and not is_file:
            plain.append(_unflowed(part, _text_of(part)))
        elif kind == "text/html" and not is_file:
            html.append(_text_of(part))
        elif kind in _TNEF:
            body, files = _tnef(_bytes_of(part))
            rich.append(body)
            attachments += files
        elif is_file or part.get_content_maintype() not in {"text", "multipart"}:
            attachments.append(Attached(_name_of(part), _line(kind), _bytes_of(part)))
    written = "\n\n".join(each for each in plain if each.strip())
    return written or _from_html("\n".join(html)[:MOST_HTML]) or "\n\n".join(rich), attachments


def _is_file(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _text_of(part: EmailMessage) -> str:
    """The words of a part, in the character set that it names, else in one that fits."""
    data = _bytes_of(part)
    charset = str(part.get_content_charset("utf-8"))
    for each in (_MEANT.get(charset, charset), "utf-8", "cp1252"):
        try:
            return data.decode(each)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")


def _bytes_of(part: EmailMessage) -> bytes:
    """The content of a part; another mail as it came, and of broken base64 as much as there is."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return b"\n".join(each.as_bytes() for each in inner if isinstance(each, EmailMessage)) if inner else b""
    if str(part.get("content-transfer-encoding", "")).strip().lower() == "base64":
        letters = re.sub(r"[^A-Za-z0-9+/]", "", str(part.get_payload()))
        whole = letters[:-1] if len(letters) % 4 == 1 else letters  # a single letter stands for nothing
        return base64.b64decode(whole + "=" * (-len(whole) % 4))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _unflowed(part: EmailMessage, text: str) -> str:
    """Text of format=flowed (RFC 3676) in whole paragraphs."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    deletes_space = str(part.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    goes_on = False
    for each in text.splitlines():
        line = each.removeprefix(" ")  # it was stuffed
        if goes_on and not line.startswith(">"):
            lines[-1] += line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and line != "-- " and not line.startswith(">")
        if goes_on and deletes_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


class _Reader(html2text.HTML2Text):
    """Writes what stands there: a text that is shown as text has nothing to escape."""

    def handle_data(self, data: str, entity_char: bool = False) -> None:
        """See the library: what is no entity is taken for one."""
        del entity_char
        super().handle_data(data, entity_char=True)


def _from_html(html: str) -> str:
    reader = _Reader(bodywidth=0)
    reader.ignore_images = reader.ignore_emphasis = reader.ignore_links = True
    return reader.handle(html).strip() if html.strip() else ""


def _tnef(data: bytes) -> tuple[str, list[Attached]]:
    """What Outlook has put into a winmail.dat: the text, and the files."""
    try:
        packed = TNEF(data)
        body = packed.body or _from_html(_decoded(packed.htmlbody)) or ""
        named = [(_file_name(_decoded(each.long_filename() or each.name)), each.data) for each in packed.attachments]
        files = [Attached(name, "application/octet-stream", content) for name, content in named]
    except Exception:  # noqa: BLE001 — of a file that is broken, the file itself is kept
        body, files = "", []
    return _decoded(body), files if body or files else [Attached("winmail.dat", "application/ms-tnef", data)]


def _decoded(text: object) -> str:
    if not isinstance(text, bytes):
        return str(text or "")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def _name_of(part: EmailMessage) -> str:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        subject = _line(_header(inner[0], "subject")) if isinstance(inner, list) and inner else ""
        return _file_name(f"{subject or 'message'}.eml")
    return _file_name(part.get_filename() or "")


def _file_name(name: str) -> str:
    """The name without folders, and fit to be shown."""
    last = re.split(r"[/\\]", name)[-1]
    return _line(last).strip(". ")[:_MOST_NAME] or "attachment"


def _sender(message: Any) -> Address:
    found = message.get_all("from", [])
    addresses = [address for header in found for address in header.addresses if address.username and address.domain]
    if len(addresses) != 1:
        raise Unreadable("It has to be from one address.")
    address: Address = addresses[0]
    if not address.addr_spec.isprintable() or len(address.addr_spec) > _MOST_ADDRESS:
        raise Unreadable("It has to be from one address.")
    return address


def _message_id(message: Any, raw: bytes) -> str:
    found = _ID.search(_header(message, "message-id"))
    return found[0] if found else f"<{sha256(raw).hexdigest()}@unnamed>"


def _headers(message: Any) -> dict[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {}
    for name, value in message.raw_items():
        named[name.lower()] = (*named.get(name.lower(), ()), str(value))
    return named


def _header(message: Any, name: str) -> str:
    return str(message.get(name, ""))


def _line(text: str) -> str:
    """On one line, without control characters."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


def _clean(text: str) -> str:
    """Without control characters, with one kind of line ends, and no longer than anybody reads."""
    lines = text[:MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", _CONTROL.sub("", lines))).strip()
