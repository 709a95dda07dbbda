"""What files are called when they are handed out. A name leads nowhere, and does not lie about the type."""

import re
import unicodedata

from app.errors import FieldError, ValidationFailed
from app.media.kinds import SUFFIXES, MediaType

_MOST = 200
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # those that turn the direction of reading are among them
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def clean(name: str, kind: MediaType) -> str:
    """The name without folders, and without what some system takes amiss. Raises ValidationFailed if that is all."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in _INVISIBLE)
    cleaned = _FORBIDDEN.sub("_", seen).strip(" .")
    if not cleaned:
        raise ValidationFailed(errors=[FieldError("/file_name", "is no name of a file", code="file-name")])
    if _RESERVED.match(cleaned):
        cleaned = f"_{cleaned}"
    return with_suffix(cleaned, kind)


def made_of(name: str, kind: MediaType) -> str:
    """The same for a name that nobody can be asked about: whatever can be made of it."""
    try:
        return clean(name, kind)
    except ValidationFailed:
        return with_suffix("file", kind)


def with_suffix(name: str, kind: MediaType) -> str:
    """The name with an ending that suits the type. That of another picture is replaced, any other stays before it."""
    stem, dot, ending = name.rpartition(".")
    suffix = f".{ending.lower()}" if dot and stem else ""
    if suffix in SUFFIXES[kind]:
        return f"{stem[: _MOST - len(suffix)]}.{ending}"
    is_of_picture = any(suffix in endings for other, endings in SUFFIXES.items() if other.is_image)
    kept = stem if kind.is_image and is_of_picture else name
    first = SUFFIXES[kind][0]
    return f"{kept[: _MOST - len(first)]}{first}"
