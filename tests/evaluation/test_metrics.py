"""Metrics against scikit-learn's, and small ones by hand."""

import json

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from fer_core.evaluation.metrics import (
    cell_faces,
    class_scores,
    confusion,
    confusion_frame,
    ece,
    evaluation_json,
    summary,
)
from fer_core.evaluation.predictions import Predictions


def test_confusion_equals_sklearn(predictions):
    """Every cell is scikit-learn's, rows true."""
    ours = confusion(predictions.y_true, predictions.y_pred, 6)
    assert ours.dtype == np.int64
    assert (ours == sklearn_metrics.confusion_matrix(predictions.y_true, predictions.y_pred)).all()


def test_confusion_of_int8():
    """Twelve classes as int8 do not overflow: 11 * 12 + 11 = 143 > 127."""
    last = np.array([11], np.int8)
    assert confusion(last, last, 12)[11, 11] == 1


def test_confusion_frame_by_hand(hand_made):
    """Four faces, four cells, each a half of its row and of its column."""
    frame = confusion_frame(hand_made)
    assert frame["true"].tolist() == ["Negative", "Negative", "Positive", "Positive"]
    assert frame["predicted"].tolist() == ["Negative", "Positive"] * 2
    assert frame["n"].tolist() == [1, 1, 1, 1]
    assert frame["by_true"].tolist() == frame["by_predicted"].tolist() == [0.5] * 4


def test_confusion_frame_normalised_as_sklearn(predictions):
    """`by_true` and `by_predicted` are scikit-learn's `normalize`."""
    frame = confusion_frame(predictions)
    for column, normalize in (("by_true", "true"), ("by_predicted", "pred")):
        expected = sklearn_metrics.confusion_matrix(predictions.y_true, predictions.y_pred, normalize=normalize)
        np.testing.assert_allclose(frame[column], expected.ravel(), atol=1e-12)


def test_class_scores_equal_sklearn(predictions):
    """Recall, precision, f1 and their faces are scikit-learn's, and lie in their intervals."""
    scores = class_scores(predictions)
    precision, recall, f1, n = sklearn_metrics.precision_recall_fscore_support(predictions.y_true, predictions.y_pred)
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1), ("n", n)):
        np.testing.assert_allclose(scores[name], expected, atol=1e-12)
    for name in ("recall", "precision"):
        assert scores[name].between(scores[f"{name}_low"], scores[f"{name}_high"]).all()


def test_summary_equals_sklearn(predictions):
    """Accuracy and macro recall are scikit-learn's, and lie in their intervals."""
    scores = summary(predictions)
    assert scores.n == 600
    assert scores.accuracy == pytest.approx(sklearn_metrics.accuracy_score(predictions.y_true, predictions.y_pred))
    expected = sklearn_metrics.balanced_accuracy_score(predictions.y_true, predictions.y_pred)
    assert scores.macro_recall == pytest.approx(expected)
    assert scores.macro_recall_low < scores.macro_recall < scores.macro_recall_high
    assert scores.accuracy_low < scores.accuracy < scores.accuracy_high


def test_absent_class(predictions):
    """A class without a face has no recall and does not count in macro recall."""
    without = Predictions(predictions.frame.query("label != 2"), predictions.labels)
    scores = summary(without)
    assert np.isnan(scores.recall["Happy"])
    assert scores.macro_recall == pytest.approx(np.nanmean(list(scores.recall.values())))
    assert class_scores(without)["precision"][2] == 0  # predicted, never rightly


def test_no_faces(predictions):
    """No faces have no scores: NaN, not 0, and no warning."""
    scores = summary(predictions.select("train"))
    assert scores.n == 0
    assert np.isnan(
        [scores.accuracy, scores.accuracy_low, scores.macro_recall, scores.macro_recall_low, scores.ece]
    ).all()


def test_ece_by_hand():
    """Ten bins: (0.95, right), (0.95, wrong) → |0.5 − 0.95| · 2/3; (0.55, right) → |1 − 0.55| · 1/3."""
    y_prob = np.array([[0.95, 0.05], [0.95, 0.05], [0.45, 0.55]])
    assert ece(np.array([0, 1, 1]), y_prob, bins=10) == pytest.approx(0.45)


def test_ece_bins():
    """A bin includes its upper end: with two bins 0.5 is alone below and the gaps add up, else they cancel."""
    y_prob = np.array([[0.5, 0.5], [0.75, 0.25]])
    y_true = np.array([0, 1])  # gaps: +0.5 and −0.75
    assert ece(y_true, y_prob, bins=2) == pytest.approx((0.5 + 0.75) / 2)
    assert ece(y_true, y_prob, bins=1) == pytest.approx((0.75 - 0.5) / 2)


def test_evaluation_json_by_hand(hand_made):
    """The keys that other programs rely on, with the numbers of four faces and of the three honest ones."""
    report = evaluation_json("my-model", "test", hand_made)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    honest = report.pop("honest")
    assert report.pop("ece") == pytest.approx((0.1 + 0.7 + 0.2 + 0.6) / 4)
    assert report == {
        "model": "my-model",
        "split": "test",
        "n": 4,
        "accuracy": 0.5,
        "macro_recall": 0.5,
        "recall": {"Negative": 0.5, "Positive": 0.5},
        "confusion": [[1, 1], [1, 1]],
        "labels": ["Negative", "Positive"],
    }
    assert set(honest) == {"n", "accuracy", "macro_recall", "recall", "confusion", "ece"}
    assert honest["n"] == 3
    assert honest["confusion"] == [[1, 1], [0, 1]]
    assert honest["macro_recall"] == 0.75
    assert honest["accuracy"] == pytest.approx(2 / 3)


def test_evaluation_json_without_faces(hand_made):
    """What cannot be computed is null."""
    report = evaluation_json("my-model", "validation", hand_made)
    assert report["n"] == 0
    assert report["macro_recall"] is report["accuracy"] is report["ece"] is report["recall"]["Negative"] is None
    json.dumps(report, allow_nan=False)


def test_faces_of_a_cell(predictions):
    """They are the cell's faces, the most certain first; an unknown class is refused."""
    faces = cell_faces(predictions, "Sad", "Happy")
    cells = confusion_frame(predictions).set_index(["true", "predicted"])
    assert len(faces) == cells.loc[("Sad", "Happy"), "n"]
    assert faces["probability"].is_monotonic_decreasing
    with pytest.raises(ValueError, match="unknown class 'Bored'"):
        cell_faces(predictions, "Bored", "Happy")
