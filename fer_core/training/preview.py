"""What `augmentation` does to faces, without TensorFlow: to look at settings before a run.

The same ranges and formulas in NumPy, so that the same random numbers give the same faces; a test holds the two equal.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from fer_core.data.dataset import SIDE
from fer_core.training.config import TrainConfig


@dataclass(frozen=True)
class Chance:
    """The random numbers of `n` faces; each stream is independent of the others, as in `augmentation.Chance`."""

    seed: int
    n: int

    def uniform(self, stream: int, low: float, high: float) -> np.ndarray:
        """Numbers `(n,)` from `low` to `high`."""
        return np.random.default_rng((self.seed, stream)).uniform(low, high, self.n)

    def beta(self, stream: int, alpha: float) -> np.ndarray:
        """Numbers `(n,)` of the Beta(alpha, alpha) distribution."""
        return np.random.default_rng((self.seed, stream)).beta(alpha, alpha, self.n)


def augmented(images: np.ndarray, chance: Chance, config: TrainConfig) -> np.ndarray:
    """Faces as a run with `config` would see them at full size: uint8 `(n, 48, 48)` to the same.

    With mixup each is blended with its neighbour, so `n` must then be even.
    """
    x = _moved(images.astype(np.float32), chance, config)
    if config.erasing:
        x = _erased(x, chance, config.erasing)
    if config.mixup:
        x = _blended(x, chance, config.mixup)
    return np.rint(x.clip(0, 255)).astype(np.uint8)


def _moved(x: np.ndarray, chance: Chance, config: TrainConfig) -> np.ndarray:
    """Turn, zoom, mirror and shift about the centre; outside the picture the edge is repeated."""
    turn, shift = math.radians(config.rotation), config.shift * SIDE
    angle = chance.uniform(0, -turn, turn)
    zoom = chance.uniform(1, 1 - config.zoom, 1 + config.zoom)
    mirror = np.where(chance.uniform(2, -1, 1) < 0, -1, 1) if config.flip else np.ones_like(angle)
    across, down = (_per_pixel(chance.uniform(stream, -shift, shift)) for stream in (3, 4))
    cosine, sine, mirror = (_per_pixel(part) for part in (zoom * np.cos(angle), zoom * np.sin(angle), mirror))
    centre = (SIDE - 1) / 2
    row, column = np.mgrid[:SIDE, :SIDE] - centre
    from_row = centre + down + sine * mirror * column + cosine * row  # (n, 48, 48)
    from_column = centre + across + cosine * mirror * column - sine * row
    places = np.stack([from_row, from_column], axis=1)
    return np.stack(
        [map_coordinates(face, place, order=1, mode="nearest") for face, place in zip(x, places, strict=True)]
    )


def _erased(x: np.ndarray, chance: Chance, probability: float) -> np.ndarray:
    """Grey a random rectangle of each chosen face to the face's mean."""
    lengths = [chance.uniform(stream, 0.1, 0.4) for stream in (5, 6)]  # height, width: shares of the side
    place = (np.arange(SIDE) + 0.5) / SIDE
    inside = []
    for stream, length in zip((7, 8), lengths, strict=True):
        start = chance.uniform(stream, 0, 1) * (1 - length)
        inside.append((place >= start[:, np.newaxis]) & (place < (start + length)[:, np.newaxis]))  # (n, 48)
    hole = inside[0][:, :, np.newaxis] & inside[1][:, np.newaxis, :]
    hole &= _per_pixel(chance.uniform(9, 0, 1) < probability)
    return np.where(hole, x.mean((1, 2), keepdims=True), x)


def _blended(x: np.ndarray, chance: Chance, alpha: float) -> np.ndarray:
    share = chance.beta(10, alpha)
    share = _per_pixel(np.maximum(share, 1 - share))
    neighbour = x.reshape(-1, 2, SIDE, SIDE)[:, ::-1].reshape(x.shape)
    return share * x + (1 - share) * neighbour


def _per_pixel(numbers: np.ndarray) -> np.ndarray:
    """Numbers of each face, `(n,)`, as they meet its pixels: `(n, 1, 1)`."""
    return np.reshape(numbers, (-1, 1, 1))
