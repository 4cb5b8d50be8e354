"""An uploaded picture becomes pixels, in memory only.

What comes out is uint8 `(h, w, 3)`, RGB, upright, 0 to 255, of the first frame.
"""

import importlib.util
import struct
import zlib
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fer_core.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP")
HEIC_SUFFIXES = (".heic", ".heif")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", *HEIC_SUFFIXES)
MAX_PIXELS = 25_000_000

_TOO_LARGE = f"expected a picture of at most {MAX_PIXELS // 10**6} megapixels, found {{}}: make it smaller first"
_NO_HEIC = "expected a JPEG, PNG or WebP picture, found HEIC: pip install pillow-heif, or export it as JPEG"
_BRANDS = {
    b"avif": "an AVIF picture: export it as one of these",
    b"avis": "an AVIF picture: export it as one of these",
    b"crx ": "a raw photo: export it as one of these",
    b"M4A ": "a sound recording: choose a picture",
    b"M4B ": "a sound recording: choose a picture",
}
"""What else than videos is kept in the box of MP4, by its brand."""
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_OTHERS = {
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"%PDF": "a PDF",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML file",
    b"<!DOCTYPE": "a page of the web",
    b"<html": "a page of the web",
    b"PK\3\4": "a ZIP archive",
}
"""How files begin that people take for pictures."""
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, AttributeError, EOFError, OverflowError),
    *(RuntimeError, struct.error, zlib.error),
)
"""What Pillow's decoders, and pillow-heif's, raise on bytes that are cut short or wrong."""


def read_photo(data: bytes) -> np.ndarray:
    """Decode a JPEG, PNG, WebP, or HEIC where `pillow-heif` is installed, known by its content and not by its name.

    Turned upright by its EXIF orientation; transparent parts become white. Raises `PhotoError` for any other
    content, a damaged file, or more than 25 megapixels (told by the header, before any pixel is decoded).
    """
    if not data:
        raise PhotoError("expected a picture, found an empty file")
    if is_heic(data) and not reads_heic():
        raise PhotoError(_NO_HEIC)
    try:
        upright = _decode(data)
    except UnidentifiedImageError:
        raise PhotoError(f"expected a JPEG, PNG, WebP or HEIC picture, found {_found(data)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(_TOO_LARGE.format("far more")) from None
    except _DAMAGED as error:
        cause = " ".join(str(error).split())
        raise PhotoError(f"expected a whole picture, found a damaged one ({cause}): save or upload it again") from None
    return np.asarray(_rgb(upright))


def is_heic(data: bytes) -> bool:
    """Whether a file says of itself that it is HEIC, as phones save photos (ISO/IEC 23008-12, annex B)."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS


def _found(data: bytes) -> str:
    """What a file that is no picture is taken for by its first bytes, and what to do."""
    if data[4:8] == b"ftyp" and data[8:12] in _BRANDS:
        return _BRANDS[data[8:12]]
    if data[4:8] == b"ftyp" or data.startswith(b"\x1a\x45\xdf\xa3"):
        return "a video: open it on the page Timeline"
    for begin, kind in _OTHERS.items():
        if data[:80].lstrip().startswith(begin):
            return f"{kind}: export it as one of these"
    return f"another or a broken file that begins with {repr(data[:8])[1:]}: export it as one of these"


@cache
def reads_heic() -> bool:
    """Whether `pillow-heif` is installed; if so Pillow knows of it from now on."""
    if not importlib.util.find_spec("pillow_heif"):
        return False
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return True


def _decode(data: bytes) -> Image.Image:
    formats = ("HEIF",) if is_heic(data) else FORMATS
    with Image.open(BytesIO(data), formats=formats) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PhotoError(_TOO_LARGE.format(f"{width} × {height}"))
        image.load()
        image.getexif()  # is kept; what it was read from goes, as turning would write it anew, odd entries included
        for source in ("exif", "Raw profile type exif"):
            image.info.pop(source, None)
        return ImageOps.exif_transpose(image)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # a 16-bit grey PNG, which convert("L") would clip at 255
        return Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")
