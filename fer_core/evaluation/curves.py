"""One class against the rest, at every threshold: ROC and precision-recall curves, and the areas below them.

A face counts as the class where its probability of the class is at least the threshold. Rates and scores are in
[0, 1], float64. A class without a face, or with every face, has no curve: no rows, and NaN for its areas.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fer_core.evaluation.intervals import Z, proportion, wilson
from fer_core.evaluation.metrics import confusion
from fer_core.evaluation.predictions import Predictions

POINTS = 200
"""Points of a curve that are drawn: with more of them the browser is slower and the picture the same."""


class Curves(NamedTuple):
    """Tidy frames of all classes, in their order.

    | frame | a row | columns |
    |---|---|---|
    | `roc` | a threshold | `label`, `threshold` (falling from infinity), `false_positive_rate`, `true_positive_rate` |
    | `precision_recall` | a threshold | `label`, `threshold`, `recall` (rising), `precision` |
    | `areas` | a class | `label`, `n` faces, `share` of all; `auc` and `average_precision` with `_low` and `_high` |
    """

    roc: pd.DataFrame
    precision_recall: pd.DataFrame
    areas: pd.DataFrame


class _Steps(NamedTuple):
    """Different probabilities, falling, shape `(t,)`, and how many faces of the class and of the rest have each."""

    threshold: np.ndarray
    positive: np.ndarray
    negative: np.ndarray


def one_vs_rest(predictions: Predictions, points: int | None = POINTS) -> Curves:
    """The curves of each class against the rest, each thinned to `points` of its own; None keeps all of them.

    The areas are always those of the whole curves.
    """
    y_true, y_prob = predictions.y_true, predictions.y_prob
    steps = {label: _steps(y_prob[:, k], y_true == k) for k, label in enumerate(predictions.labels)}
    drawn = {label: some for label, some in steps.items() if some.positive.any() and some.negative.any()}
    return Curves(
        _stacked({label: _roc(some, points) for label, some in drawn.items()}, _ROC),
        _stacked({label: _precision_recall(some, points) for label, some in drawn.items()}, _PRECISION_RECALL),
        pd.DataFrame([{"label": label, **_areas(some)} for label, some in steps.items()]),
    )


def operating_points(predictions: Predictions) -> pd.DataFrame:
    """Where the most probable class puts each class on its curves.

    Columns `label`, `false_positive_rate`, `true_positive_rate` (which is recall) and `precision`.
    """
    matrix = confusion(predictions.y_true, predictions.y_pred, len(predictions.labels))
    correct, n, predicted = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    return pd.DataFrame(
        {
            "label": predictions.labels,
            "false_positive_rate": proportion(predicted - correct, n.sum() - n),
            "true_positive_rate": proportion(correct, n),
            "precision": proportion(correct, predicted),
        }
    )


_ROC = ("threshold", "false_positive_rate", "true_positive_rate")
_PRECISION_RECALL = ("threshold", "recall", "precision")


def _steps(score: np.ndarray, positive: np.ndarray) -> _Steps:
    order = np.argsort(-score)
    falling = score[order]
    starts = np.flatnonzero(np.diff(falling, prepend=np.inf))  # of faces with equal probabilities
    found = np.add.reduceat(positive[order], starts, dtype=np.int64) if len(starts) else starts
    return _Steps(falling[starts], found, np.diff(starts, append=len(score)) - found)


def _roc(steps: _Steps, points: int | None) -> np.ndarray:
    """Shape `(t + 1, 3)`, columns `_ROC`; from (0, 0) on."""
    rates = [np.append(0, np.cumsum(count) / count.sum()) for count in (steps.negative, steps.positive)]
    return _thinned(np.column_stack([np.append(np.inf, steps.threshold), *rates]), points)


def _precision_recall(steps: _Steps, points: int | None) -> np.ndarray:
    """Shape `(t + 1, 3)`, columns `_PRECISION_RECALL`; from recall 0 on, where precision is 1 by convention."""
    found, called = np.cumsum(steps.positive), np.cumsum(steps.positive + steps.negative)
    recall, precision = np.append(0, found / found[-1]), np.append(1, found / called)
    return _thinned(np.column_stack([np.append(np.inf, steps.threshold), recall, precision]), points)


def _thinned(curve: np.ndarray, points: int | None) -> np.ndarray:
    """At most `points` of the curve's own points, evenly along its way, its ends among them."""
    if points is None or len(curve) <= points:
        return curve
    way = np.append(0, np.cumsum(np.abs(np.diff(curve[:, 1:], axis=0)).sum(axis=1)))
    return curve[np.unique(np.searchsorted(way, np.linspace(0, way[-1], points)).clip(max=len(curve) - 1))]


def _areas(steps: _Steps) -> dict[str, float]:
    n, rest = steps.positive.sum(), steps.negative.sum()
    scores = {"n": int(n), "share": float(proportion(n, n + rest))}
    if not n or not rest:
        names = [f"{name}{end}" for name in ("auc", "average_precision") for end in ("", "_low", "_high")]
        return scores | dict.fromkeys(names, np.nan)
    auc, half = _auc(steps)
    average_precision = _average_precision(steps)
    low, high = wilson(average_precision * n, n)
    return scores | {
        "auc": float(auc),
        "auc_low": float(np.maximum(auc - half, 0)),
        "auc_high": float(np.minimum(auc + half, 1)),
        "average_precision": float(average_precision),
        "average_precision_low": float(low),
        "average_precision_high": float(high),
    }


def _auc(steps: _Steps) -> tuple[np.ndarray, np.ndarray]:
    """Area below the ROC curve, and half of its interval (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, p. 837).

    It is the share of pairs of a face of the class and another in which the former is the more probable, equals counted
    half. Where every pair is right nothing varies, and the interval is as short as that: too short.
    """
    n, rest = steps.positive.sum(), steps.negative.sum()
    rest_below = (rest - np.cumsum(steps.negative) + steps.negative / 2) / rest  # of each face of the class
    found_above = (np.cumsum(steps.positive) - steps.positive / 2) / n  # of each face of the rest
    auc = steps.positive @ rest_below / n
    variance = _variance(rest_below, steps.positive) / n + _variance(found_above, steps.negative) / rest
    return auc, Z * np.sqrt(variance)


def _variance(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Sample variance of `values`, each `count` times there; NaN for one alone."""
    n = count.sum()
    squares = count @ (values - count @ values / n) ** 2
    return proportion(squares, n - 1)


def _average_precision(steps: _Steps) -> np.ndarray:
    """Precision averaged over the faces of the class, each at its own threshold; its interval counts them as trials.

    The latter is binomial, as Boyd, Eng & Page (2013), ECML PKDD, p. 451 recommend.
    """
    found, called = np.cumsum(steps.positive), np.cumsum(steps.positive + steps.negative)
    return steps.positive @ (found / called) / found[-1]


def _stacked(curves: dict[str, np.ndarray], columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(np.concatenate([np.empty((0, 3)), *curves.values()]), columns=list(columns))
    frame.insert(0, "label", np.repeat(list(curves), [len(curve) for curve in curves.values()]).astype(str))
    return frame
