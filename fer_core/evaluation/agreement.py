"""Where models on the same faces succeed together, fail together, or only one succeeds; and what they say as one.

Models are given as name → `Predictions` of the same classes and faces, as `common.bring_together` makes them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer_core.evaluation.predictions import Predictions

ALL_FAIL = "all fail"
TOGETHER = "all as one"
"""What `mean_prediction` is called; no model can be called so."""


def right_counts(models: Mapping[str, Predictions]) -> pd.DataFrame:
    """One row a class and number of models: `label`, `right` models (0 to all), `n` faces that so many get right."""
    first, m = next(iter(models.values())), len(models)
    k = len(first.labels)
    n = np.bincount(first.y_true * (m + 1) + _right(models).sum(axis=1), minlength=k * (m + 1))
    return pd.DataFrame({"label": np.repeat(first.labels, m + 1), "right": np.tile(np.arange(m + 1), k), "n": n})


def groups(models: Mapping[str, Predictions]) -> dict[str, int]:
    """How many faces all models fail on, under `ALL_FAIL`, and how many each alone gets right, under its name."""
    right = _right(models)
    alone = right[right.sum(axis=1) == 1].sum(axis=0).tolist()
    return {ALL_FAIL: int((~right.any(axis=1)).sum())} | dict(zip(models, alone, strict=True))


def group_faces(models: Mapping[str, Predictions], group: str) -> pd.DataFrame:
    """The faces of one of `groups`: `true` class and what each model predicts, one column a model; indexed by `row`.

    Ascending. `ValueError` for an unknown group.
    """
    if group != ALL_FAIL and group not in models:
        raise ValueError(f"unknown group {group!r}: expected {ALL_FAIL} or one of {', '.join(models)}")
    right, first = _right(models), next(iter(models.values()))
    here = right.sum(axis=1) == (group != ALL_FAIL)
    if group != ALL_FAIL:
        here &= right[:, list(models).index(group)]
    names = np.array(first.labels)
    predicted = {name: names[predictions.y_pred[here]] for name, predictions in models.items()}
    rows = pd.Index(first.frame["row"].to_numpy()[here], name="row")
    true = pd.Series(names[first.y_true[here]], rows, name="true")
    return pd.concat([true, pd.DataFrame(predicted, rows)], axis=1)  # concat, since a model may be called `true`


def same_answer(models: Mapping[str, Predictions]) -> float:
    """Share of the faces, in [0, 1], to which all models give the same answer; NaN without a face."""
    answers = np.stack([predictions.y_pred for predictions in models.values()])  # (m, n)
    return float((answers == answers[0]).all(axis=0).mean()) if answers.size else np.nan


def mean_prediction(models: Mapping[str, Predictions]) -> Predictions:
    """An ensemble that answers with the mean of the models' probabilities."""
    first = next(iter(models.values()))
    y_prob = np.mean([predictions.y_prob for predictions in models.values()], axis=0)
    columns = {f"p_{label}": y_prob[:, k] for k, label in enumerate(first.labels)}
    return Predictions(first.frame.assign(**columns), first.labels)


def _right(models: Mapping[str, Predictions]) -> np.ndarray:
    """Whether each model is right about each face: bool of shape `(n, m)`."""
    return np.stack([predictions.y_pred == predictions.y_true for predictions in models.values()], axis=1)
