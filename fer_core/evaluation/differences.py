"""What changes from one model to another on the same faces: matrices subtracted, and the faces behind each cell."""

import numpy as np
import pandas as pd

from fer_core.evaluation.metrics import confusion_frame
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import choose

VALUES = ("n", "by_true", "by_predicted")


def difference_frame(model: Predictions, reference: Predictions) -> pd.DataFrame:
    """The confusion matrix of `model` minus that of `reference`, one row a cell as in `metrics.matrix_frame`.

    `n`, `by_true` and `by_predicted` are differences, each normalised before; `n_model` and `n_reference` are the
    faces of the cell; `gained` are those that only `model` puts there, `lost` those that only `reference` does, so
    that n = gained − lost.
    """
    cells, before = confusion_frame(model), confusion_frame(reference)
    frame = cells.assign(**{value: cells[value] - before[value] for value in VALUES})
    counts = {"n_model": cells["n"], "n_reference": before["n"]}
    return frame.assign(**counts, gained=_only(model, reference), lost=_only(reference, model))


def changed_faces(model: Predictions, reference: Predictions, true: str, predicted: str) -> pd.DataFrame:
    """The faces labelled `true` that one of the two predicts as `predicted`, class names, and the other doesn't.

    Columns: `row`, the predicted classes `by_reference` and `by_model`, and `gained`, true where the model predicts
    `predicted`. Those come first; then the most certain, by the probability of what the model predicts.
    `ValueError` for an unknown class.
    """
    index = {label: k for k, label in enumerate(model.labels)}
    i, j = choose("class", true, index), choose("class", predicted, index)
    after, before = model.y_pred, reference.y_pred
    here = (model.y_true == i) & ((after == j) != (before == j))
    names = np.array(model.labels)
    frame = pd.DataFrame(
        {
            "row": model.frame["row"].to_numpy()[here],
            "by_reference": names[before[here]],
            "by_model": names[after[here]],
            "gained": after[here] == j,
            "certainty": model.y_prob[here].max(axis=1, initial=0),
        }
    )
    frame = frame.sort_values(["gained", "certainty"], ascending=False, ignore_index=True)
    return frame.drop(columns="certainty")


def _only(model: Predictions, other: Predictions) -> np.ndarray:
    """Faces of each cell that `model` puts there and `other` doesn't: int64 of shape `(k · k,)`."""
    k, changed = len(model.labels), model.y_pred != other.y_pred
    return np.bincount((model.y_true * k + model.y_pred)[changed], minlength=k * k)
