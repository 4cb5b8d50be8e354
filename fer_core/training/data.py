"""What a run learns from and is measured on, gathered into memory once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fer_core.data.copies import clean_training_rows, deal, find_copies
from fer_core.data.dataset import FaceDataset
from fer_core.data.versions import apply, read_version, version_file
from fer_core.errors import RunError
from fer_core.integrity import sha256_of
from fer_core.labels import SPLITS, get_scheme
from fer_core.training.config import TrainConfig


@dataclass(frozen=True, eq=False)
class Faces:
    """`images` uint8 `(n, 48, 48)`, `label` int32 `(n,)` classes, `votes` float32 `(n, 10)` shares.

    `taught` float32 `(n, k)` is what teachers answered, `heard` float32 `(n, k)` what they heard of the votes, as in
    `teachers.evidence`. A face without votes or without a teacher has rows of zeros there, which the loss leaves out.
    """

    images: np.ndarray
    label: np.ndarray
    votes: np.ndarray
    taught: np.ndarray
    heard: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


def versioned(dataset: FaceDataset, config: TrainConfig) -> FaceDataset:
    """`dataset` as a run with `config` learns from it: its version changes the Training faces and no others.

    What a run is measured on stays as it was read, so that scores of different versions compare. Raises `VersionError`
    where the dataset has no such version.
    """
    if not config.version:
        return dataset
    return apply(dataset, read_version(dataset, config.version), SPLITS["train"])


def check_version(record: Mapping) -> None:
    """Raise `RunError` where the version that a run was created with is gone or no longer the same.

    `record` is the run's own, or what another model's keeps of it.
    """
    if not (name := record["settings"].get("version")):
        return
    dataset = record["dataset"]
    path = version_file(dataset["fingerprint"], name)
    found = f"sha256 {sha256_of(path)}" if path.is_file() else "none"
    if found != (expected := f"sha256 {dataset.get('version_sha256')}"):
        run = record.get("id") or record["name"]
        raise RunError(
            f"run {run!r}: expected version {name!r} as it was when the run was created ({expected[:19]}), found "
            f"{found[:19]}; put that file back, or create a new run"
        )


def votes_sha256(dataset: FaceDataset) -> str | None:
    """Which annotators' votes a run learns from; None where there are none."""
    return None if dataset.votes is None else hashlib.sha256(dataset.votes.tobytes()).hexdigest()


def training_rows(dataset: FaceDataset, config: TrainConfig) -> np.ndarray:
    """Rows that a run with `config` learns from: int64, ascending; `dataset` as it was read.

    Raises `RunError` where a class has none, and as `versioned`.
    """
    dataset, scheme = versioned(dataset, config), get_scheme(config.scheme)
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


def gather(dataset: FaceDataset, rows: np.ndarray, scheme_name: str) -> Faces:
    """Read the faces of `rows` into memory, taught by nobody."""
    scheme = get_scheme(scheme_name)
    votes = np.zeros((len(rows), 10), np.float32) if dataset.votes is None else dataset.votes[rows].astype(np.float32)
    votes /= np.maximum(votes.sum(1, keepdims=True), 1)
    label = scheme.classes(dataset.emotion[rows]).astype(np.int32)
    nothing = np.zeros((len(rows), len(scheme)), np.float32)
    return Faces(np.asarray(dataset.images[rows]), label, votes, nothing, nothing)
