"""What a run learns from and is measured on, gathered into memory once."""

from dataclasses import dataclass

import numpy as np

from fer_core.data.copies import clean_training_rows, deal, find_copies
from fer_core.data.dataset import FaceDataset
from fer_core.errors import RunError
from fer_core.labels import get_scheme
from fer_core.training.config import TrainConfig


@dataclass(frozen=True, eq=False)
class Faces:
    """`images` uint8 `(n, 48, 48)`, `label` int32 `(n,)` classes, `votes` float32 `(n, 10)` shares.

    `taught` float32 `(n, k)` is what teachers answered. A face without votes or without a teacher has a row of zeros
    there, which the loss leaves out.
    """

    images: np.ndarray
    label: np.ndarray
    votes: np.ndarray
    taught: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


def training_rows(dataset: FaceDataset, config: TrainConfig) -> np.ndarray:
    """Rows that a run with `config` learns from: int64, ascending; `RunError` where a class has none."""
    scheme = get_scheme(config.scheme)
    rows = dataset.rows("train", scheme) if config.rows == "all" else clean_training_rows(dataset, scheme)
    if config.folds > 1:
        rows = rows[deal(find_copies(dataset), config.folds)[rows] != config.fold]
    found = np.bincount(scheme.classes(dataset.emotion[rows]), minlength=len(scheme))
    if not found.all():
        raise RunError(
            f"expected Training faces of every class of {scheme.name}, found none of "
            f"{', '.join(np.array(scheme.labels)[found == 0])}; choose another dataset or scheme"
        )
    return rows


def validation_rows(dataset: FaceDataset, config: TrainConfig) -> np.ndarray:
    """Rows that a run with `config` is measured on: int64, ascending; `RunError` where there are none."""
    rows = dataset.rows("validation", get_scheme(config.scheme))
    if not len(rows):
        raise RunError(
            "expected PrivateTest faces to measure the run on, found none; choose a dataset that has the three Usages"
        )
    return rows


def gather(dataset: FaceDataset, rows: np.ndarray, scheme_name: str, taught: np.ndarray | None = None) -> Faces:
    """Read the faces of `rows`, with the teachers' answers to them if there are any, into memory."""
    scheme = get_scheme(scheme_name)
    votes = np.zeros((len(rows), 10), np.float32) if dataset.votes is None else dataset.votes[rows].astype(np.float32)
    votes /= np.maximum(votes.sum(1, keepdims=True), 1)
    label = scheme.classes(dataset.emotion[rows]).astype(np.int32)
    taught = np.zeros((len(rows), len(scheme)), np.float32) if taught is None else taught
    return Faces(np.asarray(dataset.images[rows]), label, votes, taught)
