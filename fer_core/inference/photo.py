"""An uploaded picture becomes pixels, in memory only.

What comes out is uint8 `(h, w, 3)`, RGB, upright, 0 to 255, of the first frame.
"""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fer_core.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
MAX_PIXELS = 25_000_000

_TOO_LARGE = f"expected a picture of at most {MAX_PIXELS // 10**6} megapixels, found {{}}: make it smaller first"
_DAMAGED = (OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, OverflowError, struct.error, zlib.error)
"""What Pillow's decoders raise on bytes that are cut short or wrong."""


def read_photo(data: bytes) -> np.ndarray:
    """Decode a JPEG, PNG or WebP, known by its content and not by its name.

    Turned upright by its EXIF orientation; transparent parts become white. Raises `PhotoError` for any other
    content, a damaged file, or more than 25 megapixels (told by the header, before any pixel is decoded).
    """
    if not data:
        raise PhotoError("expected a picture, found an empty file")
    try:
        upright = _decode(data)
    except UnidentifiedImageError:
        found = f"another or a broken file that begins with {repr(data[:8])[1:]}"
        raise PhotoError(f"expected a JPEG, PNG or WebP picture, found {found}: export it as one of these") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(_TOO_LARGE.format("far more")) from None
    except _DAMAGED as error:
        raise PhotoError(f"expected a whole picture, found a damaged one ({error}): save or upload it again") from None
    return np.asarray(_rgb(upright))


def _decode(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PhotoError(_TOO_LARGE.format(f"{width} × {height}"))
        image.load()
        return ImageOps.exif_transpose(image)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # a 16-bit grey PNG, which convert("L") would clip at 255
        return Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")
