"""Where models succeed together, alone or not at all, and their mean."""

import numpy as np
import pytest

from fer_core.evaluation.agreement import (
    ALL_FAIL,
    group_faces,
    groups,
    mean_prediction,
    right_counts,
    same_answer,
)
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import Predictions, predictions_frame

LABELS = ("Sad", "Happy")


def answering(*sad: float) -> Predictions:
    """Four faces in rows 0 to 3, labelled Sad, Sad, Happy, Happy, given these probabilities of Sad."""
    y_prob = np.stack([sad, 1 - np.array(sad)], axis=1)
    frame = predictions_frame(np.arange(4), np.full(4, "PublicTest"), [0, 0, 1, 1], np.full(4, ""), y_prob, LABELS)
    return Predictions(frame, LABELS)


@pytest.fixture
def models() -> dict[str, Predictions]:
    """Right about 0 and 2; about 0 and 3; about 0. None is right about 1."""
    return {"a": answering(0.9, 0.1, 0.2, 0.8), "b": answering(0.8, 0.4, 0.7, 0.1), "c": answering(0.6, 0.2, 0.6, 0.6)}


def test_right_counts_by_hand(models):
    """Of the Sad faces one is right with none and one with all; of the Happy ones both with one."""
    counts = right_counts(models).set_index(["label", "right"])["n"]
    assert counts["Sad"].tolist() == [1, 0, 0, 1]
    assert counts["Happy"].tolist() == [0, 2, 0, 0]


def test_groups_by_hand(models):
    """One face that all fail on; a and b are alone with one each."""
    assert groups(models) == {ALL_FAIL: 1, "a": 1, "b": 1, "c": 0}
    assert group_faces(models, ALL_FAIL).to_numpy().tolist() == [["Sad", "Happy", "Happy", "Happy"]]
    alone = group_faces(models, "a")
    assert alone.index.tolist() == [2]
    assert alone.to_numpy().tolist() == [["Happy", "Happy", "Sad", "Sad"]]
    assert group_faces(models, "c").empty
    with pytest.raises(ValueError, match="unknown group 'd'"):
        group_faces(models, "d")


def test_a_model_may_be_called_as_a_column(models):
    """Its answers stand beside the rows and the true classes, not in their place."""
    faces = group_faces({"row": models["a"], "true": models["b"]}, "row")
    assert faces.index.tolist() == [2]
    assert faces.to_numpy().tolist() == [["Happy", "Happy", "Sad"]]


def test_groups_hold_the_faces_they_count(predictions, other):
    """Of models that overlap: as many as told."""
    models = {"a": predictions, "b": other}
    for group, n in groups(models).items():
        assert len(group_faces(models, group)) == n


def test_same_answer_by_hand(models):
    """To rows 0 and 1, half of the four; one model always agrees with itself."""
    assert same_answer(models) == 0.5
    assert same_answer({"a": models["a"]}) == 1


def test_mean_by_hand(models):
    """Mean probabilities; what only two of three say may still win or lose."""
    mean = mean_prediction(models)
    np.testing.assert_allclose(mean.y_prob[:, 0], [2.3 / 3, 0.7 / 3, 0.5, 0.5], atol=1e-6)
    assert mean.frame["row"].tolist() == [0, 1, 2, 3]
    assert mean.y_true.tolist() == [0, 0, 1, 1]


def test_mean_of_one_model_is_the_model(predictions):
    """With its splits, leaks and scores."""
    mean = mean_prediction({"a": predictions})
    assert mean.frame.equals(predictions.frame)
    assert summary(mean) == summary(predictions)
