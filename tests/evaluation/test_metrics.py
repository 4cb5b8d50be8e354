"""Metrics against scikit-learn's, and small ones by hand."""

import json

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.metrics import (
    cell_faces,
    class_scores,
    confusion,
    confusion_frame,
    ece,
    evaluation_json,
    overall_scores,
    summary,
)
from fer_core.evaluation.predictions import Predictions, predictions_frame


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
    for name in ("recall", "precision", "f1"):
        assert scores[name].between(scores[f"{name}_low"], scores[f"{name}_high"]).all()


def test_interval_of_f1_by_hand(hand_made):
    """Negative: of three faces labelled or predicted so one is both; Wilson's ends s of 1 in 3 become 2 s / (1 + s)."""
    scores = class_scores(hand_made).loc[0]
    low, high = wilson(1, 3)
    assert scores["f1"] == 0.5
    assert (scores["f1_low"], scores["f1_high"]) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_overall_scores_equal_sklearn(predictions):
    """Accuracy and the three macro means are scikit-learn's, in their intervals; recall's is that of the headline."""
    scores = overall_scores(predictions).set_index("metric")
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        predictions.y_true, predictions.y_pred, average="macro"
    )
    accuracy = sklearn_metrics.accuracy_score(predictions.y_true, predictions.y_pred)
    np.testing.assert_allclose(scores["value"], [accuracy, recall, precision, f1], atol=1e-9)
    assert (scores["low"] < scores["value"]).all()
    assert (scores["value"] < scores["high"]).all()
    assert scores.loc["macro_recall", "low"] == summary(predictions).macro_recall_low


def test_a_class_that_is_never_predicted(predictions):
    """Its precision counts as 0 in the macro mean, as in scikit-learn, and not as nothing."""
    y_prob = np.zeros((600, 6))
    y_prob[:, 2] = 1
    arrays = (predictions.frame[name].to_numpy() for name in ("row", "usage", "label", "leak"))
    constant = Predictions(predictions_frame(*arrays, y_prob, predictions.labels), predictions.labels)
    expected = sklearn_metrics.precision_score(constant.y_true, constant.y_pred, average="macro", zero_division=0)
    assert overall_scores(constant).set_index("metric").loc["macro_precision", "value"] == pytest.approx(expected)


def test_overall_scores_of_no_faces(predictions):
    """They are no numbers."""
    assert overall_scores(predictions.select("train"))[["value", "low", "high"]].isna().all(axis=None)


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
        "accuracy_low": pytest.approx(0.15, abs=0.001),  # Wilson's, of 2 of 4
        "accuracy_high": pytest.approx(0.85, abs=0.001),
        "macro_recall": 0.5,
        "macro_recall_low": 0.0,
        "macro_recall_high": 1.0,
        "recall": {"Negative": 0.5, "Positive": 0.5},
        "confusion": [[1, 1], [1, 1]],
        "labels": ["Negative", "Positive"],
    }
    assert set(honest) == {*report, "ece"}
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
    assert (faces["probability"] == faces["p_Happy"]).all()
    behind = predictions.frame.set_index("row").loc[faces["row"]]
    assert (behind["label"] == 3).all()
    assert behind["leak"].tolist() == faces["leak"].tolist()
    with pytest.raises(ValueError, match="unknown class 'Bored'"):
        cell_faces(predictions, "Bored", "Happy")
