"""Several recordings beside each other."""

import io

import numpy as np
import pandas as pd
import pytest

from fer_core.errors import PhotoError
from fer_core.inference.summary import read_table, shares_frame


def recording(*labels: str | None, each: int = 1) -> pd.DataFrame:
    """A frame a second; None is a frame without a face."""
    table = pd.DataFrame({"label": [label for label in labels for _ in range(each)]})
    seconds = np.arange(len(table))
    return table.assign(frame=seconds + 1, seconds=seconds, face=1, p_Happy=0.5, p_Sad=0.5)


def share(table: pd.DataFrame, name: str, label: str) -> pd.Series:
    return table[(table["recording"] == name) & (table["label"] == label)].iloc[0]


def test_shares_by_hand():
    """Of the frames in which a face is seen; unsure counts as itself, a gap for nothing."""
    found = shares_frame({"a": recording("Happy", "Happy", "Sad", "unsure", None), "b": recording("Sad")})
    assert share(found, "a", "Happy")["share"] == 0.5
    assert share(found, "a", "unsure")["share"] == 0.25
    assert share(found, "a", "Happy")["n"] == 4
    assert share(found, "b", "Sad")["share"] == 1
    assert share(found, "b", "Happy")["share"] == 0


def test_a_class_that_a_model_cannot_answer_has_no_share():
    """It is no 0 %: nobody asked."""
    seven = recording("Happy").assign(p_Disgust=0.0)
    found = shares_frame({"six": recording("Happy"), "seven": seven})
    assert np.isnan(share(found, "six", "Disgust")["share"])
    assert share(found, "seven", "Disgust")["share"] == 0


def test_intervals_need_four_stretches():
    """A short recording has none, nor has a share of 0 or 1, which stays so whatever is drawn."""
    found = shares_frame(
        {
            "short": recording(*["Happy"] * 14),
            "steady": recording(*["Happy"] * 40),
            "mixed": recording(*["Happy", "Sad"] * 4, each=5),
        }
    )
    assert np.isnan(share(found, "short", "Happy")["low"])
    assert share(found, "steady", "Happy")[["low", "high"]].isna().all()
    assert share(found, "steady", "Sad")[["low", "high"]].isna().all()
    mixed = share(found, "mixed", "Happy")
    assert 0 < mixed["low"] < mixed["share"] == 0.5 < mixed["high"] < 1


def test_a_recording_without_a_face_has_no_share():
    """No frame, no number."""
    found = shares_frame({"empty": recording(None, None)})
    assert found["share"].isna().all()
    assert (found["n"] == 0).all()


def test_an_exported_table_is_read_again():
    """What was exported, in the same columns."""
    table = recording("Happy", None)
    pd.testing.assert_frame_equal(read_table(io.StringIO(table.to_csv(index=False))), table, check_dtype=False)


def test_a_time_that_is_missing_is_one_line():
    """A spreadsheet may have lost it."""
    table = recording("Happy", "Sad").astype({"seconds": float})
    table.loc[1, "seconds"] = np.nan
    with pytest.raises(PhotoError, match="expected a number in each row under seconds"):
        read_table(io.StringIO(table.to_csv(index=False)))


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"frame,face,label\nx,y,Happy\n", b'"open\n'], ids=repr
)
def test_another_file_is_one_line(data):
    """No traceback, and what was expected."""
    with pytest.raises(PhotoError, match="expected a timeline that was exported as CSV") as told:
        read_table(io.BytesIO(data))
    assert "\n" not in str(told.value)
