"""The picture of what was tried."""

import numpy as np
import pandas as pd

from fer_core.evaluation.tuning_figures import tried_values

NAMES = {"width": "Width", "seed": "Seed"}


def results(width, seed, recall) -> pd.DataFrame:
    recall = np.array(recall)
    table = {"run": list("abcd")[: len(recall)], "width": width, "seed": seed, "recall": recall}
    return pd.DataFrame(table | {"low": recall - 0.02, "high": recall + 0.03, "n": 164})


def test_values_stand_in_the_order_of_their_numbers():
    """8 before 16, words last; the interval about each mark; a run without a score has none."""
    figure = tried_values(results(["16", "none", "8", "64"], ["1"] * 4, [0.5, 0.4, 0.3, np.nan]), NAMES, "width")
    assert figure.layout.xaxis.categoryarray == ("8", "16", "none")
    (marks,) = figure.data
    assert list(marks.x) == ["16", "none", "8"]
    assert np.allclose(marks.error_y.array, 0.03)
    assert np.allclose(marks.error_y.arrayminus, 0.02)
    assert "by width (164 faces)" in figure.layout.title.text


def test_a_colour_for_each_value_of_the_second():
    """Two seeds, two marks of other colours and shapes at each width."""
    figure = tried_values(results(["8", "8", "16", "16"], ["1", "2"] * 2, [0.5, 0.4, 0.3, 0.2]), NAMES, "width", "seed")
    first, second = figure.data
    assert (first.name, second.name) == ("Seed 1", "Seed 2")
    assert (list(first.x), list(first.y)) == (["8", "16"], [0.5, 0.3])
    assert first.marker.color != second.marker.color
    assert first.marker.symbol != second.marker.symbol
