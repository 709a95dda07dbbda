"""Pictures, made anew from their pixels: nothing else of what was uploaded is kept, be it a place or a script."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from app.media.kinds import Inspected, MediaType, Purpose, Reason, Refused

THUMBNAIL = 320

_MOST_AT_A_SIDE = {Purpose.ATTACHMENT: 4096, Purpose.LOGO: 1024, Purpose.AVATAR: 512}
_FORMATS = {MediaType.JPEG: "JPEG", MediaType.PNG: "PNG", MediaType.GIF: "GIF", MediaType.WEBP: "WEBP"}
_QUALITY = 85
_SCAN = b"\xff\xda"
_MOST_SCANS = 100  # each goes over all the pixels; what people make has ten
_MOST_PIXELS = dict.fromkeys(_FORMATS, 25_000_000) | {MediaType.JPEG: 50_000_000}  # which is decoded smaller than it is


@dataclass(frozen=True, slots=True)
class _Encoding:
    kind: MediaType
    mode: str
    options: dict[str, object]


_JPEG = _Encoding(MediaType.JPEG, "RGB", {"quality": _QUALITY, "optimize": True})
_PNG = _Encoding(MediaType.PNG, "RGBA", {})


def make_anew(data: bytes, declared: MediaType, purpose: Purpose) -> Inspected:
    """The picture, turned as it is meant to be seen, no larger than its purpose asks, and a small one of it.

    Of one that moves it is the first frame. Photographs are JPEG, everything else is PNG. Takes CPU: run it in a
    thread. Raises Refused.
    """
    if declared is MediaType.JPEG and data.count(_SCAN) > _MOST_SCANS:
        raise Refused(Reason.BOMB)
    try:
        with Image.open(BytesIO(data), formats=[_FORMATS[declared]]) as opened:
            _check_pixels(opened, declared)
            picture = _pixels_of(opened, purpose)
        encoding = _PNG if picture.mode == "RGBA" or declared in {MediaType.PNG, MediaType.GIF} else _JPEG
        small = picture.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        return Inspected(
            _encode(picture, encoding),
            encoding.kind,
            picture.width,
            picture.height,
            _encode(small, encoding),
        )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(Reason.TOO_MANY_PIXELS) from error
    except Refused:
        raise
    except Exception as error:  # decoders raise whatever they stumble over, and the file is at fault
        raise Refused(Reason.DAMAGED) from error


def _check_pixels(opened: Image.Image, declared: MediaType) -> None:
    """Raise Refused for more than fit into memory, before any is decoded."""
    if opened.width * opened.height > _MOST_PIXELS[declared]:
        raise Refused(Reason.TOO_MANY_PIXELS)


def _pixels_of(opened: Image.Image, purpose: Purpose) -> Image.Image:
    most = _MOST_AT_A_SIDE[purpose]
    opened.draft("RGB", (most, most))  # a JPEG is decoded to a size near that one
    opened.load()
    picture = ImageOps.exif_transpose(opened)
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if purpose is Purpose.AVATAR:
        side = min(most, *picture.size)
        return ImageOps.fit(picture, (side, side))
    picture.thumbnail((most, most))
    return picture


def _encode(picture: Image.Image, encoding: _Encoding) -> bytes:
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    into = BytesIO()
    bare.save(into, _FORMATS[encoding.kind], **encoding.options)
    return into.getvalue()
