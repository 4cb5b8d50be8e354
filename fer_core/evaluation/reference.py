"""What to hold a model's scores against: one that always answers the same, and the annotators of FER+.

Each is a `Predictions` on the model's faces, so that every metric tells of it too.
"""

import numpy as np

from fer_core.data.votes import votes_for
from fer_core.evaluation.predictions import Predictions, probability_columns


def majority_class(predictions: Predictions, known: Predictions) -> Predictions:
    """Who always answers the most frequent class of `known`, the first of equals, to the faces of `predictions`.

    Let `known` be other faces than those that are scored. `ValueError` where it has none.
    """
    if not len(known):
        raise ValueError("known: expected at least one face, found none")
    k = len(predictions.labels)
    answer = np.bincount(known.y_true, minlength=k).argmax()
    return _answered(predictions, np.broadcast_to(np.eye(k)[answer], (len(predictions), k)))


def annotators(predictions: Predictions, votes: np.ndarray) -> Predictions:
    """FER+'s annotators: the share of their votes for each class, of those that went to the model's classes.

    `votes`: uint8 `(n, 10)`, of all rows of the dataset. Their answer is the class with most votes, the first of
    equals. A face without a vote for any of the classes, 10 of FER2013's 3,533 test faces, gets equal shares.
    `ValueError` for classes that the annotators were not asked for.
    """
    for_classes = class_votes(predictions, votes)
    for_classes[for_classes.sum(axis=1) == 0] = 1
    return _answered(predictions, for_classes / for_classes.sum(axis=1, keepdims=True))


def class_votes(predictions: Predictions, votes: np.ndarray) -> np.ndarray:
    """How many of FER+'s annotators chose each class: int64 `(n, k)`; `votes` and what is raised as in `annotators`."""
    return votes_for(votes[predictions.frame["row"].to_numpy()], predictions.labels)


def _answered(predictions: Predictions, y_prob: np.ndarray) -> Predictions:
    columns = dict(zip(probability_columns(predictions.labels), y_prob.astype(np.float32).T, strict=True))
    return Predictions(predictions.frame.assign(**columns), predictions.labels)
