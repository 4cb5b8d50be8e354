"""Intervals against scipy's, and against what is known without drawing."""

import numpy as np
import pytest
from scipy.stats import binomtest

from fer_core.evaluation.intervals import macro_recall_interval, proportion, resample, wilson


@pytest.mark.parametrize(("correct", "n"), [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (2310, 3533), (1, 3533)])
def test_wilson_equals_scipy(correct, n):
    """Wilson's interval is scipy's, to nine digits, at the ends too."""
    expected = binomtest(correct, n).proportion_ci(0.95, method="wilson")
    assert wilson(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_arrays():
    """One interval an element; no faces give NaN without a warning."""
    low, high = wilson(np.array([0, 5]), np.array([0, 10]))
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] + high[1] == pytest.approx(1)  # symmetric about one half


def test_proportion_of_nothing():
    """A share of no faces is NaN."""
    assert proportion(np.array([0, 1]), np.array([0, 4])).tolist() == pytest.approx([np.nan, 0.25], nan_ok=True)


def test_resample_keeps_n():
    """Every draw has as many faces as there were; an empty cell stays empty; the seed decides."""
    counts = np.array([[10, 0], [20, 70]])
    drawn = resample(counts, draws=50)
    assert drawn.shape == (50, 2, 2)
    assert (drawn.sum(axis=(1, 2)) == 100).all()
    assert (drawn[:, 0, 1] == 0).all()
    assert (drawn == resample(counts, draws=50)).all()
    assert (drawn != resample(counts, draws=50, seed=1)).any()


def test_macro_recall_interval_of_one_class():
    """With one class, macro recall is a binomial share: the normal approximation's 0.9 ± 1.96 sqrt(0.09 / 1000)."""
    low, high = macro_recall_interval(np.array([900]), np.array([1000]))
    assert (low, high) == pytest.approx((0.8814, 0.9186), abs=0.002)


def test_macro_recall_interval_as_drawn_by_hand():
    """The multinomial draw agrees with drawing faces one by one."""
    correct, n = np.array([40, 150, 20]), np.array([100, 200, 50])
    face_class = np.repeat(np.arange(3), n)
    right = np.concatenate([np.arange(size) < hits for hits, size in zip(correct, n, strict=True)])
    rng = np.random.default_rng(5)
    recalls = []
    for _ in range(4000):
        drawn = rng.integers(len(right), size=len(right))
        recalls.append(np.mean([right[drawn][face_class[drawn] == k].mean() for k in range(3)]))
    assert macro_recall_interval(correct, n) == pytest.approx(np.quantile(recalls, [0.025, 0.975]), abs=0.005)


def test_macro_recall_interval_without_faces():
    """An absent class is left out; no face at all has no interval."""
    with_absent = macro_recall_interval(np.array([5, 0]), np.array([9, 0]))
    assert with_absent == macro_recall_interval(np.array([5]), np.array([9]))
    assert np.isnan(macro_recall_interval(np.array([0]), np.array([0]))).all()
