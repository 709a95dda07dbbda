"""What a file is, by what it consists of. Neither its name nor what its sender says of it counts here."""

import codecs
import re
import struct
from collections.abc import Iterator
from io import BytesIO
from zipfile import BadZipFile, is_zipfile

import puremagic

from app.media import archives
from app.media.kinds import MediaType, Reason, Refused

_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), MediaType.JPEG),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), MediaType.PNG),
    (re.compile(rb"GIF8[79]a"), MediaType.GIF),
    (re.compile(rb"RIFF.{4}WEBPVP8", re.DOTALL), MediaType.WEBP),
    (re.compile(rb"%PDF-[12]\.\d"), MediaType.PDF),
    (re.compile(rb".{4}ftypqt  ", re.DOTALL), MediaType.MOV),
    (re.compile(rb".{4}ftyp(isom|iso[2-9]|mp4[12]|avc1|M4V |MSNV|dash)", re.DOTALL), MediaType.MP4),
)
_PDF_WITHIN = 1024  # of the beginning readers look for one, and of the end for its last line
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP = re.compile(
    rb"\s*(<\?xml|<!doctype|<!--|<(html|head|body|script|svg|iframe|style|title|meta|link|img|a|div|p|table)[\s>/])",
    re.IGNORECASE,
)
_TO_BE_RUN = re.compile(rb"(#!|%!PS|\{\\rtf|MZ|<\?php|@echo off)", re.IGNORECASE)
_BOM = codecs.BOM_UTF8
_SURE = 0.8


def detect(data: bytes) -> MediaType:
    """The type of a file, of those that are taken. Raises Refused.

    Pictures are known by their beginning alone: they are made anew from their pixels, and nothing else of them stays.
    Everything else is kept as it is, and must be one thing from its beginning to its end.
    """
    found = next((kind for signature, kind in _SIGNATURES if signature.match(data)), None)
    if found is not None and found.is_image:
        return found
    if data.startswith(archives.SIGNATURE):
        if b"%PDF-" in data[:_PDF_WITHIN]:
            raise Refused(Reason.AMBIGUOUS)
        return archives.detect(data)
    if _is_archive(data):
        raise Refused(Reason.AMBIGUOUS)
    if found is MediaType.PDF:
        if b"%%EOF" not in data[-_PDF_WITHIN:]:
            raise Refused(Reason.DAMAGED)
    elif found is not None:
        _check_boxes(data)
    elif not _is_text(data):
        raise Refused(Reason.TYPE_UNKNOWN)
    return found or MediaType.TEXT


def is_as_declared(found: MediaType, declared: MediaType) -> bool:
    """Whether it is what its sender says. A table is a text whose sender says so."""
    return found is declared or (found is MediaType.TEXT and declared is MediaType.CSV)


def _is_archive(data: bytes) -> bool:
    """Whether a program that unpacks archives finds one in it, anywhere."""
    try:
        return is_zipfile(BytesIO(data))
    except (BadZipFile, OSError, ValueError, struct.error):
        return False


def _is_text(data: bytes) -> bool:
    """Whether it is text to be read, in any encoding that extends ASCII: neither markup nor a program."""
    body = data.removeprefix(_BOM)
    if _CONTROL.search(body) or _MARKUP.match(body) or _TO_BE_RUN.match(body):
        return False
    return not any(guess.confidence >= _SURE and not _is_text_too(guess) for guess in _guesses(data))


def _guesses(data: bytes) -> list[puremagic.PureMagicWithConfidence]:
    try:
        return puremagic.magic_string(data[:4096])
    except (puremagic.PureError, ValueError):
        return []


def _is_text_too(guess: puremagic.PureMagicWithConfidence) -> bool:
    return not guess.mime_type or guess.mime_type.startswith("text/")


def _check_boxes(data: bytes) -> None:
    """See that a film is a row of boxes from its beginning to its end, with an index. Raises Refused."""
    if b"moov" not in list(_boxes(data)):
        raise Refused(Reason.DAMAGED)


def _boxes(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        try:
            length, kind = struct.unpack_from(">I4s", data, place)
            least = 8
            if length == 1:
                (length,) = struct.unpack_from(">Q", data, place + least)
                least = 16
        except struct.error as error:
            raise Refused(Reason.DAMAGED) from error
        length = length or len(data) - place  # the last box may say that it goes to the end
        if not least <= length <= len(data) - place:
            raise Refused(Reason.DAMAGED)
        yield kind
        place += length
