"""Operating points on faces that can be counted by hand, and against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from fer_core.evaluation.calibration_figures import who_pays_bars
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.operating import (
    CHOSEN,
    MOST_PROBABLE,
    OperatingPoint,
    fit_point,
    group_scores,
    rules,
    who_pays,
)

LABELS = ("Sad", "Fear", "Happy", "Neutral")
Y_TRUE = np.array([0, 0, 1, 2, 3, 3])
Y_PROB = np.array(
    [
        [0.6, 0.1, 0.1, 0.2],
        [0.3, 0.1, 0.1, 0.5],
        [0.1, 0.3, 0.2, 0.4],
        [0.1, 0.0, 0.8, 0.1],
        [0.25, 0.2, 0.15, 0.4],
        [0.1, 0.1, 0.2, 0.6],
    ]
)


def test_answers_by_hand():
    """From the threshold on Sad, below it the most probable of the others, even where Sad is the most probable."""
    assert OperatingPoint(("Sad",), 0.3, 1).answers(Y_PROB, LABELS).tolist() == [0, 0, 3, 2, 3, 3]
    assert OperatingPoint(("Sad",), 0.25, 1).answers(Y_PROB, LABELS).tolist() == [0, 0, 3, 2, 0, 3]
    assert OperatingPoint(("Sad",), 0.7, 1).answers(Y_PROB, LABELS).tolist() == [3, 3, 3, 2, 3, 3]


def test_answers_of_a_group():
    """Two classes reach 0.4 together; the answer is the more probable of the two."""
    assert OperatingPoint(("Sad", "Fear"), 0.4, 1).answers(Y_PROB, LABELS).tolist() == [0, 0, 1, 2, 0, 3]


@pytest.mark.parametrize(("recall", "threshold"), [(0.01, 0.6), (0.5, 0.6), (0.51, 0.3), (1, 0.3)])
def test_threshold_is_the_largest_that_reaches_the_recall(recall, threshold):
    """Of two Sad faces at 0.6 and 0.3 one is half."""
    assert fit_point(Y_TRUE, Y_PROB, LABELS, ("Sad",), recall).threshold == threshold


def test_every_recall_that_is_asked_for_is_reached(predictions):
    """On the faces it was fitted on, and by no more than one face too many where no scores are equal."""
    y_true, y_prob = predictions.y_true, predictions.y_prob
    for group in (("Sad",), ("Angry", "Fear", "Sad")):
        inside = np.isin(predictions.labels, group)
        n = inside[y_true].sum()
        for percent in range(1, 101):
            point = fit_point(y_true, y_prob, predictions.labels, group, percent / 100)
            found = inside[point.answers(y_prob, predictions.labels)[inside[y_true]]].sum()
            assert found == -(-percent * n // 100)


def test_fitted_on_validation_only(predictions):
    """Other test faces give the same point."""
    frame = predictions.frame.copy()
    point = _fit(predictions)
    is_test = frame["usage"] == "PublicTest"
    frame.loc[is_test, "label"] = 0
    frame.loc[is_test, [f"p_{label}" for label in predictions.labels]] = np.float32(1 / 6)
    assert _fit(type(predictions)(frame, predictions.labels)) == point


@pytest.mark.parametrize("group", [(), LABELS, ("Sad", "Sad"), ("Disgust",)])
def test_what_is_no_group(group):
    """None, all, one twice and an unknown class are refused."""
    with pytest.raises(ValueError, match="group: expected some of"):
        fit_point(Y_TRUE, Y_PROB, LABELS, group, 0.5)


def test_what_cannot_be_fitted():
    """No recall of 0, and none of a class without a face."""
    with pytest.raises(ValueError, match="recall: expected"):
        fit_point(Y_TRUE, Y_PROB, LABELS, ("Sad",), 0)
    with pytest.raises(ValueError, match="expected a face labelled Fear, found none"):
        fit_point(Y_TRUE[:2], Y_PROB[:2], LABELS, ("Fear",), 0.5)


def test_group_scores_equal_sklearn(predictions):
    """Recall and precision of the group against the rest; of the most probable the headline's macro recall."""
    y_true, labels, group = predictions.y_true, predictions.labels, ("Angry", "Fear", "Sad")
    inside = np.isin(labels, group)
    point = fit_point(y_true, predictions.y_prob, labels, group, 0.9)
    answers = rules(point, predictions.y_prob, labels)
    table = group_scores(y_true, answers, labels, group).set_index("rule")
    for rule, given in answers.items():
        assert table.loc[rule, "recall"] == pytest.approx(recall_score(inside[y_true], inside[given]), abs=1e-9)
        assert table.loc[rule, "precision"] == pytest.approx(precision_score(inside[y_true], inside[given]), abs=1e-9)
        macro = recall_score(y_true, given, average="macro")
        assert table.loc[rule, "macro_recall"] == pytest.approx(macro, abs=1e-9)
    headline = summary(predictions)
    for measure in ("macro_recall", "macro_recall_low", "macro_recall_high", "accuracy", "accuracy_low"):
        assert table.loc[MOST_PROBABLE, measure] == getattr(headline, measure)
    low, high = wilson((inside[y_true] & inside[answers[CHOSEN]]).sum(), inside[y_true].sum())
    assert (table.loc[CHOSEN, "recall_low"], table.loc[CHOSEN, "recall_high"]) == (low, high)


def test_who_pays_by_hand():
    """Asking for all Sad faces wins one of them and loses one Neutral where the threshold is low."""
    before = Y_PROB.argmax(axis=1)
    after = OperatingPoint(("Sad",), 0.25, 1).answers(Y_PROB, LABELS)
    table = who_pays(Y_TRUE, before, after, LABELS, ("Sad",)).set_index("label")
    assert table["recall_before"].tolist() == [0.5, 0, 1, 1]
    assert table["recall_after"].tolist() == [1, 0, 1, 0.5]
    assert table["won"].tolist() == [1, 0, 0, 0]
    assert table["lost"].tolist() == [0, 0, 0, 1]
    assert table["in_group"].tolist() == [True, False, False, False]


def test_bars_draw_the_frame():
    """Two bars a class, before and after."""
    table = who_pays(Y_TRUE, Y_PROB.argmax(axis=1), np.zeros(6, int), LABELS, ("Sad",))
    before, after = who_pays_bars(table, ("a", "b")).data
    np.testing.assert_array_equal(before.y, table["recall_before"])
    np.testing.assert_array_equal(after.y, table["recall_after"])
    assert (before.x[0], before.x[3]) == ("Sad ★<br>n = 2<br>+1", "Neutral<br>n = 2<br>-2")


def _fit(predictions) -> OperatingPoint:
    validation = predictions.select("validation", "honest")
    return fit_point(validation.y_true, validation.y_prob, predictions.labels, ("Sad",), 0.8)


def test_rounding_asks_for_no_face_more():
    """7 % of 100 faces are 7, though 0.07 times 100 is a little more."""
    y_prob = np.stack([np.linspace(0.99, 0.01, 100), np.linspace(0.01, 0.99, 100)], axis=1)
    point = fit_point(np.zeros(100, int), y_prob, ("Sad", "Happy"), ("Sad",), 0.07)
    assert (y_prob[:, 0] >= point.threshold).sum() == 7
