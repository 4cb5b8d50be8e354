"""Metrics of one set of faces, as tidy frames; figures draw them and the command line prints them.

Every share is in [0, 1], float64; intervals are 95 %. A share of no faces is NaN (null in JSON), and a class without a
face is left out of macro recall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_core.evaluation.intervals import bootstrap, macro_recall_interval, proportion, share, wilson
from fer_core.evaluation.predictions import PARTS, Predictions
from fer_core.labels import choose

BINS = 15
"""Of confidence, where a calibration error is measured."""


@dataclass(frozen=True)
class Summary:
    """Headline scores of `n` faces; `recall` maps class name → recall; `ece` is the calibration error, see `ece`."""

    n: int
    macro_recall: float
    macro_recall_low: float
    macro_recall_high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    recall: dict[str, float]
    ece: float

    def to_json(self) -> dict[str, Any]:
        """Plain values; what no face could tell, NaN, becomes None."""
        plain = {name: _json_number(value) for name, value in vars(self).items() if name != "recall"}
        return plain | {"recall": {label: _json_number(value) for label, value in self.recall.items()}}


def confusion(y_true: np.ndarray, y_pred: np.ndarray, k: int) -> np.ndarray:
    """Number of faces of true class i (row) predicted as class j (column): int64 of shape `(k, k)`."""
    cell = np.asarray(y_true, np.int64) * k + y_pred  # int64, since int8 overflows
    return np.bincount(cell, minlength=k * k).reshape(k, k)


def confusion_frame(predictions: Predictions) -> pd.DataFrame:
    """The cells of the confusion matrix; see `matrix_frame`."""
    return matrix_frame(_confusion_of(predictions), predictions.labels)


def matrix_frame(matrix: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """A confusion matrix `(k, k)`, rows true, as one row a cell, k × k rows, the first true class first.

    Columns: `true`, `predicted` (class names), `n` (faces), `by_true` (share of the true class's faces) and
    `by_predicted` (share of the faces predicted so).
    """
    return pd.DataFrame(
        {
            "true": np.repeat(labels, len(labels)),
            "predicted": np.tile(labels, len(labels)),
            "n": matrix.ravel(),
            "by_true": proportion(matrix, matrix.sum(axis=1, keepdims=True)).ravel(),
            "by_predicted": proportion(matrix, matrix.sum(axis=0, keepdims=True)).ravel(),
        }
    )


def cell_faces(predictions: Predictions, true: str, predicted: str) -> pd.DataFrame:
    """The faces of one cell of the confusion matrix, `true` and `predicted` being class names.

    The most certain first. Columns: `row`, `probability` of the predicted class, `leak` and `p_<class>` as in
    `predictions`. `ValueError` for an unknown class.
    """
    index = {label: k for k, label in enumerate(predictions.labels)}
    i, j = choose("class", true, index), choose("class", predicted, index)
    y_prob = predictions.y_prob
    here = (predictions.y_true == i) & (y_prob.argmax(axis=1) == j)
    frame = predictions.frame[here].drop(columns=["usage", "label"])
    frame.insert(1, "probability", y_prob[here, j])
    return frame.sort_values("probability", ascending=False, ignore_index=True, kind="stable")


def class_scores(predictions: Predictions) -> pd.DataFrame:
    """One row a class: `label`, `n` faces, `n_predicted` as this class, then `recall`, `precision` and `f1`, each with
    Wilson's `_low` and `_high`.

    F1 is no share of faces, but a rising function of one, 2 s / (1 + s): of the faces that are labelled or predicted
    so, s are both (Lam, Gopal & Qian 2023, arXiv:2309.14621, the indirect method).
    """
    matrix = _confusion_of(predictions)
    correct, n, n_predicted = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    both_low, both_high = wilson(correct, n + n_predicted - correct)
    return pd.DataFrame(
        {"label": predictions.labels, "n": n, "n_predicted": n_predicted}
        | share("recall", correct, n)
        | share("precision", correct, n_predicted)
        | {
            "f1": proportion(2 * correct, n + n_predicted),
            "f1_low": 2 * both_low / (1 + both_low),
            "f1_high": 2 * both_high / (1 + both_high),
        }
    )


def overall_scores(predictions: Predictions) -> pd.DataFrame:
    """One row a score of all classes together: `metric`, `value`, `low`, `high`.

    Accuracy with Wilson's interval; macro recall, precision and F1 with a percentile bootstrap over the cells of the
    confusion matrix, that of recall being the one in `summary`. The macro means are over the classes that have a face;
    the precision of one that is never predicted counts as 0 there, as in scikit-learn.
    """
    headline, matrix = summary(predictions), _confusion_of(predictions)
    rows = [_with_interval("accuracy", headline), _with_interval("macro_recall", headline)]
    for metric, mean in (("macro_precision", _macro_precision), ("macro_f1", _macro_f1)):
        interval = bootstrap(mean, matrix) if len(predictions) else (np.nan, np.nan)
        rows.append((metric, float(mean(matrix)) if len(predictions) else np.nan, *interval))
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])


def summary(predictions: Predictions) -> Summary:
    """Headline scores: Wilson's interval around accuracy, a bootstrap around macro recall."""
    matrix = _confusion_of(predictions)
    correct, n = matrix.diagonal(), matrix.sum(axis=1)
    recall = proportion(correct, n)
    accuracy_low, accuracy_high = wilson(correct.sum(), n.sum())
    macro_recall_low, macro_recall_high = macro_recall_interval(correct, n)
    return Summary(
        n=len(predictions),
        macro_recall=float(np.nanmean(recall)) if len(predictions) else np.nan,
        macro_recall_low=macro_recall_low,
        macro_recall_high=macro_recall_high,
        accuracy=float(proportion(correct.sum(), n.sum())),
        accuracy_low=float(accuracy_low),
        accuracy_high=float(accuracy_high),
        recall=dict(zip(predictions.labels, recall.tolist(), strict=True)),
        ece=ece(predictions.y_true, predictions.y_prob),
    )


def ece(y_true: np.ndarray, y_prob: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error in [0, 1]: mean gap between confidence and accuracy over bins of equal width.

    Guo et al. (2017), "On Calibration of Modern Neural Networks", ICML, eq. 3.
    """
    if len(y_true) == 0:
        return np.nan
    confidence, right, bin_of = confident(y_true, y_prob, bins)
    gap = np.bincount(bin_of, right - confidence)  # (faces in the bin) × (accuracy − mean confidence)
    return float(np.abs(gap).sum() / len(y_true))


def confident(y_true: np.ndarray, y_prob: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence float64, whether it is right, and its bin, m - 1 where it is in ((m-1)/bins, m/bins]: each `(n,)`."""
    confidence = y_prob.max(axis=1).astype(float)
    bin_of = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    return confidence, y_prob.argmax(axis=1) == y_true, bin_of


def evaluation_json(model_id: str, split: str, predictions: Predictions) -> dict[str, Any]:
    """What `python -m fer_core evaluate --json` prints for `split` of a model's predictions; NaN becomes None.

    Its `honest` has the same keys, of the honest part.
    """
    about = {"model": model_id, "split": split, "labels": list(predictions.labels)}
    raw, honest = (about | _json_scores(predictions.select(split, part)) for part in PARTS)
    return raw | {"honest": honest}


def _with_interval(metric: str, headline: Summary) -> tuple[str, float, float, float]:
    value, low, high = (getattr(headline, metric + end) for end in ("", "_low", "_high"))
    return metric, value, low, high


def _macro_precision(matrix: np.ndarray) -> np.ndarray:
    """Of confusion matrices `(…, k, k)`: `(…)`."""
    correct, predicted = matrix.diagonal(axis1=-2, axis2=-1), matrix.sum(axis=-2)
    return _mean_of_present(proportion(correct, np.maximum(predicted, 1)), matrix)


def _macro_f1(matrix: np.ndarray) -> np.ndarray:
    """Of confusion matrices `(…, k, k)`: `(…)`."""
    correct, either = matrix.diagonal(axis1=-2, axis2=-1), matrix.sum(axis=-2) + matrix.sum(axis=-1)
    return _mean_of_present(proportion(2 * correct, either), matrix)


def _mean_of_present(values: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.nanmean(np.where(matrix.sum(axis=-1) > 0, values, np.nan), axis=-1)


def _json_scores(predictions: Predictions) -> dict[str, Any]:
    return summary(predictions).to_json() | {"confusion": _confusion_of(predictions).tolist()}


def _json_number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _confusion_of(predictions: Predictions) -> np.ndarray:
    return confusion(predictions.y_true, predictions.y_pred, len(predictions.labels))
