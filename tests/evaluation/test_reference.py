"""What models are held against."""

import numpy as np
import pytest

from fer_core.evaluation.metrics import overall_scores, summary
from fer_core.evaluation.predictions import Predictions, predictions_frame
from fer_core.evaluation.reference import annotators, majority_class
from fer_core.labels import SCHEMES, VOTES

LABELS = SCHEMES["study"].labels


def _asked(label: list[int]) -> Predictions:
    """Faces in rows 1, 2, … of these classes, about which a model knows nothing."""
    n = len(label)
    arrays = np.arange(1, n + 1), np.full(n, "PublicTest"), np.array(label), np.full(n, ""), np.full((n, 6), 1 / 6)
    return Predictions(predictions_frame(*arrays, LABELS), LABELS)


def _votes(*faces: dict[str, int]) -> np.ndarray:
    """Counts of rows 0, 1, …; row 0 is nobody's."""
    return np.array([[0] * 10, *([face.get(choice, 0) for choice in VOTES] for face in faces)], np.uint8)


def test_majority_class_by_hand():
    """Always the class that other faces have most often, whatever the faces are."""
    constant = majority_class(_asked([0, 3, 3]), known=_asked([3, 3, 0]))
    assert constant.y_pred.tolist() == [3, 3, 3]
    assert summary(constant).accuracy == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="at least one face"):
        majority_class(_asked([0]), known=_asked([]))


def test_annotators_by_hand():
    """Shares of the votes that went to the model's classes; the first of equals; equal shares where none went."""
    votes = _votes({"Sad": 6, "Neutral": 2, "Contempt": 2}, {"Happy": 5, "Neutral": 5}, {"Disgust": 9, "Unknown": 1})
    answered = annotators(_asked([3, 5, 5]), votes)
    np.testing.assert_allclose(answered.y_prob[0], [0, 0, 0, 0.75, 0, 0.25])
    assert answered.y_pred.tolist() == [3, 2, 0]
    np.testing.assert_allclose(answered.y_prob[2], 1 / 6)


def test_annotators_of_groups():
    """The votes of a group of emotions are added."""
    labels = ("Negative", "Positive")
    frame = predictions_frame(np.array([1]), np.array(["PublicTest"]), np.array([0]), np.array([""]), [[1, 0]], labels)
    answered = annotators(Predictions(frame, labels), _votes({"Sad": 2, "Fear": 2, "Happy": 3, "Disgust": 3}))
    np.testing.assert_allclose(answered.y_prob, [[4 / 7, 3 / 7]])


def test_classes_that_nobody_voted_for():
    """Classes outside the schemes are refused."""
    frame = predictions_frame(np.array([1]), np.array(["PublicTest"]), np.array([0]), np.array([""]), [[1]], ["Bored"])
    with pytest.raises(ValueError, match="'Bored'"):
        annotators(Predictions(frame, ("Bored",)), _votes({"Sad": 2}))


@pytest.mark.real
def test_annotators_on_the_six_class_test_split(real_dataset):
    """The majority of the annotators is right about 64.1 % of the faces, 61.5 % in macro recall."""
    rows, scheme = real_dataset.rows("test", SCHEMES["study"]), SCHEMES["study"]
    if real_dataset.votes is None:
        pytest.skip("no fer2013new.csv beside the real CSV")
    classes, n = scheme.classes(real_dataset.emotion[rows]), len(rows)
    arrays = rows, real_dataset.usage[rows], classes, np.full(n, ""), np.full((n, 6), 1 / 6)
    asked = Predictions(predictions_frame(*arrays, LABELS), LABELS)
    scores = overall_scores(annotators(asked, real_dataset.votes)).set_index("metric")["value"]
    assert scores[["accuracy", "macro_recall"]].round(3).tolist() == [0.641, 0.615]
