"""Picture files for tests, and something that answers where a network answers."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

LABELS = ("Sad", "Happy", "Neutral")


class Brightness:
    """Stands where a trained classifier stands: the brighter, the happier."""

    labels = LABELS

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        happy = images.mean((1, 2)) / 255
        return np.stack([(1 - happy) / 2, happy, (1 - happy) / 2], axis=1).astype(np.float32)


def png(array: np.ndarray) -> bytes:
    """An encoded picture of `array`, uint8 `(h, w)` or `(h, w, 3)`."""
    file = BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def write_faces(folder: Path, count: int) -> list[str]:
    """Pictures of 48 × 48, faces as they are, of different brightness, in three folders; every 20th is damaged.

    Returns their paths, in order.
    """
    rng, paths = np.random.default_rng(count), []
    for number in range(count):
        path = folder / f"{number % 3}" / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        face = np.full((48, 48), rng.integers(256), np.uint8)
        path.write_bytes(png(face) if number % 20 else b"no picture")
        paths.append(str(path))
    return sorted(paths)
