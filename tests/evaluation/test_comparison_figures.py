"""Pictures of several models hold the numbers of their frames."""

import pytest

from fer_core.evaluation.agreement import right_counts
from fer_core.evaluation.comparison import paired_tests
from fer_core.evaluation.comparison_figures import difference_intervals, right_bars
from fer_core.labels import COLOURS


def test_intervals_in_points(predictions, other):
    """A point each, with both arms."""
    tests = paired_tests({"a": predictions, "b": other}, "a")
    points = difference_intervals(tests, "a", 600).data[0]
    assert points.x[0] == pytest.approx(100 * tests["difference"][0])
    assert points.x[0] + points.error_x.array[0] == pytest.approx(100 * tests["high"][0])
    assert points.x[0] - points.error_x.arrayminus[0] == pytest.approx(100 * tests["low"][0])


def test_right_bars(predictions, other):
    """The colours of the expressions; none, one or two models; all faces."""
    bars = right_bars(right_counts({"a": predictions, "b": other})).data
    assert [bar.marker.color for bar in bars] == [COLOURS[label] for label in predictions.labels]
    assert list(bars[0].x) == ["none", "1", "2"]
    assert sum(sum(bar.y) for bar in bars) == 600
