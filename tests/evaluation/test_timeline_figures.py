"""Pictures of expressions over time: what they draw, and what they leave open."""

import numpy as np
import pandas as pd
import pytest

from fer_core.evaluation.timeline_figures import KINDS, mark, shares_figure, timeline_figure

SEEN = (0.75, 0.5, np.nan, 0.25)


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two faces, two classes, four seconds; neither is seen in the third."""
    parts = [
        pd.DataFrame({"seconds": range(4), "face": face, "label": label, "probability": shares})
        for face in (1, 2)
        for label, shares in (("Happy", SEEN), ("Sad", 1 - np.array(SEEN)))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("kind", KINDS)
def test_each_face_has_its_part(frame, kind):
    """Titles tell how often each is seen; each class stands in the legend once."""
    figure = timeline_figure(frame, kind, 1.0)
    assert [note.text for note in figure.layout.annotations] == ["Face 1 (n = 3)", "Face 2 (n = 3)"]
    assert [trace.name for trace in figure.data if trace.showlegend] == ["Happy", "Sad"]
    assert figure.layout.xaxis2.title.text == "seconds"


def test_nothing_is_drawn_in_a_gap(frame):
    """An area goes down to 0 half a step beside what was seen; a line isn't connected."""
    area = timeline_figure(frame, "Area", 1.0).data[0]
    inside = [y for x, y in zip(area.x, area.y, strict=True) if 1.5 <= x <= 2.5]
    assert inside == [0, 0]
    line = timeline_figure(frame, "Lines", 1.0).data[0]
    assert np.isnan(line.y[2])
    assert not line.connectgaps


def test_the_moment_that_is_looked_at_is_marked(frame):
    """A line through all parts."""
    figure = mark(timeline_figure(frame, "Area", 1.0), 2.0, "black")
    assert {shape.x0 for shape in figure.layout.shapes} == {2.0}


def test_shares_stand_beside_each_other():
    """A bar a label for each recording, with its interval."""
    shares = pd.DataFrame(
        {"recording": ["a", "a", "b", "b"], "label": ["Happy", "Sad"] * 2, "n": 10, "share": [0.4, 0.6, 1, 0],
         "low": [0.2, 0.5, 1, 0], "high": [0.5, 0.8, 1, 0]}
    )  # fmt: skip
    figure = shares_figure(shares)
    assert [bar.name for bar in figure.data] == ["a", "b"]
    np.testing.assert_allclose(figure.data[0].error_y.array, [0.1, 0.2])
    np.testing.assert_allclose(figure.data[0].error_y.arrayminus, [0.2, 0.1])
