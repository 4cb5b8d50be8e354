"""Models brought to common classes and faces, and those that are refused."""

import numpy as np
import pytest

from fer_core.evaluation.common import bring_together, restrict
from fer_core.evaluation.predictions import Predictions, predictions_frame

HERE, ELSEWHERE = ({"source": source, "fingerprint": source * 12} for source in ("here", "else"))


def of(labels: str, rows: list[int], classes: str, y_prob: list[list[float]]) -> Predictions:
    """Test faces in `rows`; classes are letters."""
    n, true = len(rows), np.array([labels.index(name) for name in classes])
    frame = predictions_frame(rows, np.full(n, "PublicTest"), true, np.full(n, ""), np.array(y_prob), tuple(labels))
    return Predictions(frame, tuple(labels))


@pytest.fixture
def three() -> Predictions:
    """Classes A, B, C in this order; the second face is a C."""
    return of("ABC", [1, 2, 3], "ACB", [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [0.0, 0.25, 0.75]])


@pytest.fixture
def two() -> Predictions:
    """Classes B and A; one face more."""
    return of("BA", [1, 3, 4], "ABA", [[0.4, 0.6], [0.9, 0.1], [1, 0]])


def together(**models: Predictions):
    return bring_together(models, dict.fromkeys(models, HERE))


def test_models_alike_are_left_alone(predictions, other):
    """Nothing is copied, refused or noted."""
    common = together(a=predictions, b=other)
    assert common.models == {"a": predictions, "b": other}
    assert (common.refused, common.notes) == ({}, ())


def test_restricted_by_hand(three):
    """The face labelled C goes, and 0.2 and 0.3 become 0.4 and 0.6."""
    left = restrict(three, ("A", "B"))
    assert left.frame["row"].tolist() == [1, 3]
    assert left.y_true.tolist() == [0, 1]
    np.testing.assert_allclose(left.y_prob, [[0.4, 0.6], [0, 1]], atol=1e-6)


def test_a_face_without_any_probability_left_gets_equal_shares():
    """No division by 0, and no certainty that isn't there."""
    certain = of("ABC", [1], "A", [[0, 0, 1]])
    np.testing.assert_allclose(restrict(certain, ("A", "B")).y_prob, [[0.5, 0.5]])


def test_common_classes_and_rows(three, two):
    """In the order of the first model's classes; what is left out is told."""
    common = together(three=three, two=two)
    assert [model.labels for model in common.models.values()] == [("A", "B")] * 2
    assert [model.frame["row"].tolist() for model in common.models.values()] == [[1, 3]] * 2
    assert common.models["two"].y_true.tolist() == [0, 1]
    np.testing.assert_allclose(common.models["two"].y_prob, [[0.6, 0.4], [0.1, 0.9]], atol=1e-6)
    assert common.notes == (
        "three: without C, its probabilities of the other classes brought to a sum of 1; on 2 of its 3 faces.",
        "two: on 2 of its 3 faces.",
    )


def test_seven_classes_beside_six(predictions):
    """Disgust goes, and the others keep their ratios."""
    seven = ("Angry", "Disgust", *predictions.labels[1:])
    y_prob = np.insert(predictions.y_prob * 0.5, 1, 0.5, axis=1)
    frame = predictions.frame
    about = (frame[name].to_numpy() for name in ("row", "usage"))
    label = frame["label"].to_numpy() + (frame["label"] > 0).to_numpy()
    wide = Predictions(predictions_frame(*about, label, frame["leak"].to_numpy(), y_prob, seven), seven)
    common = together(six=predictions, seven=wide)
    np.testing.assert_allclose(common.models["seven"].y_prob, predictions.y_prob, atol=1e-6)
    assert common.models["seven"].y_true.tolist() == predictions.y_true.tolist()
    assert common.models["six"] is predictions


def test_another_dataset_is_refused(three):
    """With both sources; the others stay."""
    common = bring_together({"a": three, "b": three}, {"a": HERE, "b": ELSEWHERE})
    assert list(common.models) == ["a"]
    assert common.refused == {"b": "it was scored on else (elseelseelse), a on here (hereherehere)"}


def test_other_classes_are_refused(three):
    """Fewer than two in common are no comparison."""
    common = together(a=three, b=of("DC", [2], "C", [[0.5, 0.5]]))
    assert common.refused == {"b": "it tells D, C apart, the models before it C"}


def test_other_faces_and_other_labels_are_refused(three):
    """None of the faces in common, or another truth about them."""
    elsewhere = of("AB", [7], "A", [[1, 0]])
    relabelled = of("AB", [1, 3], "BB", [[1, 0], [1, 0]])
    common = together(a=three, b=elsewhere, c=relabelled)
    assert common.refused["b"] == "it was scored on none of the faces of a"
    assert common.refused["c"] == "1 of the 2 faces that it shares with a are labelled otherwise there"
    assert len(common.models["a"]) == 3  # who is refused takes nothing away
