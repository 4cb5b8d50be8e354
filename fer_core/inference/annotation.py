"""A photo with its faces boxed, and with words below it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_core.inference.detectors import Box
from fer_core.inference.predict import FaceResult

_NARROWEST = 240
"""Width, in pixels, of what carries words."""
_SMALLEST = 14
"""Size, in pixels, of a number's font."""


def annotate(
    photo: np.ndarray, faces: Iterable[FaceResult], colours: Mapping[str, str], numbers: Iterable[int] | None = None
) -> Image.Image:
    """A copy of `photo`, uint8 `(h, w, 3)`, with the faces boxed, in the colour of their label, and numbered: from 1,
    or with their `numbers`.

    `colours` maps class name → "#rrggbb"; a face without a label, or a label without a colour, is white.
    """
    picture = Image.fromarray(photo)
    draw = ImageDraw.Draw(picture)
    line = max(1, round(max(picture.size) / 250))
    font = ImageFont.load_default(max(8 * line, _SMALLEST))
    for number, face in zip(numbers or count(1), faces, strict=False):
        box, colour = face.box, colours.get(face.label or "", "white")
        edge = (box.x, box.y, box.x + box.w - 1, box.y + box.h - 1)
        around = (edge[0] - line, edge[1] - line, edge[2] + line, edge[3] + line)
        draw.rectangle(around, outline="#222222", width=2 * line + 1)  # to be seen on a picture of any brightness
        draw.rectangle(edge, outline=colour, width=line)
        _, _, wide, high = draw.textbbox((0, 0), str(number), font)
        wide, high = wide + 4 * line, high + 3 * line
        top = _tag_top(box, round(high - line), picture.height)
        draw.rectangle((box.x, top, box.x + wide, top + high), fill="#222222", outline=colour, width=line)
        draw.text((box.x + 2 * line, top + line), str(number), "white", font)
    return picture


def _tag_top(box: Box, high: int, height: int) -> int:
    """Where a face's number stands: above it where there is room, else below, else on it."""
    if box.y > high:
        return box.y - high
    return box.y + box.h if box.y + box.h + high < height else box.y


def scaled(face: FaceResult, scale: float) -> FaceResult:
    """The same face in a picture that is `scale` times as large."""
    x, y, w, h = (round(value * scale) for value in (face.box.x, face.box.y, face.box.w, face.box.h))
    return replace(face, box=Box(x, y, max(w, 1), max(h, 1), face.box.confidence))


def captioned(picture: Image.Image, text: str) -> Image.Image:
    """`picture` above `text`, black on white, in lines as wide as it is, or as a tiny one needs."""
    width = max(picture.width, _NARROWEST)
    size = max(11, width // 60)
    font, room = ImageFont.load_default(size), width - size
    lines = [line for part in text.splitlines() for line in _wrapped(part, font, room)]
    whole = Image.new("RGB", (width, picture.height + round(1.3 * size * (len(lines) + 0.5))), "white")
    whole.paste(picture)
    for number, line in enumerate(lines):
        ImageDraw.Draw(whole).text((size / 2, picture.height + size * (0.3 + 1.3 * number)), line, "black", font)
    return whole


def _wrapped(text: str, font, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
