"""Several models brought to what they share: one dataset, the same classes, the same faces.

Nothing is compared silently: a model that cannot be brought there is refused with the reason, and what had to be left
out of another is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from fer_core.evaluation.predictions import Predictions, predictions_frame


@dataclass(frozen=True)
class Common:
    """Models of the same classes on the same faces, name → predictions; those refused, name → reason.

    `notes` say in a sentence each what was left out of a model.
    """

    models: dict[str, Predictions]
    refused: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def bring_together(models: Mapping[str, Predictions], datasets: Mapping[str, Mapping[str, str]]) -> Common:
    """Bring `models`, of one split and part, to the classes and faces that they share with the first of them.

    `datasets` maps each name to what its model was scored on, `source` and `fingerprint`, as in its record.
    """
    first = next(iter(models))
    labels, refused = models[first].labels, {}
    for name, predictions in models.items():
        shared = tuple(label for label in labels if label in predictions.labels)
        if datasets[name]["fingerprint"] != datasets[first]["fingerprint"]:
            refused[name] = f"it was scored on {_called(datasets[name])}, {first} on {_called(datasets[first])}"
        elif len(shared) < 2:
            known = ", ".join(shared) or "none of these"
            refused[name] = f"it tells {', '.join(predictions.labels)} apart, the models before it {known}"
        elif reason := _other_faces(models[first], predictions, shared):
            refused[name] = reason.format(first=first)
        else:
            labels = shared
    kept = {name: predictions for name, predictions in models.items() if name not in refused}
    rows = _shared_rows(restrict(predictions, labels) for predictions in kept.values())
    together = {name: _of_rows(restrict(predictions, labels), rows) for name, predictions in kept.items()}
    notes = [_note(name, predictions, together[name]) for name, predictions in kept.items()]
    return Common(together, refused, tuple(filter(None, notes)))


def restrict(predictions: Predictions, labels: tuple[str, ...]) -> Predictions:
    """The faces whose true class is among `labels`, and the probabilities of these classes brought to a sum of 1.

    A face to which the model gives none of them any probability gets equal shares.
    """
    if labels == predictions.labels:
        return predictions
    columns = [predictions.labels.index(label) for label in labels]
    class_of = np.full(len(predictions.labels), -1)
    class_of[columns] = np.arange(len(labels))
    frame = predictions.frame[class_of[predictions.y_true] >= 0]
    chosen = Predictions(frame, predictions.labels)
    y_prob = chosen.y_prob[:, columns].astype(float)
    total = y_prob.sum(axis=1, keepdims=True)
    y_prob = np.divide(y_prob, total, out=np.full_like(y_prob, 1 / len(labels)), where=total > 0)
    row, usage, leak = (frame[name].to_numpy() for name in ("row", "usage", "leak"))
    return Predictions(predictions_frame(row, usage, class_of[chosen.y_true], leak, y_prob, labels), labels)


def _other_faces(first: Predictions, other: Predictions, labels: tuple[str, ...]) -> str | None:
    """Why `other` is not scored on the faces of `first`, of whose name `{first}` keeps the place."""
    a, b = restrict(first, labels), restrict(other, labels)
    rows = _shared_rows((a, b))
    if not len(rows) and len(a):
        return "it was scored on none of the faces of {first}"
    if differing := int((_of_rows(a, rows).y_true != _of_rows(b, rows).y_true).sum()):
        return f"{differing:,} of the {len(rows):,} faces that it shares with {{first}} are labelled otherwise there"
    return None


def _shared_rows(models: Iterable[Predictions]) -> np.ndarray:
    """The rows that all have, ascending."""
    first, *others = (predictions.frame["row"].to_numpy() for predictions in models)
    return reduce(np.intersect1d, [rows for rows in others if not np.array_equal(rows, first)], first)


def _of_rows(predictions: Predictions, rows: np.ndarray) -> Predictions:
    if len(rows) == len(predictions):
        return predictions
    frame = predictions.frame[predictions.frame["row"].isin(rows)]
    return Predictions(frame.reset_index(drop=True), predictions.labels)


def _note(name: str, before: Predictions, after: Predictions) -> str:
    told = []
    if dropped := [label for label in before.labels if label not in after.labels]:
        told.append(f"without {', '.join(dropped)}, its probabilities of the other classes brought to a sum of 1")
    if len(after) < len(before):
        told.append(f"on {len(after):,} of its {len(before):,} faces")
    return f"{name}: {'; '.join(told)}." if told else ""


def _called(dataset: Mapping[str, str]) -> str:
    return f"{dataset['source']} ({dataset['fingerprint'][:12]})"
