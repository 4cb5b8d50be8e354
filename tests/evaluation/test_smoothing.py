"""Smoothing of probabilities, by hand."""

import numpy as np
import pytest

from fer_core.evaluation.smoothing import SMOOTHINGS, exponential, window

GAP = [np.nan, np.nan]


def rows(*first: float) -> np.ndarray:
    """Of two classes, by the probability of the first; NaN is a gap."""
    return np.array([[share, 1 - share] for share in first])


def test_a_window_is_the_mean_around_each_step():
    """Two seconds around: a step and its neighbours at one second; at the ends there are fewer."""
    found = window(rows(0, 0.3, 0.6, 0.9), np.arange(4.0), 2)
    np.testing.assert_allclose(found[:, 0], [0.15, 0.3, 0.6, 0.75])


def test_a_window_counts_seconds_not_steps():
    """Of unevenly spaced steps, those within the width; a tiny one changes nothing."""
    times = np.array([0, 0.2, 5, 5.3])
    np.testing.assert_allclose(window(rows(0, 1, 0.5, 0.7), times, 1)[:, 0], [0.5, 0.5, 0.6, 0.6])
    np.testing.assert_allclose(window(rows(0, 1, 0.5, 0.7), times, 0.1), rows(0, 1, 0.5, 0.7))


def test_an_exponential_halves_its_weights():
    """After one half-life the step before counts half: (0.5 · 0 + 1) / 1.5; then (0.25 · 0 + 0.5 · 1 + 1) / 1.75."""
    found = exponential(rows(0, 1, 1), np.arange(3.0), 1)
    np.testing.assert_allclose(found[:, 0], [0, 1 / 1.5, 1.5 / 1.75])


@pytest.mark.parametrize("smooth", SMOOTHINGS.values(), ids=list(SMOOTHINGS))
def test_gaps_stay_gaps(smooth):
    """Nothing is said of a moment without a face, and the values beside a long gap don't mix over it."""
    y_prob = np.array([[1, 0], GAP, GAP, [0, 1], GAP])
    found = smooth(y_prob, np.array([0, 1, 100, 200, 201.0]), 2)
    np.testing.assert_allclose(found, y_prob, atol=1e-12)


@pytest.mark.parametrize("smooth", SMOOTHINGS.values(), ids=list(SMOOTHINGS))
def test_what_comes_out_are_probabilities(smooth):
    """Of noise with gaps each row still sums to 1, and the input isn't written to."""
    rng = np.random.default_rng(0)
    y_prob = rng.dirichlet(np.ones(6), 60)
    y_prob[rng.random(60) < 0.3] = np.nan
    before = y_prob.copy()
    found = smooth(y_prob, np.sort(rng.random(60) * 10), 1.5)
    assert (np.isnan(found) == np.isnan(y_prob)).all()
    np.testing.assert_allclose(np.nansum(found, axis=1), (~np.isnan(y_prob[:, 0])).astype(float))
    np.testing.assert_array_equal(y_prob, before)


@pytest.mark.parametrize("smooth", SMOOTHINGS.values(), ids=list(SMOOTHINGS))
def test_it_takes_no_or_any_number_of_steps(smooth):
    """No frame is no answer; a width of 0 is refused."""
    assert smooth(np.empty((0, 6)), np.empty(0), 1).shape == (0, 6)
    with pytest.raises(ValueError, match="width"):
        smooth(rows(1), np.zeros(1), 0)
