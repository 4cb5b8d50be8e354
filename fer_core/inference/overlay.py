"""Heat laid over a face, as a picture; without TensorFlow."""

import numpy as np
from PIL import Image

_SCALE = np.array(  # cividis: the same order of lightness to every kind of eye (Nuñez et al. 2018, PLOS ONE 13)
    [[0, 34, 78], [63, 76, 108], [124, 123, 120], [185, 173, 107], [254, 232, 56]], float
)
_STRENGTH = 0.6


def overlay(image: np.ndarray, heat: np.ndarray, size: int) -> Image.Image:
    """`image`, uint8 `(48, 48)`, tinted dark blue where `heat`, `(48, 48)` in [0, 1], is 0 and yellow where it is 1.

    `size` is the picture's height and width in pixels. A white line surrounds where the heat is at least half its top.
    """
    grey, warm = (_enlarged(plane, size) for plane in (image.astype(np.float32), heat.astype(np.float32)))
    picture = (1 - _STRENGTH) * grey[..., None] + _STRENGTH * colours(warm)
    picture[_edge(warm >= max(heat.max(), 1e-6) / 2)] = 255
    return Image.fromarray(np.rint(picture.clip(0, 255)).astype(np.uint8))


def beside(image: np.ndarray, heat: np.ndarray, size: int) -> Image.Image:
    """The face, and right of it the same under its `overlay`: `size` high, twice as wide."""
    picture = Image.new("RGB", (2 * size, size))
    picture.paste(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC), (0, 0))
    picture.paste(overlay(image, heat, size), (size, 0))
    return picture


def colours(heat: np.ndarray) -> np.ndarray:
    """The colours of heat in [0, 1], any shape: float `(…, 3)`, 0 to 255."""
    stops = np.linspace(0, 1, len(_SCALE))
    return np.stack([np.interp(heat, stops, channel) for channel in _SCALE.T], axis=-1)


def _enlarged(plane: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(plane).resize((size, size), Image.Resampling.BICUBIC))


def _edge(inside: np.ndarray) -> np.ndarray:
    """The pixels inside that have a neighbour outside; the picture's own rim is none."""
    padded = np.pad(inside, 1, mode="edge")
    neighbours = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~neighbours
