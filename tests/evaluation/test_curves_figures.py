"""The pictures of curves draw the frames' numbers, and leave the theme's colours alone."""

import numpy as np
import plotly.io as pio
import pytest

from fer_core.evaluation.curves import one_vs_rest, operating_points
from fer_core.evaluation.curves_figures import called_positive_bars, precision_recall_lines, roc_lines
from fer_core.evaluation.negative import called_positive
from fer_core.labels import COLOURS


@pytest.mark.parametrize(
    ("draw", "name", "axes"),
    [
        (roc_lines, "roc", ("false_positive_rate", "true_positive_rate")),
        (precision_recall_lines, "precision_recall", ("recall", "precision")),
    ],
)
def test_lines_draw_the_frame(predictions, draw, name, axes):
    """One line a class, in its colour and with dashes of its own, over all its points."""
    curves = one_vs_rest(predictions)
    figure, frame = draw(curves), getattr(curves, name)
    for line, label in zip(figure.data, predictions.labels, strict=False):
        curve = frame[frame["label"] == label]
        np.testing.assert_array_equal(line.x, curve[axes[0]])
        np.testing.assert_array_equal(line.y, curve[axes[1]])
        assert line.line.color == COLOURS[label]
        assert line.name.startswith(label)
    assert len({line.line.dash for line in figure.data[: len(predictions.labels)]}) == len(predictions.labels)
    assert "(600 faces)" in figure.layout.title.text


@pytest.mark.parametrize("draw", [roc_lines, precision_recall_lines])
def test_operating_points_are_marked(predictions, other, draw):
    """One mark a class and model, the models told apart by their shape."""
    points = {"mine": operating_points(predictions), "other": operating_points(other)}
    mine, others = draw(one_vs_rest(predictions), points).data[-2:]
    recall = mine.y if draw is roc_lines else mine.x
    np.testing.assert_array_equal(recall, points["mine"]["true_positive_rate"])
    assert (mine.name, others.name) == ("mine", "other")
    assert mine.marker.symbol != others.marker.symbol


def test_the_theme_decides_background_and_text(predictions):
    """No figure fixes a background, a font or a colour scale; each axis has words."""
    curves = one_vs_rest(predictions)
    for figure in (
        roc_lines(curves),
        precision_recall_lines(curves),
        called_positive_bars(called_positive(predictions)),
    ):
        figure.layout.template = None
        drawn = pio.to_json(figure)
        assert not [word for word in ("bgcolor", "font", "colorscale", "colorway") if word in drawn]
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
