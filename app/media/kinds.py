"""What files may be, by their content, and what they may be for."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    ATTACHMENT = "attachment"
    LOGO = "logo"
    AVATAR = "avatar"


class MediaType(StrEnum):
    """The types that are taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    PDF = "application/pdf"
    TEXT = "text/plain"
    CSV = "text/csv"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ODT = "application/vnd.oasis.opendocument.text"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    MP4 = "video/mp4"
    MOV = "video/quicktime"

    @property
    def is_image(self) -> bool:
        """Whether it is made anew from its pixels, so that browsers may show it."""
        return self in IMAGES


IMAGES = frozenset({MediaType.JPEG, MediaType.PNG, MediaType.GIF, MediaType.WEBP})
SUFFIXES = {
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.PNG: (".png",),
    MediaType.GIF: (".gif",),
    MediaType.WEBP: (".webp",),
    MediaType.PDF: (".pdf",),
    MediaType.TEXT: (".txt", ".log", ".md"),
    MediaType.CSV: (".csv",),
    MediaType.DOCX: (".docx",),
    MediaType.XLSX: (".xlsx",),
    MediaType.ODT: (".odt",),
    MediaType.ODS: (".ods",),
    MediaType.MP4: (".mp4", ".m4v"),
    MediaType.MOV: (".mov",),
}
"""How names of each type may end; the first is added to one that ends otherwise."""

MOST_BYTES = {Purpose.ATTACHMENT: 25 * 1024 * 1024, Purpose.LOGO: 5 * 1024 * 1024, Purpose.AVATAR: 5 * 1024 * 1024}


class Reason(StrEnum):
    """Why a file is refused."""

    SIZE = "size"
    TYPE_UNKNOWN = "type-unknown"
    TYPE_DIFFERS = "type-differs"
    AMBIGUOUS = "ambiguous"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too-many-pixels"
    BOMB = "bomb"
    MACROS = "macros"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that is taken, as it will be kept."""

    data: bytes
    content_type: MediaType
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None
    """Of the same type."""


class Refused(Exception):
    """A file that is not."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
