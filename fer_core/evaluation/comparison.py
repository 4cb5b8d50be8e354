"""Several models on the same faces: who is better, and could it be chance.

Models are given as name → `Predictions` of one split and part.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import bdtr

from fer_core.evaluation.intervals import DRAWS, SEED, percentile_interval, proportion, resample
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import Predictions


class Difference(NamedTuple):
    """Macro recall of b minus that of a, with its 95 % interval; all in [-1, 1]."""

    value: float
    low: float
    high: float


def scores_table(models: Mapping[str, Predictions]) -> pd.DataFrame:
    """One row a model: `model`, then the fields of `metrics.Summary`, with `recall_<class>` columns for its recalls.

    Models of different classes may stand together; a recall that a model doesn't have is NaN.
    """
    return pd.DataFrame([_scores_row(name, predictions) for name, predictions in models.items()])


def comparable(models: Mapping[str, Predictions]) -> str | None:
    """None where all models tell the same classes apart on the same faces, else one line that says why not."""
    (first_name, first), *others = models.items()
    if not len(first):
        return f"{first_name} has no faces in this part of the split"
    for name, other in others:
        if reason := _mismatch(first, other):
            return f"{first_name} and {name} {reason}"
    return None


def mcnemar(y_true: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Exact two-sided p that predictions `a` and `b`, classes of shape `(n,)`, are right equally often.

    Only faces where one is right and the other is wrong count (McNemar 1947; for classifiers Dietterich 1998,
    Neural Computation 10, p. 1895): under the null they split as a fair coin.
    """
    only_a = int(((a == y_true) & (b != y_true)).sum())
    only_b = int(((a != y_true) & (b == y_true)).sum())
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def paired_macro_recall_difference(a: Predictions, b: Predictions, draws: int = DRAWS, seed: int = SEED) -> Difference:
    """How much higher the macro recall of `b` is, with the percentile interval of a bootstrap over the shared faces.

    Both models are scored on the same drawn faces, so what makes a draw easy cancels out. `ValueError` where they were
    not evaluated on the same faces, or on none.
    """
    if reason := _mismatch(a, b):
        raise ValueError(f"a and b {reason}")
    if not len(a):
        raise ValueError("expected at least one face to compare on, found none")
    y_true, k = a.y_true, len(a.labels)
    cell = y_true * 4 + (a.y_pred == y_true) * 2 + (b.y_pred == y_true)
    counts = np.bincount(cell, minlength=4 * k).reshape(1, k, 2, 2)  # class, a right, b right
    value = _macro_recall_gain(counts)[0]
    return Difference(float(value), *percentile_interval(_macro_recall_gain(resample(counts[0], draws, seed))))


def difference_sentence(name_a: str, name_b: str, difference: Difference, n: int) -> str:
    """Say a `difference` measured on `n` faces in words: who is better and by how much, or that it may be chance."""
    if difference.low <= 0 <= difference.high:
        return (
            f"no difference between {name_a} and {name_b} that {n:,} faces could show: "
            f"{_points(difference.value, difference.low, difference.high)}"
        )
    if difference.value < 0:
        name_a, name_b = name_b, name_a
        difference = Difference(-difference.value, -difference.high, -difference.low)
    return f"{name_b} is better than {name_a} by {_points(*difference)}"


def _points(value: float, low: float, high: float) -> str:
    return f"{100 * value:.1f} points of macro recall, 95 % interval {100 * low:.1f} to {100 * high:.1f}"


def _scores_row(name: str, predictions: Predictions) -> dict[str, object]:
    fields = asdict(summary(predictions))
    recall = {f"recall_{label}": value for label, value in fields.pop("recall").items()}
    return {"model": name, **fields, **recall}


def _mismatch(a: Predictions, b: Predictions) -> str | None:
    if a.labels != b.labels:
        return f"tell different classes apart: {', '.join(a.labels)} and {', '.join(b.labels)}"
    rows_a, rows_b = a.frame["row"].to_numpy(), b.frame["row"].to_numpy()
    if not np.array_equal(rows_a, rows_b):
        shared = len(np.intersect1d(rows_a, rows_b))
        return f"were evaluated on different faces: {len(a):,} and {len(b):,}, of which they share {shared:,}"
    if differing := int((a.y_true != b.y_true).sum()):
        return f"were evaluated against different labels: {differing:,} of {len(a):,} faces differ"
    return None


def _macro_recall_gain(counts: np.ndarray) -> np.ndarray:
    """Macro recall of b minus that of a, shape `(draws,)`, from face counts `(draws, class, a right, b right)`."""
    gained = counts[:, :, 0, 1] - counts[:, :, 1, 0]
    return np.nanmean(proportion(gained, counts.sum(axis=(2, 3))), axis=1)
