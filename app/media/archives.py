"""Documents that are archives. What is in them is looked at from outside: nothing is unpacked but a type of a line."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from app.media.kinds import MediaType, Reason, Refused

SIGNATURE = b"PK\x03\x04"

_END = b"PK\x05\x06"
_END_BYTES = 22
_LARGE = 0xFFFFFFFF
_MOST_ENTRIES = 5_000
_MOST_DIRECTORY_BYTES = 1 << 20
_MOST_BYTES = 250 * 1024 * 1024
_MOST_TIMES = 200
_FEW_BYTES = 1 << 20  # so few may be packed as well as they like
_MOST_TYPE_BYTES = 100
_ENCRYPTED = 1

_MAIN_PARTS = {"word/document.xml": MediaType.DOCX, "xl/workbook.xml": MediaType.XLSX}
_OPEN_DOCUMENTS = {MediaType.ODT, MediaType.ODS}


def detect(data: bytes) -> MediaType:
    """Which document it is. Raises Refused: also for what would be too much unpacked, and for what runs when opened."""
    _check_directory(data)
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries, len(data))
            return _type_of(archive, entries)
    except (BadZipFile, OSError, ValueError, RuntimeError, struct.error, zlib.error) as error:
        raise Refused(Reason.DAMAGED) from error


def _check_directory(data: bytes) -> None:
    """See that it ends with its directory, and that this is short enough to be read at all. Raises Refused."""
    place = data.rfind(_END)
    if place < 0 or place + _END_BYTES > len(data):
        raise Refused(Reason.DAMAGED)
    entries, size, offset, comment = struct.unpack_from("<10xHIIH", data, place)
    if entries > _MOST_ENTRIES or _MOST_DIRECTORY_BYTES < size < _LARGE:
        raise Refused(Reason.BOMB)
    if offset + size != place or place + _END_BYTES + comment != len(data):  # something before, between or after
        raise Refused(Reason.AMBIGUOUS)


def _check_entries(entries: Sequence[ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > _MOST_ENTRIES or unpacked > _MOST_BYTES or packed > size:  # those that overlap are more than all
        raise Refused(Reason.BOMB)
    for entry in entries:
        if entry.file_size > max(_FEW_BYTES, _MOST_TIMES * entry.compress_size):
            raise Refused(Reason.BOMB)
        if entry.flag_bits & _ENCRYPTED or _leads_out(entry.filename):
            raise Refused(Reason.DAMAGED)
        if entry.filename.lower().endswith("vbaproject.bin") or entry.filename.startswith(("Basic/", "Scripts/")):
            raise Refused(Reason.MACROS)


def _leads_out(name: str) -> bool:
    return name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/")


def _type_of(archive: ZipFile, entries: Sequence[ZipInfo]) -> MediaType:
    names = {entry.filename for entry in entries}
    first = entries[0] if entries else None
    if first and first.filename == "mimetype" and first.compress_type == ZIP_STORED:
        said = archive.read(first) if first.file_size <= _MOST_TYPE_BYTES else b""
        found = next((kind for kind in _OPEN_DOCUMENTS if said == kind.encode()), None)
    else:
        parts = [kind for part, kind in _MAIN_PARTS.items() if part in names and "[Content_Types].xml" in names]
        found = parts[0] if len(parts) == 1 else None
    if found is None:
        raise Refused(Reason.TYPE_UNKNOWN)
    return found
