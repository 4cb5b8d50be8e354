"""The figures of a dataset draw the frames' numbers."""

import numpy as np
import pandas as pd
import pytest

from fer_core.evaluation.data_figures import (
    brightness_box,
    change_heatmap,
    class_change_bars,
    class_histogram,
    leak_bars,
    votes_bars,
)
from fer_core.labels import COLOURS, VOTES


@pytest.fixture
def counts() -> pd.DataFrame:
    """Training: 30 Happy, 10 Sad; PublicTest: 5 Happy, 5 Sad."""
    return pd.DataFrame(
        {
            "usage": ["Training", "Training", "PublicTest", "PublicTest"],
            "emotion": ["Happy", "Sad", "Happy", "Sad"],
            "n": [30, 10, 5, 5],
            "share": [0.75, 0.25, 0.5, 0.5],
        }
    )


def test_histogram_of_all(counts):
    """All Usages are added up: 35 Happy of 50 faces."""
    figure = class_histogram(counts)
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("Happy", [35]), ("Sad", [15])]
    assert figure.layout.title.text == "Faces of each expression (50 faces)"
    assert [list(bar.y) for bar in class_histogram(counts, "share").data] == [[0.7], [0.3]]
    assert figure.data[0].marker.color == COLOURS["Happy"]


def test_histogram_by_split(counts):
    """One group of bars a Usage, told with its number of faces, shares as the frame has them."""
    happy = class_histogram(counts, "share", by_split=True).data[0]
    assert list(happy.x) == ["Training<br>n = 40", "PublicTest<br>n = 10"]
    assert list(happy.y) == [0.75, 0.5]


def test_histogram_axis(counts):
    """A logarithmic axis on wish; an unknown value is refused."""
    assert class_histogram(counts, log=True).layout.yaxis.type == "log"
    assert class_histogram(counts).layout.yaxis.type == "linear"
    with pytest.raises(ValueError, match="unknown value"):
        class_histogram(counts, "percent")


def test_brightness_box():
    """0 to 100 in steps of one: the five numbers are 5, 25, 50, 75, 95; an absent expression has no box."""
    stats = pd.DataFrame({"emotion": "Sad", "brightness": np.arange(101.0), "contrast": 1.0})
    (box,) = brightness_box(stats).data
    assert list(box.x) == ["Sad<br>n = 101"]
    numbers = [box[name][0] for name in ("lowerfence", "q1", "median", "q3", "upperfence")]
    assert numbers == pytest.approx([5, 25, 50, 75, 95])
    assert brightness_box(stats, "contrast").data[0].median[0] == 1


def test_votes_bars():
    """One bar a choice; expressions have their colours."""
    votes = np.array([6, 0, 0, 4, 0, 0, 0, 0, 0, 0], np.uint8)
    figure = votes_bars(votes, VOTES)
    assert list(figure.data[0].x) == votes.tolist()
    assert list(figure.data[0].y) == list(VOTES)
    assert figure.data[0].marker.color[3] == COLOURS["Sad"]
    assert figure.layout.title.text == "What 10 annotators see (1 face)"


def test_leak_bars():
    """One bar a kind of copy, of its share, for the Usage asked for."""
    shares = pd.DataFrame(
        [("PublicTest", "Sad", 4, 1, 2), ("PrivateTest", "Sad", 9, 9, 0)],
        columns=["usage", "emotion", "n", "exact", "near"],
    )
    figure = leak_bars(shares, "PublicTest")
    exact, near = figure.data
    assert figure.layout.yaxis.tickformat == ".2~%"  # where few are, 2.5 % isn't written 2 %, as the tick below it
    assert (list(exact.x), list(exact.y), list(near.y)) == (["Sad<br>n = 4"], [0.25], [0.5])


def test_changes_between_versions():
    """The matrix has the labels that change, in their order; the bars stand before and after side by side."""
    moved = pd.DataFrame({"before": ["Sad", "Angry"], "after": ["Neutral", "left out"], "n": [9, 2]})
    (cells,) = change_heatmap(moved).data
    assert list(cells.x) == list(cells.y) == ["Angry", "Sad", "Neutral", "left out"]
    assert (cells.z[1][2], cells.z[0][3], cells.zmin, cells.zmax) == (9, 2, 0, 9)
    totals = pd.DataFrame({"label": ["Sad", "left out"], "before": [5, 0], "after": [3, 2]})
    bars = class_change_bars(totals)
    assert [(bar.name, list(bar.y)) for bar in bars.data] == [("before", [5, 0]), ("after", [3, 2])]
    assert "5 faces" in bars.layout.title.text
