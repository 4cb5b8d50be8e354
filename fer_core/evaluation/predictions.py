"""What a model said about every validation and test face: the input of all evaluation.

| column | dtype | values |
|---|---|---|
| `row` | int64 | row of the dataset, unique, ascending |
| `usage` | str | FER's Usage, `labels.USAGES` |
| `label` | int8 | true class, index into the model's labels |
| `leak` | str | `exact` or `near` where the face is a copy of a training row, else empty |
| `p_<class>` | float32 | probability of the class; one column a class, in class order; each row sums to 1 |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from fer_core.data.versions import Version
from fer_core.errors import ModelError
from fer_core.labels import SPLITS, USAGES, ClassScheme, choose

LEAKS = ("", "exact", "near")
PARTS = {"raw": LEAKS, "honest": ("",)}
"""Part of a split → the leaks it admits: `honest` leaves every copy of a training face out."""

SUM_TOLERANCE = 1e-3  # a float32 softmax is off by 1e-6; a wrong column by far more


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of a model whose classes are `labels`; `frame` is the module's table."""

    frame: pd.DataFrame
    labels: tuple[str, ...]

    def select(self, split: str, part: str = "raw") -> "Predictions":
        """The faces of `split` (validation, test), all of them (`raw`) or without leaked ones (`honest`).

        Kept for the next who asks, with all that is worked out from them: a page asks at every click.
        """
        usage, leaks = choose("split", split, SPLITS), choose("part", part, PARTS)
        if (split, part) not in self._selected:
            wanted = (self.frame["usage"] == usage) & self.frame["leak"].isin(leaks)
            self._selected[split, part] = Predictions(self.frame[wanted].reset_index(drop=True), self.labels)
        return self._selected[split, part]

    def of_row(self, row: int) -> dict[str, float] | None:
        """The probability of each class of the face in that row of the dataset; None where it was not asked about."""
        at = self.frame["row"].searchsorted(row)
        if at == len(self) or self.frame["row"].iloc[at] != row:
            return None
        return dict(zip(self.labels, map(float, self.y_prob[at]), strict=True))

    def to_csv(self) -> str:
        """The table as text, its labels by name: what `inference.external` reads again."""
        return self.frame.assign(label=[self.labels[label] for label in self.y_true]).to_csv(index=False)

    def relabelled(self, version: Version, scheme: ClassScheme) -> "Predictions":
        """The same answers beside the labels of `version`, a version of the dataset that they are about.

        `scheme` is the model's. Faces that the version leaves out go, and those whose label is now none of the classes.
        A face that only has a class now was never asked about, and doesn't come in.
        """
        classes = pd.Series(scheme.classes(np.array(list(version.labels.values()), np.int8)), list(version.labels))
        label = self.frame["row"].map(classes).fillna(self.frame["label"]).astype(np.int8)
        kept = (label >= 0) & ~self.frame["row"].isin(version.excluded)
        return Predictions(self.frame.assign(label=label)[kept].reset_index(drop=True), self.labels)

    @cached_property
    def _selected(self) -> dict[tuple[str, str], "Predictions"]:
        return {}

    @cached_property
    def y_true(self) -> np.ndarray:
        """True classes, int64 of shape `(n,)`."""
        return self.frame["label"].to_numpy(np.int64)

    @cached_property
    def y_prob(self) -> np.ndarray:
        """Probabilities in [0, 1], float32 of shape `(n, k)`."""
        return self.frame[probability_columns(self.labels)].to_numpy(np.float32)

    @cached_property
    def y_pred(self) -> np.ndarray:
        """The most probable classes, int64 of shape `(n,)`; the first of equals."""
        return self.y_prob.argmax(axis=1)

    def __len__(self) -> int:
        return len(self.frame)


def predictions_frame(
    rows: np.ndarray,
    usage: np.ndarray,
    label: np.ndarray,
    leak: np.ndarray,
    y_prob: np.ndarray,
    labels: Sequence[str],
) -> pd.DataFrame:
    """Lay arrays of shape `(n,)`, and `y_prob` of shape `(n, k)`, out as the module's table, ascending by row."""
    frame = pd.DataFrame(np.asarray(y_prob, np.float32), columns=probability_columns(labels))
    frame.insert(0, "row", np.asarray(rows, np.int64))
    frame.insert(1, "usage", np.asarray(usage, str))
    frame.insert(2, "label", np.asarray(label, np.int8))
    frame.insert(3, "leak", np.asarray(leak, str))
    return frame.sort_values("row", ignore_index=True)


def read_predictions(path: Path, labels: Sequence[str]) -> Predictions:
    """Read `predictions.parquet` of a model with classes `labels`; `ModelError` where it is not the module's table."""
    name = f"{path.parent.name}/{path.name}"  # the folder is the model's
    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError:
        raise ModelError(
            f"{name}: expected the model's predictions, found no file; it was renamed or deleted, or has not been "
            "trained to its end"
        ) from None
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        cause = " ".join(str(error).split())
        raise ModelError(f"{name}: expected a readable parquet file, found: {cause}; evaluate it again") from error
    if fault := _column_fault(frame, labels) or _value_fault(frame, labels):
        raise ModelError(f"{name}: {fault}; evaluate the model again")
    return Predictions(frame.sort_values("row", ignore_index=True), tuple(labels))


def probability_columns(labels: Sequence[str]) -> list[str]:
    """Names of the columns of the probabilities, in class order."""
    return [f"p_{label}" for label in labels]


def _column_fault(frame: pd.DataFrame, labels: Sequence[str]) -> str | None:
    """Say which columns are missing, unknown or of a wrong kind."""
    kinds = {"row": "i", "usage": "O", "label": "i", "leak": "O"} | dict.fromkeys(probability_columns(labels), "f")
    missing, unknown = [name for name in kinds if name not in frame], [name for name in frame if name not in kinds]
    if missing or unknown:
        return f"expected columns {', '.join(kinds)}; missing {missing}, unknown {unknown}"
    wrong = [f"{name} {frame[name].dtype}" for name, kind in kinds.items() if frame[name].dtype.kind != kind]
    return f"expected whole numbers, words and fractions; found {', '.join(wrong)}" if wrong else None


def _value_fault(frame: pd.DataFrame, labels: Sequence[str]) -> str | None:
    """Say the first thing that is wrong with the values."""
    y_prob = frame[probability_columns(labels)].to_numpy()
    sums = y_prob.sum(axis=1)
    wrong_sum = ~(np.abs(sums - 1) <= SUM_TOLERANCE) | (y_prob < 0).any(axis=1)  # NaN compares false, so it is wrong
    wrong = {
        "each row once": frame["row"].duplicated(),
        f"usage among {', '.join(USAGES)}": ~frame["usage"].isin(USAGES),
        f"label from 0 to {len(labels) - 1}": ~frame["label"].between(0, len(labels) - 1),
        "leak empty, exact or near": ~frame["leak"].isin(LEAKS),
        "probabilities from 0 to 1 that sum to 1": wrong_sum,
    }
    for expected, where in wrong.items():
        if where.any():
            return f"expected {expected}, found otherwise in {int(where.sum()):,} of {len(frame):,} rows"
    return None
