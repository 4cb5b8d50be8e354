"""What is different between two versions of a dataset, or between one and the dataset as it was read."""

import numpy as np
import pandas as pd

from fer_core.data.dataset import FaceDataset
from fer_core.data.versions import Version, codes_of
from fer_core.labels import EMOTIONS, OUT, USAGES

LEFT_OUT = "left out"
LABELS = (*EMOTIONS, LEFT_OUT)


def changes(dataset: FaceDataset, before: Version | None, after: Version | None) -> pd.DataFrame:
    """How many faces go from which label to which: columns `usage, before, after, n`, 192 rows.

    A label is the name of an emotion or `LEFT_OUT`; None stands for the dataset's own labels. All faces are counted,
    so those that stay are the rows where `before` equals `after`. Raises `VersionError` for another dataset's version.
    """
    cell = len(LABELS) * _labels(dataset, before) + _labels(dataset, after)
    size = len(LABELS) ** 2
    n = [np.bincount(cell[dataset.usage == usage], minlength=size) for usage in USAGES]
    pairs = [(usage, *pair) for usage in USAGES for pair in ((old, new) for old in LABELS for new in LABELS)]
    return pd.DataFrame(pairs, columns=["usage", "before", "after"]).assign(n=np.concatenate(n))


def changed_only(frame: pd.DataFrame) -> pd.DataFrame:
    """Of `changes`, all Usages together, what changed: columns `before, after, n`, the most frequent first."""
    moved = frame[(frame["before"] != frame["after"]) & (frame["n"] > 0)]
    sums = moved.groupby(["before", "after"])["n"].sum().reset_index()
    return sums.sort_values("n", ascending=False, kind="stable", ignore_index=True)


def class_totals(frame: pd.DataFrame) -> pd.DataFrame:
    """Faces of each label on either side of `changes`: columns `label, before, after`, 8 rows."""
    sides = {side: frame.groupby(side)["n"].sum().reindex(LABELS) for side in ("before", "after")}
    return pd.DataFrame(sides).rename_axis("label").reset_index()


def changed_rows(
    dataset: FaceDataset, before: Version | None, after: Version | None, pair: tuple[str, str]
) -> np.ndarray:
    """Rows that go from the first label of `pair` to the second: int64, ascending."""
    old, new = map(LABELS.index, pair)
    return np.flatnonzero((_labels(dataset, before) == old) & (_labels(dataset, after) == new))


def _labels(dataset: FaceDataset, version: Version | None) -> np.ndarray:
    """Index into `LABELS` of each face: int64 `(n,)`."""
    codes = dataset.emotion if version is None else codes_of(dataset, version)
    return np.where(codes == OUT, LABELS.index(LEFT_OUT), codes).astype(np.int64)
