"""From faces to what a network learns from, along the study's path.

The study's wrangling, step by step, and where each step is here:

| step | here |
|---|---|
| 1 read the CSV, 2 split the pixel text into numbers, 3 make images of them | `load_dataset` |
| 4 count the classes | `class_counts` |
| 5 drop the classes left out (Disgust), 6 number the rest from 0, 7 split by Usage | `select` |
| 8 add the channel's axis, 9 divide by 255 | `scale` |
| 10 make labels one-hot rows | `one_hot` |
| 11 measure mean and standard deviation of the training pixels | `training_statistics` |
| 12 centre and scale by them | the network's first layers |

A saved network takes raw pixels and carries 9, 11 and 12 inside itself, so that training gathers uint8 images by row
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
    """The faces of one split that have a class: what training and evaluation gather from."""

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
