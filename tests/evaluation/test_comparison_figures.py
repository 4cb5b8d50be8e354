"""Pictures of several models hold the numbers of their frames."""

import numpy as np
import pytest

from fer_core.evaluation.agreement import right_counts
from fer_core.evaluation.comparison import paired_tests
from fer_core.evaluation.comparison_figures import difference_intervals, differences, matrices, right_bars
from fer_core.evaluation.differences import difference_frame
from fer_core.labels import COLOURS


@pytest.mark.parametrize("value", ["n", "by_true"])
def test_matrices_share_one_scale(predictions, other, value):
    """The same ends for all, as far as the fullest cell."""
    figures = matrices({"a": predictions, "b": other}, value).values()
    (end,) = {figure.data[0].zmax for figure in figures}
    assert end == max(1, *(np.max(figure.data[0].z) for figure in figures))


@pytest.mark.parametrize(("value", "scale"), [("n", 1), ("by_true", 100)])
def test_differences_are_signed_around_zero(predictions, other, value, scale):
    """One figure for each other model; one scale for all, symmetric; shares in points; cells tell their names."""
    figures = differences({"a": predictions, "b": other, "c": predictions}, "a", value)
    assert list(figures) == ["b", "c"]
    frame = difference_frame(other, predictions)
    end = scale * frame[value].abs().max()
    for figure in figures.values():
        assert (-figure.data[0].zmin, figure.data[0].zmax) == pytest.approx((end, end))
    np.testing.assert_allclose(np.ravel(figures["b"].data[0].z), scale * frame[value])
    assert figures["b"].data[1].customdata[1].tolist() == ["Angry", "Fear"]
    assert figures["b"].layout.title.text == "b − a (600 faces)"
    assert f"{frame['gained'][1]} only by b, {frame['lost'][1]} only by a" in figures["b"].data[1].hovertext[1]


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
