"""Several models on the same faces: who is better, and could it be chance.

Models are given as name → `Predictions` of one split and part.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import bdtr

from fer_core.evaluation.intervals import LEVEL, bootstrap, proportion, share
from fer_core.evaluation.metrics import class_scores, summary
from fer_core.evaluation.predictions import Predictions
from fer_core.lineage import trainings
from fer_core.store import SavedModel


class Difference(NamedTuple):
    """Macro recall of b minus that of a, with its 95 % interval; all in [-1, 1]."""

    value: float
    low: float
    high: float


CONFUSED = ("Sad", "Happy")
"""The mistake that the study was after: faces labelled with the first, predicted as the second."""


def scores_table(models: Mapping[str, Predictions]) -> pd.DataFrame:
    """One row a model: `model`, then the fields of `metrics.Summary`, with `recall_<class>` columns for its recalls.

    Then `recall_<class>_low` and `_high`, Wilson's intervals, and `sad_as_happy`, the share of the Sad faces predicted
    as Happy, with its `_low` and `_high`. Models of different classes may stand together; what a model doesn't have
    is NaN.
    """
    return pd.DataFrame([_scores_row(name, predictions) for name, predictions in models.items()])


def costs_table(models: Iterable[SavedModel]) -> pd.DataFrame:
    """One row a model: `model`, `parameters`, `bytes` of its file, `training_seconds`; NaN where it wasn't recorded.

    The training is its own and that of all models that went into it: started from, combined, learned from.
    """
    columns = ["model", "parameters", "bytes", "training_seconds"]
    rows = [
        {
            "model": model.id,
            "parameters": model.record.get("parameters", np.nan),
            "bytes": model.weights_file.stat().st_size if model.trained else np.nan,
            "training_seconds": _training_seconds(model),
        }
        for model in models
    ]
    return pd.DataFrame(rows, columns=columns)


def _training_seconds(model: SavedModel) -> float:
    seconds = [one.get("training_seconds", np.nan) for one in trainings(model.record, taught=True)]
    return float(sum(seconds)) if seconds else np.nan


def paired_tests(models: Mapping[str, Predictions], reference: str) -> pd.DataFrame:
    """One row a model other than the `reference`, all on the same faces: could the difference be chance?

    Columns: `model`; `difference` of macro recall to the reference with its `low` and `high`, see
    `paired_macro_recall_difference`; `holds`, whether its interval is free of 0 where all rows are looked at together,
    each at a level so high that 95 % are left for all (Bonferroni); `only_model` and `only_reference`, faces that one
    gets right and the other doesn't; `p` of `mcnemar`; `p_holm`, the same where all rows are looked at together (Holm
    1979, Scandinavian Journal of Statistics 6, p. 65).
    """
    rows = [
        {"model": name, **_paired_row(models[reference], predictions, len(models) - 1)}
        for name, predictions in models.items()
        if name != reference
    ]
    columns = ["model", "difference", "low", "high", "holds", "only_model", "only_reference", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=_holm(table["p"].to_numpy(float)))


def mcnemar(y_true: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Exact two-sided p that predictions `a` and `b`, classes of shape `(n,)`, are right equally often.

    Only faces where one is right and the other is wrong count (McNemar 1947; for classifiers Dietterich 1998,
    Neural Computation 10, p. 1895): under the null they split as a fair coin.
    """
    only_a, only_b = _discordant(y_true, a, b)
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def paired_macro_recall_difference(a: Predictions, b: Predictions, level: float = LEVEL) -> Difference:
    """How much higher the macro recall of `b` is, with the percentile interval of a bootstrap over the shared faces.

    Both models are scored on the same drawn faces, so what makes a draw easy cancels out. Where so few faces tell them
    apart that an exact test could show nothing, five or fewer at 95 %, 0 lies inside: a bootstrap of those hardly
    varies. `ValueError` where they were not evaluated on the same faces, or on none.
    """
    if reason := _mismatch(a, b):
        raise ValueError(f"a and b {reason}")
    if not len(a):
        raise ValueError("expected at least one face to compare on, found none")
    y_true, k = a.y_true, len(a.labels)
    cell = y_true * 4 + (a.y_pred == y_true) * 2 + (b.y_pred == y_true)
    counts = np.bincount(cell, minlength=4 * k).reshape(1, k, 2, 2)  # class, a right, b right
    value = _macro_recall_gain(counts)[0]
    low, high = bootstrap(_macro_recall_gain, counts[0], level)
    if 0.5 ** (_told_apart(y_true, a.y_pred, b.y_pred) - 1) > 1 - level:  # McNemar's p, if all spoke for one model
        low, high = min(low, 0.0), max(high, 0.0)
    return Difference(float(value), low, high)


