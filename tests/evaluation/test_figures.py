"""The figures of metrics draw the frames' numbers, and leave the theme's colours alone."""

import numpy as np
import pandas as pd
import plotly.io as pio
import pytest

from fer_core.evaluation.comparison import scores_table
from fer_core.evaluation.figures import (
    class_score_bars,
    confusion_heatmap,
    learning_curves,
    model_score_bars,
    outline,
    probability_bars,
)
from fer_core.evaluation.metrics import class_scores, confusion_frame
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import COLOURS


@pytest.mark.parametrize("value", ["n", "by_true", "by_predicted"])
def test_heatmap_draws_the_frame(predictions, value):
    """Every cell of the heatmap is the frame's, true classes downwards."""
    frame = confusion_frame(predictions)
    figure = confusion_heatmap(frame, value)
    heatmap = figure.data[0]
    np.testing.assert_array_equal(heatmap.z, frame[value].to_numpy().reshape(6, 6))
    assert list(heatmap.x) == list(heatmap.y) == list(predictions.labels)
    assert (heatmap.zmin, heatmap.zmax) == (0, frame["n"].max() if value == "n" else 1)
    assert figure.layout.xaxis.title.text.endswith("faces" if value == "n" else f"share of the {value[3:]} class")


def test_every_cell_can_be_clicked(predictions):
    """The overlay has one marker a cell, at the cell, that knows the cell's classes."""
    figure = confusion_heatmap(confusion_frame(predictions), title="My model on test")
    overlay = figure.data[1]
    cells = {(true, predicted) for true in predictions.labels for predicted in predictions.labels}
    assert {tuple(cell) for cell in overlay.customdata} == cells
    assert list(zip(overlay.y, overlay.x, strict=True)) == [tuple(cell) for cell in overlay.customdata]
    assert figure.layout.clickmode == "event+select"
    assert figure.layout.title.text == "My model on test (600 faces)"


def test_heatmap_of_an_unknown_value(predictions):
    """It is refused."""
    with pytest.raises(ValueError, match="unknown value"):
        confusion_heatmap(confusion_frame(predictions), "share")


def test_heatmap_of_an_absent_class(predictions):
    """A class without a face has an empty row, and the words say so."""
    without = Predictions(predictions.frame.query("label != 2"), predictions.labels)
    heatmap, overlay = confusion_heatmap(confusion_frame(without), "by_true").data
    assert np.isnan(heatmap.z[2]).all()
    assert (
        overlay.hovertext[12]
        == "labelled Happy, predicted Angry: 0 faces<br>– of those labelled Happy<br>0.0% of those predicted Angry"
    )


@pytest.mark.parametrize("value", ["n", "by_true"])
def test_mistakes_only(predictions, value):
    """The diagonal is empty, the scale ends at the largest mistake, and every cell can still be clicked."""
    frame = confusion_frame(predictions)
    heatmap, overlay = confusion_heatmap(frame, value, diagonal=False).data
    assert np.isnan(np.diag(heatmap.z)).all()
    assert heatmap.zmax == np.nanmax(heatmap.z) == frame[frame["true"] != frame["predicted"]][value].max()
    assert len(overlay.customdata) == 36


def test_mistakes_of_no_faces(predictions):
    """A matrix without faces has a scale too."""
    frame = confusion_frame(predictions.select("train"))
    assert confusion_heatmap(frame, "by_true", diagonal=False).data[0].zmax == 1


def test_outline(predictions):
    """The frame stands around the cell: Sad is row 3, Happy column 2."""
    frame = confusion_frame(predictions)
    (shape,) = outline(confusion_heatmap(frame), frame, "Sad", "Happy").layout.shapes
    assert (shape.x0, shape.x1, shape.y0, shape.y1) == (1.5, 2.5, 2.5, 3.5)


def test_references_of_class_bars(predictions, other):
    """A line across says its value; another's scores stand at the classes they belong to."""
    scores, others = class_scores(predictions), class_scores(other)
    bars, line, marks = class_score_bars(scores, "f1", {"mean": 0.615}, {"other": others}).data
    assert line.name == "mean: 61.5%"
    assert set(line.y) == {0.615}
    assert list(marks.x) == list(bars.x) == list(line.x)
    np.testing.assert_array_equal(marks.y, others["f1"])


@pytest.mark.parametrize("metric", ["recall", "precision", "f1"])
def test_class_bars_draw_the_frame(predictions, metric):
    """Bars are the scores, error bars end at the interval, colours are the expressions'."""
    scores = class_scores(predictions)
    bars = class_score_bars(scores, metric).data[0]
    np.testing.assert_array_equal(bars.y, scores[metric])
    np.testing.assert_allclose(bars.y + bars.error_y.array, scores[f"{metric}_high"])
    np.testing.assert_allclose(bars.y - bars.error_y.arrayminus, scores[f"{metric}_low"])
    assert list(bars.marker.color) == [COLOURS[label] for label in predictions.labels]


