"""Calibration by hand and against scikit-learn's; the temperature is fitted on validation and changes no answer."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from fer_core.evaluation.calibration import (
    CALIBRATED,
    LABEL,
    NETWORK,
    calibration_scores,
    chance_of_ece,
    fit_temperature,
    reliability_frame,
    surprise,
    votes_distance,
    with_temperature,
)
from fer_core.evaluation.calibration_figures import reliability_diagram
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.metrics import ece
from fer_core.evaluation.predictions import Predictions, predictions_frame
from fer_core.labels import VOTES


def test_temperature_by_hand():
    """At 2 the square roots: of 0.64, 0.36 they are 0.8, 0.6; at a half the squares; at 1 nothing changes."""
    y_prob = np.array([[0.64, 0.36], [1.0, 0.0]])
    np.testing.assert_allclose(with_temperature(y_prob, 2), [[8 / 14, 6 / 14], [1, 0]], atol=1e-12)
    np.testing.assert_allclose(with_temperature(y_prob[:1], 0.5), [[0.4096 / 0.5392, 0.1296 / 0.5392]], atol=1e-12)
    assert (with_temperature(y_prob, 1) == y_prob).all()


@pytest.mark.parametrize("temperature", [0.05, 0.3, 1.7, 20])
def test_temperature_leaves_every_answer(predictions, temperature):
    """The most probable class stays, even where two are a float32's last digit apart; rows still sum to 1."""
    close = np.nextafter(np.float32(0.4), np.float32(1))
    y_prob = np.vstack([predictions.y_prob, [[0.4, close, 0.05, 0.05, 0.05, 0.05]]]).astype(np.float32)
    calibrated = with_temperature(y_prob, temperature)
    assert (calibrated.argmax(axis=1) == y_prob.argmax(axis=1)).all()
    np.testing.assert_allclose(calibrated.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
def test_no_temperature(temperature):
    """Only positive numbers are one."""
    with pytest.raises(ValueError, match="expected a positive number"):
        with_temperature(np.ones((1, 1)), temperature)


def test_fitted_temperature_finds_the_one_that_was_applied(predictions):
    """Labels drawn from the probabilities need about 1; the same probabilities made too sure by 3 need 3 times that."""
    rng = np.random.default_rng(0)
    y_prob = predictions.y_prob.astype(float)
    labels = (y_prob.cumsum(axis=1) > rng.random((len(y_prob), 1))).argmax(axis=1)
    fair = fit_temperature(_with(predictions, labels, y_prob))
    sure = fit_temperature(_with(predictions, labels, with_temperature(y_prob, 1 / 3)))
    assert fair == pytest.approx(1, abs=0.15)
    assert sure == pytest.approx(3 * fair, rel=1e-3)


def test_fitted_temperature_is_the_least(predictions):
    """A little more and a little less are both worse on validation."""
    validation = predictions.select("validation")
    best = fit_temperature(validation)
    loss = [
        surprise(validation.y_true, with_temperature(validation.y_prob, best * by)).mean() for by in (0.99, 1, 1.01)
    ]
    assert loss[1] == min(loss)


def test_fitted_temperature_of_one_that_is_far_too_sure(predictions):
    """136 faces, four fifths of them right, at probabilities of 1 but for millionths: no worse than any on a grid."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 6, 136)
    said = np.where(rng.random(136) < 0.8, label, (label + 1) % 6)
    logits = np.abs(rng.normal(30, 10, (136, 1))) * np.eye(6)[said] + rng.normal(0, 1, (136, 6))
    sure = _with(predictions, label, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))

    def loss(temperature: float) -> float:
        return surprise(label, with_temperature(sure.y_prob, temperature)).mean()

    assert loss(fit_temperature(sure)) <= min(map(loss, np.geomspace(0.05, 20, 600))) + 1e-6


def test_where_no_temperature_is_better_it_is_1(predictions):
    """Of answers that are all 0 and 1, half of them wrong, and of such that are all alike."""
    label = np.arange(12) % 6
    hard = np.eye(6)[np.where(np.arange(12) < 6, label, 0)]
    for y_prob in (hard, np.full((12, 6), 1 / 6)):
        assert fit_temperature(_with(predictions, label, y_prob)) == 1


def test_fit_needs_a_face(predictions):
    """Without one there is nothing to fit on."""
    with pytest.raises(ValueError, match="expected at least one face"):
        fit_temperature(Predictions(predictions.frame[:0], predictions.labels))


def test_surprise_equals_sklearn(predictions):
    """Its mean is scikit-learn's log loss, before and after a temperature."""
    for y_prob in (predictions.y_prob.astype(float), with_temperature(predictions.y_prob, 1.7)):
        y_prob = y_prob / y_prob.sum(axis=1, keepdims=True)
        expected = log_loss(predictions.y_true, y_prob, labels=range(6))
        assert surprise(predictions.y_true, y_prob).mean() == pytest.approx(expected, abs=1e-9)


def test_reliability_equals_sklearn(predictions):
    """Bins that hold faces are scikit-learn's; together they give the calibration error."""
    frame = reliability_frame(predictions.y_true, predictions.y_prob)
    right = predictions.y_pred == predictions.y_true
    accuracy, confidence = calibration_curve(right, predictions.y_prob.max(axis=1).astype(float), n_bins=15)
    held = frame[frame["n"] > 0]
    np.testing.assert_allclose(held["accuracy"], accuracy, atol=1e-9)
    np.testing.assert_allclose(held["confidence"], confidence, atol=1e-9)
    gaps = held["n"] * (held["accuracy"] - held["confidence"]).abs()
    assert gaps.sum() / len(predictions) == pytest.approx(ece(predictions.y_true, predictions.y_prob), abs=1e-9)


def test_reliability_by_hand(hand_made):
    """Confidences 0.9, 0.7, 0.8, 0.6 in two bins: those of 0.6 and 0.7 are wrong, the others right."""
    frame = reliability_frame(hand_made.y_true, hand_made.y_prob, bins=4)
    assert frame["n"].tolist() == [0, 0, 2, 2]
    np.testing.assert_allclose(frame["confidence"], [np.nan, np.nan, 0.65, 0.85], atol=1e-7)
    np.testing.assert_array_equal(frame["accuracy"], [np.nan, np.nan, 0, 1])
    assert frame.loc[3, ["accuracy_low", "accuracy_high"]].tolist() == [float(bound) for bound in wilson(2, 2)]


def test_chance_covers_a_perfect_model():
    """Labels drawn as often right as said show an error within the range, a model that says too much one above it."""
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.5, 1, 3000)
    y_prob = np.stack([confidence, 1 - confidence], axis=1)
    low, high = chance_of_ece(y_prob)
    fair, bragging = ((rng.random(3000) >= confidence - by).astype(int) for by in (0, 0.1))
    assert 0 < low < ece(fair, y_prob) < high < ece(bragging, y_prob)
    assert np.isnan(chance_of_ece(y_prob[:0])).all()