def difference_sentence(name_a: str, name_b: str, difference: Difference, n: int, among: int = 1) -> str:
    """Say a `difference` measured on `n` faces in words: who is better and by how much, or that it may be chance.

    `among`: one of so many, together with which it doesn't hold.
    """
    if difference.low <= 0 <= difference.high:
        return (
            f"No difference in macro recall between {name_a} and {name_b} that {n:,} faces could show: "
            f"{name_b} minus {name_a} is {_points(*difference)}"
        )
    if difference.value < 0:
        name_a, name_b = name_b, name_a
        difference = Difference(-difference.value, -difference.high, -difference.low)
    doubt = f"; as one of {among} comparisons it may be chance" if among > 1 else ""
    return f"{name_b} is better than {name_a} by {_points(*difference)}{doubt}"


def _points(value: float, low: float, high: float) -> str:
    return f"{100 * value:.1f} points of macro recall, 95 % interval {100 * low:.1f} to {100 * high:.1f}"


def _scores_row(name: str, predictions: Predictions) -> dict[str, object]:
    fields = asdict(summary(predictions))
    recall = {f"recall_{label}": value for label, value in fields.pop("recall").items()}
    intervals = {
        f"recall_{scores.label}{end}": getattr(scores, f"recall{end}")
        for scores in class_scores(predictions).itertuples()
        for end in ("_low", "_high")
    }
    return {"model": name, **fields, **recall, **intervals, **_confused(predictions)}


def _confused(predictions: Predictions) -> dict[str, float]:
    """How often `CONFUSED` happens."""
    if not set(CONFUSED) <= set(predictions.labels):
        return {}
    true, predicted = map(predictions.labels.index, CONFUSED)
    answers = predictions.y_pred[predictions.y_true == true]
    told = share("sad_as_happy", (answers == predicted).sum(), np.array(len(answers)))
    return {key: float(value) for key, value in told.items()}


def _paired_row(reference: Predictions, model: Predictions, rows: int) -> dict[str, float]:
    value, low, high = paired_macro_recall_difference(reference, model)
    together = paired_macro_recall_difference(reference, model, 1 - (1 - LEVEL) / rows)
    y_true, a, b = reference.y_true, reference.y_pred, model.y_pred
    only_reference, only_model = _discordant(y_true, a, b)
    return {
        "difference": value,
        "low": low,
        "high": high,
        "holds": not together.low <= 0 <= together.high,
        "only_model": only_model,
        "only_reference": only_reference,
        "p": mcnemar(y_true, a, b),
    }


def _told_apart(y_true: np.ndarray, a: np.ndarray, b: np.ndarray) -> int:
    """Faces that one of the two gets right, and the other doesn't."""
    return sum(_discordant(y_true, a, b))


def _discordant(y_true: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    """Faces that only `a` gets right, and faces that only `b` does."""
    return int(((a == y_true) & (b != y_true)).sum()), int(((a != y_true) & (b == y_true)).sum())


def _holm(p: np.ndarray) -> np.ndarray:
    """p-values of shape `(m,)` adjusted so that the chance of any false one stays below the level."""
    order = np.argsort(p)
    adjusted = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted[np.argsort(order)]


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
