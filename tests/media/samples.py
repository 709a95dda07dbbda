"""Files of all sorts, good ones and those that somebody made with bad intent."""

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from PIL import Image

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
SCRIPT = b"<script>alert(document.cookie)</script>"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\nstartxref\n9\n%%EOF\n"
CSV = b"name,price\r\nCut,30\r\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'

_ORIENTATION, _MODEL = 0x0112, 0x0110


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 32), mode: str = "RGB", **options: object) -> bytes:
    """A picture whose left half is red, and whose right half is blue."""
    width, height = size
    made = Image.new("RGB", size, "red")
    made.paste((0, 0, 255), (width // 2, 0, width, height))
    return _saved(made.convert(mode), kind, **options)


def noise(kind: str) -> bytes:
    """A picture that cannot be packed well, so that each part of the file holds some of it."""
    return _saved(Image.effect_noise((64, 64), 100).convert("RGB"), kind)


def turned_photograph() -> bytes:
    """A photograph that has been taken with the camera turned, and says where and with what."""
    exif = Image.Exif()
    exif[_ORIENTATION] = 6  # to be turned by a quarter
    exif[_MODEL] = "Secret Camera 5"
    return picture("JPEG", (80, 40), exif=exif, comment=b"a secret comment")


def moving() -> bytes:
    """A picture with two frames."""
    first, second = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    return _saved(first, "GIF", save_all=True, append_images=[second])


def gif_and_script() -> bytes:
    """A picture that a browser would run as a script, and show as a page, if it was told that it is one."""
    gif = picture("GIF")
    return gif.replace(b"GIF87a", b"GIF89a", 1) + b"/*" + SCRIPT + b"*/=1;alert(1)//"


def pixel_bomb() -> bytes:
    """A picture of some bytes that claims billions of pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0" * 100)) + _chunk(b"IEND")
    )


def film(brand: bytes = b"isom") -> bytes:
    """A film in which nothing is seen."""
    return (
        _box(b"ftyp", brand + b"\0\0\2\0" + brand)
        + _box(b"moov", _box(b"mvhd", b"\0" * 100))
        + _box(b"mdat", b"x" * 50)
    )


def document(*more: tuple[str, bytes], main: str = "word/document.xml") -> bytes:
    """A document of an office."""
    return packed(("[Content_Types].xml", b"<Types/>"), (main, b"<w:document/>"), *more)


def open_document(kind: str = ODT, *more: tuple[str, bytes]) -> bytes:
    return packed(("content.xml", b"<office:document/>"), *more, said=kind)


def packed(*entries: tuple[str, bytes], said: str | None = None) -> bytes:
    """An archive of these."""
    into = BytesIO()
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        if said is not None:
            archive.writestr(ZipInfo("mimetype"), said, ZIP_STORED)
        for name, data in entries:
            archive.writestr(name, data)
    return into.getvalue()


def claiming(archive: bytes, entry: str, unpacked: int) -> bytes:
    """The archive, whose directory says that this entry is so large when it is unpacked."""
    changed = bytearray(archive)
    at = changed.rfind(entry.encode()) - 46
    assert changed[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<I", changed, at + 24, unpacked)
    return bytes(changed)


def encrypted(archive: bytes, entry: str) -> bytes:
    """The archive, whose directory says that this entry can be read with a password alone."""
    changed = bytearray(archive)
    at = changed.rfind(entry.encode()) - 46
    struct.pack_into("<H", changed, at + 8, 1)
    return bytes(changed)


def overlapping(archive: bytes, entry: str, packed_bytes: int) -> bytes:
    """The archive, whose directory says that this entry takes so many bytes in it."""
    changed = bytearray(archive)
    at = changed.rfind(entry.encode()) - 46
    struct.pack_into("<I", changed, at + 20, packed_bytes)
    return bytes(changed)


def _saved(made: Image.Image, kind: str, **options: object) -> bytes:
    into = BytesIO()
    made.save(into, kind, **options)
    return into.getvalue()


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data) + 8, kind) + data
