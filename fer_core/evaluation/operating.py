"""An operating point: some classes are found as often as is asked, at the others' expense.

The *score* of the group is the sum of its classes' probabilities. Where it is at least the threshold the answer is the
most probable class of the group, elsewhere the most probable of the others. Arrays are `y_true` and answers int64
`(n,)`, `y_prob` `(n, k)`; shares are in [0, 1], intervals 95 %.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_core.evaluation.intervals import macro_recall_interval, proportion, share
from fer_core.evaluation.metrics import confusion

MOST_PROBABLE, CHOSEN = "most probable", "operating point"


@dataclass(frozen=True)
class OperatingPoint:
    """The classes of `group`, the `threshold` of their score, and the `recall` that it was chosen for."""

    group: tuple[str, ...]
    threshold: float
    recall: float

    def answers(self, y_prob: np.ndarray, labels: Sequence[str]) -> np.ndarray:
        """The answers to faces of which the classes `labels` have the probabilities `y_prob`."""
        inside = np.isin(labels, self.group)
        best = [np.where(among, y_prob, -1).argmax(axis=1) for among in (~inside, inside)]
        return np.where(_score(y_prob, inside) >= self.threshold, best[1], best[0])


def fit_point(
    y_true: np.ndarray, y_prob: np.ndarray, labels: Sequence[str], group: Sequence[str], recall: float
) -> OperatingPoint:
    """The largest threshold at which `recall` of the faces labelled with a class of `group` reach it.

    Give validation faces. `ValueError` unless `group` is some of `labels` but not all, one of these faces is labelled
    so, and `recall` is above 0 and at most 1.
    """
    check_group(group, labels)
    if not 0 < recall <= 1:
        raise ValueError(f"recall: expected above 0 and at most 1, found {recall}")
    inside = np.isin(labels, group)
    scores = np.sort(_score(y_prob, inside)[inside[y_true]])[::-1]
    if not len(scores):
        raise ValueError(f"y_true: expected a face labelled {' or '.join(group)}, found none")
    needed = math.ceil(recall * len(scores) - 1e-9)  # 0.07 · 100 is a little above 7
    return OperatingPoint(tuple(group), float(scores[needed - 1]), recall)


def check_group(group: Sequence[str], labels: Sequence[str]) -> None:
    """Raise `ValueError` unless `group` is some of `labels`, each once, but not all of them."""
    if not 0 < len(group) < len(labels) or len(set(group)) < len(group) or not set(group) <= set(labels):
        raise ValueError(f"group: expected some of {', '.join(labels)}, not all, found {', '.join(group) or 'none'}")


def rules(point: OperatingPoint, y_prob: np.ndarray, labels: Sequence[str]) -> dict[str, np.ndarray]:
    """The answers of `MOST_PROBABLE` and of `CHOSEN`, by these names."""
    return {MOST_PROBABLE: y_prob.argmax(axis=1), CHOSEN: point.answers(y_prob, labels)}


def group_scores(
    y_true: np.ndarray, answers: Mapping[str, np.ndarray], labels: Sequence[str], group: Sequence[str]
) -> pd.DataFrame:
    """One row a rule of `answers`, name → answers: how well it tells the classes of `group` from the others.

    Columns: `rule`, `n` faces labelled so, `n_called` so, `recall` and `precision` of the group as one class, whichever
    of its classes it is; and of all classes `macro_recall` and `accuracy`. Each has its `_low` and `_high`.
    """
    inside, k = np.isin(labels, group), len(labels)
    return pd.DataFrame([_row(rule, confusion(y_true, given, k), inside) for rule, given in answers.items()])


def who_pays(
    y_true: np.ndarray, before: np.ndarray, after: np.ndarray, labels: Sequence[str], group: Sequence[str]
) -> pd.DataFrame:
    """One row a class: `label`, whether it is `in_group`, `n` faces, `recall_before` and `recall_after`, each with its
    `_low` and `_high`, and the number of its faces that are right only after (`won`) or only before (`lost`).
    """
    was, is_now = before == y_true, after == y_true
    n = _count(y_true, labels)
    return pd.DataFrame(
        {"label": labels, "in_group": np.isin(labels, group), "n": n}
        | share("recall_before", _count(y_true[was], labels), n)
        | share("recall_after", _count(y_true[is_now], labels), n)
        | {"won": _count(y_true[is_now & ~was], labels), "lost": _count(y_true[was & ~is_now], labels)}
    )


def _score(y_prob: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return np.asarray(y_prob, float)[:, inside].sum(axis=1)


def _count(y_true: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    return np.bincount(y_true, minlength=len(labels))


def _row(rule: str, matrix: np.ndarray, inside: np.ndarray) -> dict[str, object]:
    n, n_called, right = matrix[inside].sum(), matrix[:, inside].sum(), matrix.diagonal()
    found = matrix[np.ix_(inside, inside)].sum()
    of_class = matrix.sum(axis=1)
    low, high = macro_recall_interval(right, of_class)
    return (
        {"rule": rule, "n": n, "n_called": n_called}
        | share("recall", found, n)
        | share("precision", found, n_called)
        | share("accuracy", right.sum(), matrix.sum())
        | {
            "macro_recall": np.nanmean(proportion(right, of_class)) if of_class.any() else np.nan,
            "macro_recall_low": low,
            "macro_recall_high": high,
        }
    )
