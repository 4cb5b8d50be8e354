"""From faces to what a network learns from, along the study's path.

The study's wrangling, step by step, and where each step is here:

| step | here |
|---|---|
| read the CSV, split the pixel text into numbers | `load_dataset` |
| 1 drop the class left out (Disgust), 2 number the rest from 0 | `ClassScheme.classes`, `select` |
| 3 Training, 4 PrivateTest, 5 PublicTest → train, validation, test | `labels.SPLITS`, `select` |
| 6 labels to one-hot rows | `one_hot` |
| 7 divide by 255, 8 reshape to 48 × 48 × 1 | `scale` |
| 9 measure the training pixels, 10 centre and scale by them | `training_statistics`; the network's first layers |
| 11 batches of 32 | the `study` preset; `training.loop` |
| 12 rotate, shift, zoom and flip a little | `training.augmentation` |

A saved network takes raw pixels and carries 7, 9 and 10 inside itself, so that training gathers uint8 images by row
and nobody can forget a step.
"""

from dataclasses import dataclass

import numpy as np

from fer_core.data.dataset import FaceDataset
from fer_core.errors import DatasetError
from fer_core.labels import ClassScheme

BLOCK = 1024
"""Images summed at a time."""


@dataclass(frozen=True, eq=False)
class Split:
    """The faces of one split that have a class: as arrays, for who wants to go on by hand."""

    rows: np.ndarray
    """int64 `(n,)`, ascending rows of the dataset"""
    images: np.ndarray
    """uint8 `(n, 48, 48)`"""
    classes: np.ndarray
    """int8 `(n,)`, 0 to k - 1"""


def select(dataset: FaceDataset, scheme: ClassScheme, split: str) -> Split:
    """The faces of `split` (train, validation, test) in the classes of `scheme`; `DatasetError` if there are none."""
    rows = dataset.rows(split, scheme)
    if not len(rows):
        raise DatasetError(
            f"{dataset.source}: expected faces of {', '.join(scheme.labels)} in the {split} split, found none"
        )
    return Split(rows, dataset.images[rows], scheme.classes(dataset.emotion[rows]))


def scale(images: np.ndarray) -> np.ndarray:
    """uint8 `(n, 48, 48)` to float32 `(n, 48, 48, 1)` in [0, 1]."""
    return images[..., np.newaxis] / np.float32(255)


def one_hot(classes: np.ndarray, k: int) -> np.ndarray:
    """Classes 0 to k - 1, `(n,)`, to float32 `(n, k)` with a single 1 a row."""
    return np.eye(k, dtype=np.float32)[classes]


def prepare(dataset: FaceDataset, scheme: ClassScheme, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The study's arrays of a split: x float32 `(n, 48, 48, 1)` in [0, 1], y float32 `(n, k)`; raises as `select`."""
    chosen = select(dataset, scheme, split)
    return scale(chosen.images), one_hot(chosen.classes, len(scheme))


def training_statistics(images: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of all pixels of uint8 `(n, 48, 48)`, divided by 255; `ValueError` without an image.

    Exact: the pixels are counted by value, so nothing is rounded and no float copy is made.
    """
    if not len(images):
        raise ValueError("expected at least one image, found none")
    counts = np.zeros(256, np.int64)
    for start in range(0, len(images), BLOCK):
        counts += np.bincount(images[start : start + BLOCK].ravel(), minlength=256)
    values = np.arange(256) / 255
    mean = np.average(values, weights=counts)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=counts)))
