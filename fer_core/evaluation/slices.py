"""Scores by slice: where faces are dark or bright, copies, disputed by annotators, or as the user's own table says.

*Slices* are a categorical Series of one value a face, in the order of the predictions; a face without a value stands
in no slice. *Values by row* are a Series whose index is rows of the dataset.
"""

import math
from itertools import pairwise

import numpy as np
import pandas as pd

from fer_core.errors import DatasetError
from fer_core.evaluation.intervals import macro_recall_interval, proportion, wilson
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import choose

FEW = 30
"""Below so many faces a score says little."""
QUARTERS = (0.25, 0.5, 0.75)
MOST = 20
"""A text of more different values is no category; numbers of more are cut into quarters."""

_COPIES = {"": "no copy", "near": "near copy", "exact": "exact copy"}
_AGREEMENT = ("under 60 %", "60 to 79 %", "80 to 99 %", "all")


def slice_scores(predictions: Predictions, slices: pd.Series, score: str = "macro_recall") -> pd.DataFrame:
    """One row a slice with a face: `slice`, `n`, `classes`, `value`, `low`, `high`, `few`.

    `score` is `macro_recall` (bootstrap), `accuracy` or a class, whose recall it then is (Wilson). `n` counts the faces
    that the score is of, `classes` those classes that have one; `few` is whether `n` is under `FEW`. Intervals are
    95 %; `ValueError` for an unknown score.
    """
    slices = slices.cat.remove_unused_categories()
    names, k = slices.cat.categories, len(predictions.labels)
    cell = slices.cat.codes.to_numpy(np.int64) * k + predictions.y_true
    inside = (slices.cat.codes >= 0).to_numpy()
    right = inside & (predictions.y_true == predictions.y_pred)
    n, correct = (np.bincount(cell[some], minlength=len(names) * k).reshape(-1, k) for some in (inside, right))
    measures = {"macro_recall": _macro_recall, "accuracy": _accuracy}
    measures |= {label: _recall_of(index) for index, label in enumerate(predictions.labels)}
    value, low, high, of = choose("score", score, measures)(correct, n)
    return pd.DataFrame(
        {
            "slice": names.astype(str),
            "n": of,
            "classes": (n > 0).sum(axis=1),
            "value": value,
            "low": low,
            "high": high,
            "few": of < FEW,
        }
    )


def quarters(values: pd.Series, predictions: Predictions, known: np.ndarray) -> pd.Series:
    """Slices by a number: the values by row cut at the quartiles that they have among the rows in `known`.

    A value at an edge belongs to the upper slice. Where quartiles are equal there are fewer than four slices.
    `ValueError` where none of the rows in `known` has a value.
    """
    if values.reindex(known).isna().all():
        raise ValueError("known: expected at least one row with a value, found none")
    edges = np.unique(values.reindex(known).quantile(QUARTERS).to_numpy(float))
    told = _told(edges)
    between = [f"{low} to {high}" for low, high in pairwise(told)]
    found = values.reindex(predictions.frame["row"]).to_numpy(float)
    codes = np.where(np.isnan(found), -1, np.searchsorted(edges, found, side="right"))
    return _slices(codes, [f"under {told[0]}", *between, f"{told[-1]} and more"])


def copies(predictions: Predictions) -> pd.Series:
    """Slices by whether a face is a copy of a training face."""
    leaks = list(_COPIES)
    return _slices(predictions.frame["leak"].map(leaks.index).to_numpy(), list(_COPIES.values()))


def agreement(votes: np.ndarray, predictions: Predictions) -> pd.Series:
    """Slices by the share of annotators who chose what most of them chose.

    `votes`: uint8 `(n, 10)`, of all rows of the dataset. A face without a vote stands in no slice.
    """
    of_faces = votes[predictions.frame["row"].to_numpy()].astype(int)
    most, all_votes = of_faces.max(axis=1), of_faces.sum(axis=1)
    codes = (10 * most >= 6 * all_votes) * 1 + (10 * most >= 8 * all_votes) + (most == all_votes)
    return _slices(np.where(all_votes > 0, codes, -1), list(_AGREEMENT))


def own(values: pd.Series, predictions: Predictions) -> pd.Series:
    """Slices by an attribute that the user brought, values by row: numbers of more than `MOST` values as `quarters`
    of all that were brought, else a slice a value, in order.

    Raises `DatasetError` for a text of more than `MOST` values, and where it tells of none of the faces.
    """
    if values.reindex(predictions.frame["row"]).isna().all():
        raise DatasetError(
            f"attribute {values.name}: expected values of the {len(predictions):,} faces shown here, found none; "
            "its column `row` has to name rows of this dataset"
        )
    categories = sorted(values.dropna().unique(), key=_as_number_or_text)
    if len(categories) > MOST:
        if values.dtype.kind in "iuf":
            return quarters(values, predictions, values.index.to_numpy())
        raise DatasetError(
            f"attribute {values.name}: expected numbers or at most {MOST} different words, found {len(categories):,}; "
            "group them first"
        )
    codes = pd.Categorical(values.reindex(predictions.frame["row"]), categories).codes
    return _slices(codes, [str(category) for category in categories])


def _told(edges: np.ndarray) -> list[str]:
    """Edges in words, with as many decimals as tell them apart well."""
    gap = np.diff(edges).min() if len(edges) > 1 else max(abs(edges[0]), 1)
    decimals = max(0, 1 - math.floor(math.log10(gap)))
    return [f"{edge:,.{decimals}f}" for edge in edges]


def _as_number_or_text(category) -> tuple[bool, float, str]:
    text = isinstance(category, str)
    return (text, 0.0 if text else float(category), str(category))


def _slices(codes: np.ndarray, names: list[str]) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int64), pd.Index(names), ordered=True))


def _macro_recall(correct: np.ndarray, n: np.ndarray):
    intervals = [macro_recall_interval(*counts) for counts in zip(correct, n, strict=True)]
    low, high = np.array(intervals).reshape(-1, 2).T
    return np.nanmean(proportion(correct, n), axis=1), low, high, n.sum(axis=1)


def _accuracy(correct: np.ndarray, n: np.ndarray):
    correct, n = correct.sum(axis=1), n.sum(axis=1)
    return proportion(correct, n), *wilson(correct, n), n


def _recall_of(index: int):
    def recall(correct: np.ndarray, n: np.ndarray):
        correct, n = correct[:, index], n[:, index]
        return proportion(correct, n), *wilson(correct, n), n

    return recall