def test_learning_curves():
    """One curve a column, named in words; training is dotted; a class has its colour."""
    history = pd.DataFrame({"epoch": [1, 2], "recall": [0.3, 0.4], "val_recall": [0.2, 0.5], "val_recall_Sad": [0, 1]})
    curves = learning_curves(history, ["recall", "val_recall", "val_recall_Sad"], "Recall").data
    assert [curve.name for curve in curves] == ["recall, training", "recall, validation", "Sad"]
    assert [curve.line.dash for curve in curves] == ["dot", "solid", "solid"]
    assert [curve.line.color for curve in curves] == [None, None, COLOURS["Sad"]]
    assert list(curves[1].y) == [0.2, 0.5]


def test_classes_differ_by_marks_too_and_the_saved_epoch_by_a_line():
    """Colour alone tells nobody which class it is."""
    history = pd.DataFrame({"epoch": [1, 2], "val_recall_Sad": [0, 1], "val_recall_Fear": [1, 0]})
    figure = learning_curves(history, ["val_recall_Sad", "val_recall_Fear"], "Recall", saved=2)
    sad, fear = (curve.marker.symbol for curve in figure.data)
    assert sad != fear
    (line,) = figure.layout.shapes
    assert (line.x0, line.x1) == (2, 2)
    assert figure.layout.annotations[0].text == "saved"


def test_learning_rate_is_of_no_split():
    """It is solid, and named without a split."""
    (curve,) = learning_curves(pd.DataFrame({"epoch": [1], "learning_rate": [0.1]}), ["learning_rate"], "Rate").data
    assert (curve.name, curve.line.dash) == ("learning rate", "solid")


def test_earlier_runs_stand_behind():
    """Behind, thin; of all classes each in its colour and one entry in the legend, else one curve."""
    losses, recalls = {"val_loss": [1.0], "loss": [1.0]}, {"val_recall_Sad": [0], "val_recall_Fear": [1]}
    history = pd.DataFrame({"epoch": [1]} | losses | recalls)
    other = pd.DataFrame({"epoch": [1, 2], "val_loss": [2.0, 1.5], "val_recall_Sad": [0, 1]})  # knows Sad only
    figure = learning_curves(history, ["val_loss", "loss"], "Loss", {"before": other})
    *curves, ghost = figure.data
    assert figure.layout.yaxis.autorangeoptions.clipmax == pytest.approx(
        1.05 * history[["val_loss", "loss"]].max(axis=None)
    )
    assert (ghost.name, list(ghost.y), ghost.line.width, ghost.zorder) == ("before", [2.0, 1.5], 1, -1)
    assert len(curves) == 2
    both = {"before": history, "older": other}
    drawn = learning_curves(history, ["val_recall_Sad", "val_recall_Fear"], "Recall", both).data
    assert [curve.name for curve in drawn] == ["Sad", "Fear", "before", "before", "older"]
    assert [curve.showlegend for curve in drawn[2:]] == [True, False, True]
    assert [curve.line.color for curve in drawn[2:4]] == [COLOURS["Sad"], COLOURS["Fear"]]
    assert drawn[2].line.dash != drawn[4].line.dash


def test_model_bars_draw_the_table(predictions, other):
    """Macro recall and accuracy of each model, first model on top, with their faces."""
    table = scores_table({"one": predictions, "2": other})
    figure = model_score_bars(table)
    for bars, metric in zip(figure.data, ("macro_recall", "accuracy"), strict=True):
        assert list(bars.x) == list(table[metric])
        assert list(bars.y) == ["one<br>n = 600", "2<br>n = 600"]
    assert figure.layout.yaxis.autorange == "reversed"


def test_probability_bars():
    """One bar a class, of its probability, in the order given."""
    bars = probability_bars({"Happy": 0.75, "Sad": 0.25}).data[0]
    assert list(bars.y) == ["Happy", "Sad"]
    assert list(bars.x) == [0.75, 0.25]
    assert list(bars.marker.color) == [COLOURS["Happy"], COLOURS["Sad"]]


def test_the_theme_decides_background_and_text(predictions):
    """No figure fixes a background, a font or a colour scale, so light and dark both work."""
    scores = class_scores(predictions)
    history = pd.DataFrame({"epoch": [1], "loss": [1.0]})
    figures = [
        confusion_heatmap(confusion_frame(predictions)),
        class_score_bars(scores),
        learning_curves(history, ["loss"], "Loss"),
        model_score_bars(scores_table({"one": predictions})),
        probability_bars({"Happy": 1.0}),
    ]
    for figure in figures:
        figure.layout.template = None
        drawn = pio.to_json(figure)
        assert not [word for word in ("bgcolor", "font", "colorscale", "colorway") if word in drawn]
        assert figure.layout.title.text
        assert figure.layout.xaxis.title.text or figure.layout.yaxis.title.text
