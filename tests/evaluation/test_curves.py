"""ROC and precision-recall curves against scikit-learn's, their intervals, and small ones by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from fer_core.evaluation.curves import one_vs_rest, operating_points
from fer_core.evaluation.metrics import class_scores
from fer_core.evaluation.predictions import Predictions


@pytest.fixture
def rounded(predictions) -> Predictions:
    """As `predictions`, with many equal probabilities."""
    columns = [f"p_{label}" for label in predictions.labels]
    frame = predictions.frame.assign(**predictions.frame[columns].round(1))
    return Predictions(frame, predictions.labels)


@pytest.mark.parametrize("given", ["predictions", "rounded"])
def test_roc_equals_sklearn(request, given):
    """Every point of every class, with its threshold, equal probabilities included."""
    predictions = request.getfixturevalue(given)
    roc = one_vs_rest(predictions, points=None).roc
    for k, label in enumerate(predictions.labels):
        ours = roc[roc["label"] == label]
        expected = sklearn_metrics.roc_curve(predictions.y_true == k, predictions.y_prob[:, k], drop_intermediate=False)
        for column, values in zip(("false_positive_rate", "true_positive_rate", "threshold"), expected, strict=True):
            np.testing.assert_allclose(ours[column], values, atol=1e-9)


@pytest.mark.parametrize("given", ["predictions", "rounded"])
def test_precision_recall_equals_sklearn(request, given):
    """Every point of every class; scikit-learn begins at the other end."""
    predictions = request.getfixturevalue(given)
    curves = one_vs_rest(predictions, points=None).precision_recall
    for k, label in enumerate(predictions.labels):
        ours = curves[curves["label"] == label]
        precision, recall, threshold = sklearn_metrics.precision_recall_curve(
            predictions.y_true == k, predictions.y_prob[:, k]
        )
        np.testing.assert_allclose(ours["precision"], precision[::-1], atol=1e-9)
        np.testing.assert_allclose(ours["recall"], recall[::-1], atol=1e-9)
        np.testing.assert_allclose(ours["threshold"][1:], threshold[::-1], atol=1e-9)


@pytest.mark.parametrize("given", ["predictions", "rounded"])
def test_areas_equal_sklearn(request, given):
    """Area below ROC and average precision, within their intervals; thinning doesn't touch them."""
    predictions = request.getfixturevalue(given)
    areas = one_vs_rest(predictions, points=10).areas.set_index("label")
    for k, label in enumerate(predictions.labels):
        positive, score = predictions.y_true == k, predictions.y_prob[:, k]
        assert areas.loc[label, "auc"] == pytest.approx(sklearn_metrics.roc_auc_score(positive, score), abs=1e-9)
        average = sklearn_metrics.average_precision_score(positive, score)
        assert areas.loc[label, "average_precision"] == pytest.approx(average, abs=1e-9)
        assert areas.loc[label, "n"] == positive.sum()
        assert areas.loc[label, "share"] == pytest.approx(positive.mean())
    for name in ("auc", "average_precision"):
        assert areas[name].between(areas[f"{name}_low"], areas[f"{name}_high"]).all()


def test_intervals_are_those_of_a_bootstrap(predictions):
    """Both ends of the first class's intervals, to a quarter of their width, where faces are drawn 500 times."""
    positive, score = predictions.y_true == 0, predictions.y_prob[:, 0]
    rng, n = np.random.default_rng(0), len(predictions)
    draws = [rng.integers(n, size=n) for _ in range(500)]
    areas = one_vs_rest(predictions).areas.loc[0]
    for name, metric in (
        ("auc", sklearn_metrics.roc_auc_score),
        ("average_precision", sklearn_metrics.average_precision_score),
    ):
        low, high = np.quantile([metric(positive[draw], score[draw]) for draw in draws], [0.025, 0.975])
        assert areas[f"{name}_low"] == pytest.approx(low, abs=(high - low) / 4)
        assert areas[f"{name}_high"] == pytest.approx(high, abs=(high - low) / 4)


def test_delong_by_hand(hand_made):
    """Positive: 0.8 and 0.4 against 0.1 and 0.7, three of four pairs right.

    Each Positive is above 1 and 0.5 of the others, each other below 1 and 0.5: variance 0.125 each, so 0.125 in all.
    """
    areas = one_vs_rest(hand_made).areas.set_index("label").loc["Positive"]
    assert areas["auc"] == pytest.approx(0.75, abs=1e-7)
    assert areas["auc_low"] == pytest.approx(0.75 - 1.959964 * np.sqrt(0.125), abs=1e-6)
    assert areas["auc_high"] == 1
    assert areas["average_precision"] == pytest.approx((1 + 2 / 3) / 2)


def test_thinned_curves(predictions):
    """They hold points of the whole curve only, both ends among them, and no more than were asked for."""
    thin, whole = one_vs_rest(predictions, points=20), one_vs_rest(predictions, points=None)
    for name in ("roc", "precision_recall"):
        few, all_of_them = getattr(thin, name), getattr(whole, name)
        assert len(few.merge(all_of_them)) == len(few)
        for label in predictions.labels:
            drawn, curve = few[few["label"] == label], all_of_them[all_of_them["label"] == label]
            assert 10 <= len(drawn) <= 20
            for end in (0, -1):
                assert drawn.iloc[end].equals(curve.iloc[end])


def test_a_class_without_faces_has_no_curve(predictions):
    """It has no point, and no area instead of a made-up one."""
    without = Predictions(predictions.frame.query("label != 2"), predictions.labels)
    curves = one_vs_rest(without)
    assert "Happy" not in set(curves.roc["label"]) | set(curves.precision_recall["label"])
    happy = curves.areas.set_index("label").loc["Happy"]
    assert happy["n"] == 0
    assert happy[["auc", "auc_low", "average_precision", "average_precision_high"]].isna().all()


def test_no_faces(predictions):
    """No face makes no curve, and no warning."""
    curves = one_vs_rest(predictions.select("train"))
    assert curves.roc.empty
    assert curves.precision_recall.empty
    assert curves.areas["auc"].isna().all()


def test_operating_points(predictions):
    """They are recall and precision; the false positive rate is that of the faces of other classes."""
    points, scores = operating_points(predictions), class_scores(predictions)
    np.testing.assert_allclose(points["true_positive_rate"], scores["recall"])
    np.testing.assert_allclose(points["precision"], scores["precision"])
    others = predictions.y_true != 3
    assert points["false_positive_rate"][3] == pytest.approx((predictions.y_pred[others] == 3).mean())