def test_scores_before_and_after(predictions):
    """Each row is of its probabilities, and the change is that of the means."""
    test = predictions.select("test")
    scores = calibration_scores(test, 2.0).set_index("probabilities")
    after = with_temperature(test.y_prob, 2.0)
    assert scores.loc[NETWORK, "ece"] == ece(test.y_true, test.y_prob)
    assert scores.loc[CALIBRATED, "ece"] == ece(test.y_true, after)
    assert scores.loc[CALIBRATED, "nll"] == pytest.approx(surprise(test.y_true, after).mean(), abs=1e-12)
    assert scores.loc[CALIBRATED, "change"] == pytest.approx(scores["nll"].diff().iloc[1], abs=1e-12)
    assert (scores["nll"].between(scores["nll_low"], scores["nll_high"])).all()
    assert scores["n"].tolist() == [len(test)] * 2


def test_distance_to_the_votes_by_hand():
    """Two of ten votes of a half-half face have to move; a face without a vote for the classes is left out."""
    frame = predictions_frame(
        np.arange(3),
        np.full(3, "PublicTest"),
        [0, 1, 0],
        np.full(3, ""),
        [[0.5, 0.5], [0, 1], [1, 0]],
        ("Sad", "Happy"),
    )
    votes = np.zeros((3, 10), np.uint8)
    votes[0, [VOTES.index("Sad"), VOTES.index("Happy")]] = 7, 3
    votes[1, [VOTES.index("Happy"), VOTES.index("Neutral")]] = 4, 6
    votes[2, VOTES.index("Neutral")] = 10
    table = votes_distance(Predictions(frame, ("Sad", "Happy")), votes, 2.0).set_index("probabilities")
    assert table["n"].tolist() == [2, 2, 2]
    np.testing.assert_allclose(table["distance"], [0.1, 0.1, 0.15], atol=1e-7)
    assert table.loc[LABEL, "change"] == pytest.approx(0.05)


def test_diagram_draws_the_frame(predictions):
    """A point each bin that holds faces, at its confidence and accuracy, and its faces below."""
    frame = reliability_frame(predictions.y_true, predictions.y_prob)
    figure = reliability_diagram({"before": frame, "after": frame})
    held = frame[frame["n"] > 0]
    _, points, counts, *_ = figure.data
    np.testing.assert_array_equal(points.x, held["confidence"])
    np.testing.assert_array_equal(points.y, held["accuracy"])
    np.testing.assert_array_equal(counts.y, held["n"])
    assert figure.layout.title.text == "Reliability (600 faces)"


def _with(predictions: Predictions, label: np.ndarray, y_prob: np.ndarray) -> Predictions:
    row, usage, leak = (predictions.frame[name].to_numpy()[: len(label)] for name in ("row", "usage", "leak"))
    frame = predictions_frame(row, usage, label, leak, y_prob, predictions.labels)
    return Predictions(frame, predictions.labels)
