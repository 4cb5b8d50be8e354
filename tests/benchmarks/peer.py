"""The peer package `fer` (J. Shenk, github.com/justinshenk/fer) as the benchmarks ask it: its classifier alone.

Its network learned FER2013's Training faces, on 64 × 64 pixels, in seven classes whose order is the dataset's own.
"""

import importlib.util

import numpy as np
from PIL import Image

from fer_core.labels import EMOTIONS

SIDE = 64
MISSING = "the peer package fer isn't installed here: pip install fer, and run it again to see it beside"


def installed() -> bool:
    return importlib.util.find_spec("fer") is not None


class Peer:
    """`quantized` is what it does by default, a LiteRT network asked face by face; otherwise its Keras network."""

    def __init__(self, *, quantized: bool) -> None:
        from fer.fer import FER

        self._fer = FER(use_tflite=quantized)
        if [name.title() for name in self._fer._get_labels().values()] != list(EMOTIONS):
            raise RuntimeError(f"fer: expected its classes to be {EMOTIONS}, found {self._fer._get_labels()}")

    @staticmethod
    def ready(faces: np.ndarray) -> np.ndarray:
        """uint8 `(n, 48, 48)` as `detect_emotions` prepares them: float32 `(n, 64, 64)` in [-1, 1]."""
        shown = [np.asarray(Image.fromarray(face).resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for face in faces]
        return (np.stack(shown).astype(np.float32) / 255 - 0.5) * 2

    def probabilities(self, ready: np.ndarray) -> np.ndarray:
        """Float32 `(n, 7)` of faces that are `ready`."""
        return np.asarray(self._fer._classify_emotions(ready))
