"""Faces as pictures and their bytes, without Streamlit."""

import io
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

SIZE = 96
"""Height and width of a single face, in pixels."""
ACROSS = 4
"""Faces side by side in one picture of a wall: it fits a phone, and several pictures fit a wide screen."""

_FONT, _LINE = 13, 16  # size of the words below a face, and height of a line of them, in pixels


def compose(images: np.ndarray, captions: Sequence[str], ink: str, copied: np.ndarray, size: float) -> Image.Image:
    """One transparent picture of faces, uint8 `(n, 48, 48)`, `ACROSS` side by side, each over its caption in `ink`.

    `size` is that of its letters, see `font_size`.

    Grey, since a coloured one takes twice as long to pack. The badge of those marked in `copied` is white on black.
    """
    captions = [caption.replace("  \n", "\n") for caption in captions]
    tall = SIZE + _LINE * max(caption.count("\n") + 1 for caption in captions) + 4
    picture = Image.new("LA", (ACROSS * SIZE, -(-len(images) // ACROSS) * tall))
    draw, colour, font = ImageDraw.Draw(picture), ImageColor.getcolor(ink, "LA"), ImageFont.load_default(size)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        x, y = index % ACROSS * SIZE, index // ACROSS * tall
        picture.paste(enlarged(image, SIZE - 4), (x + 2, y))
        draw.multiline_text((x + SIZE / 2, y + SIZE), caption, colour, font, anchor="ma", align="center", spacing=3)
        if copied[index]:
            draw.rectangle((x + 2, y, x + 40, y + 17), (0, 255), (255, 255))
            draw.text((x + 21, y + 8), "copy", (255, 255), ImageFont.load_default(12), anchor="mm")
    return picture


def font_size(captions: Sequence[str]) -> float:
    """The size at which the longest line is no wider than a face."""
    lines = {line for caption in captions for line in caption.split("  \n")}
    font, room = ImageFont.load_default(_FONT), SIZE - 6
    return _FONT * min(room / max(map(font.getlength, lines)), 1)


def enlarged(image: np.ndarray, size: int) -> Image.Image:
    """A face, uint8 `(48, 48)`, `size` pixels wide."""
    return Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)


def png(picture: Image.Image) -> bytes:
    """Packed fast: it goes to a browser near by, and the reader waits for it."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def data_url(image: np.ndarray) -> str:
    """A face, uint8 `(48, 48)`, as the address of itself, for a table."""
    return f"data:image/png;base64,{b64encode(png(Image.fromarray(image))).decode()}"
