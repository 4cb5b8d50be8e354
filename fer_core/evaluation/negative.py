"""The mistake that the study cared about most: faces of a negative expression that are called a positive one.

Negative and positive are the study's groups, `labels.SCHEMES`: Angry, Fear, Sad, and Happy, Surprise, Neutral. Disgust
is in neither.
"""

from collections.abc import Callable

import pandas as pd

from fer_core.evaluation.intervals import proportion, wilson
from fer_core.evaluation.metrics import confusion
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import SCHEMES

NEGATIVE, POSITIVE = "Negative", "Positive"
"""All classes of a side together; a `valence` model knows nothing finer."""


def sides(labels: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Those of `labels` that are negative, and those that are positive; either may be empty."""
    negative, positive = (
        [label for label in labels if label in (name.capitalize(), *SCHEMES[name].labels)]
        for name in ("negative", "positive")
    )
    return negative, positive


def called_positive(predictions: Predictions) -> pd.DataFrame:
    """How many faces labelled with a negative expression are called a positive one, a row each pair.

    Columns: `labelled` (a negative class, or `NEGATIVE` for all of them), `called` (a positive one, or `POSITIVE`), `n`
    faces labelled so, `n_called` of them, and the `share` in [0, 1] with Wilson's `low` and `high`. `ValueError` unless
    the model knows classes of both sides.
    """
    negative, positive = sides(predictions.labels)
    if not negative or not positive:
        raise ValueError(f"labels: expected negative and positive classes, found {', '.join(predictions.labels)}")
    matrix = confusion(predictions.y_true, predictions.y_pred, len(predictions.labels))
    index = predictions.labels.index
    rows = [
        (labelled, called, matrix[true].sum(), matrix[true][:, predicted].sum())
        for labelled, true in _with_all(negative, NEGATIVE, index)
        for called, predicted in _with_all(positive, POSITIVE, index)
    ]
    frame = pd.DataFrame(rows, columns=["labelled", "called", "n", "n_called"])
    n, n_called = frame["n"].to_numpy(), frame["n_called"].to_numpy()
    low, high = wilson(n_called, n)
    return frame.assign(share=proportion(n_called, n), low=low, high=high)


def _with_all(labels: list[str], together: str, index: Callable[[str], int]) -> list[tuple[str, list[int]]]:
    """Each label alone, with its `index`, and, where there are several, all of them `together`."""
    alone = [(label, [index(label)]) for label in labels]
    return [*alone, (together, [index(label) for label in labels])] if len(labels) > 1 else alone
