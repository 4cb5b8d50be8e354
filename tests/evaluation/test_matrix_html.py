"""Matrices as tables hold the numbers of their frames, on one scale, and tell which cell is which."""

import re

import numpy as np
import pytest

from fer_core.evaluation.differences import difference_frame
from fer_core.evaluation.matrix_html import differences, matrices
from fer_core.evaluation.metrics import confusion_frame
from fer_core.evaluation.predictions import Predictions, probability_columns


def shown(html: str) -> list[str]:
    """What the cells say, table after table, row after row."""
    return re.findall(r"<td[^>]*>([^<]*)</td>", html)


def strengths(html: str, colour: str) -> list[float]:
    return [float(found) for found in re.findall(rf"rgba\({colour}, ([0-9.]+)\)", html)]


@pytest.mark.parametrize(("value", "written"), [("n", "{:,}"), ("by_true", "{:.0%}"), ("by_predicted", "{:.0%}")])
def test_matrices_hold_their_frames(predictions, other, value, written):
    """A table for each model, with its name; the fullest cell of all of them has the strongest colour."""
    html = matrices({"a": predictions, "b": other}, value)
    frames = [confusion_frame(model) for model in (predictions, other)]
    assert shown(html) == [written.format(x) for frame in frames for x in frame[value]]
    assert re.findall(r'data-model="(.)"><caption>(.)', html) == [("a", "a"), ("b", "b")]
    end = max(1, *(frame[value].max() for frame in frames))
    found = strengths(html, "31, 111, 139")
    assert found == pytest.approx([0.55 * x / end for frame in frames for x in frame[value]], abs=1e-3)


@pytest.mark.parametrize(("value", "scale"), [("n", 1), ("by_true", 100)])
def test_differences_are_signed_around_zero(predictions, other, value, scale):
    """One table for each other model; blue above and orange below 0, as strong on both sides; shares in points."""
    html = differences({"a": predictions, "b": other, "c": predictions}, "a", value)
    assert re.findall(r'data-model="(.)"><caption>([^<]*)', html) == [("b", "b − a"), ("c", "c − a")]
    frame = difference_frame(other, predictions)
    assert [float(x.replace(",", "")) for x in shown(html)[:36]] == pytest.approx(scale * frame[value], abs=0.051)
    below = frame[value][frame[value] < 0] / frame[value].abs().max()
    assert strengths(html, "213, 94, 0") == pytest.approx(list(-0.55 * below), abs=1e-3)
    first = re.findall(r'<td title="([^"]*)"', html)[1]
    assert first.startswith("labelled Angry, predicted Fear\nb: ")
    assert first.endswith(f"{frame['gained'][1]:,} only by b, {frame['lost'][1]:,} only by a")


def test_cells_are_told_apart(predictions):
    """Each says its classes and faces; the chosen one is marked, in every table; a share of no face is a dash."""
    without = Predictions(predictions.frame.query("label != 2"), predictions.labels)
    html = matrices({"<a>": without}, "by_true", ("Happy", "Sad"))
    assert 'data-model="&lt;a&gt;"><caption>&lt;a&gt;</caption>' in html
    assert shown(html)[12:18] == ["–"] * 6
    (marked,) = re.findall(r'<td title="([^"]*)" class="chosen"', html)
    assert marked.startswith("labelled Happy, predicted Sad: 0 faces\n– of those labelled Happy")
    with pytest.raises(ValueError, match="unknown value"):
        matrices({"a": predictions}, "share")


def test_a_class_that_nobody_predicts_takes_no_colour_from_the_others(predictions):
    """Shares of the predicted class are none there, whichever model comes first."""
    constant = predictions.y_prob * 0 + np.eye(len(predictions.labels), dtype=np.float32)[0]
    columns = {name: constant[:, k] for k, name in enumerate(probability_columns(predictions.labels))}
    always = Predictions(predictions.frame.assign(**columns), predictions.labels)
    for models in ({"a": always, "b": predictions, "c": always}, {"a": predictions, "b": always, "c": predictions}):
        assert "nan)" not in differences(models, "a", "by_predicted")
