"""Numbers as the pages write them."""

import numpy as np
import pandas as pd

from pages._ui import words

NAN = float("nan")


def test_one_face_tells_a_score_and_no_interval():
    """There is a face, so it isn't said that there is none; without a score stands a dash."""
    assert words.interval(0.616, 0.5, 0.7) == "61.6 % (50.0 to 70.0)"
    assert words.interval(0.616, NAN, NAN) == "61.6 %"
    assert words.interval(NAN, NAN, NAN) == "–"


def test_surprise_of_one_face_has_no_interval():
    """No `nan` on the page."""
    row = {"probabilities": "network", "ece": 0.1, "chance_low": 0.0, "chance_high": 0.1}
    row |= {f"{name}{end}": np.nan for name in ("nll", "change") for end in ("_low", "_high")}
    table = words.calibration(pd.DataFrame([row | {"nll": 1.181, "change": 0.0}] * 2))
    assert table["Negative log-likelihood"].tolist() == ["1.181"] * 2
    assert table["Its change"].tolist() == ["", "+0.0000"]
