"""What `predictions.parquet` holds, and what is refused."""

import numpy as np
import pytest

from fer_core.data.versions import Version
from fer_core.errors import ModelError
from fer_core.evaluation.predictions import Predictions, predictions_frame, read_predictions
from fer_core.labels import EMOTIONS, SCHEMES

HAPPY, DISGUST = EMOTIONS.index("Happy"), EMOTIONS.index("Disgust")


def test_written_and_read_back(predictions, tmp_path):
    """A frame goes to parquet and comes back equal, column types included."""
    path = tmp_path / "predictions.parquet"
    predictions.frame.to_parquet(path)
    again = read_predictions(path, predictions.labels)
    assert again.frame.equals(predictions.frame)
    assert again.frame.dtypes.astype(str).tolist() == ["int64", "str", "int8", "str", *["float32"] * 6]


def test_rows_are_put_in_order():
    """Faces given in any order are laid out ascending by row, each with its own probabilities."""
    usage = np.full(2, "PublicTest")
    y_prob = np.array([[0.9, 0.1], [0.2, 0.8]])
    frame = predictions_frame(np.array([7, 3]), usage, np.array([0, 1]), np.array(["", "near"]), y_prob, ("a", "b"))
    assert frame["row"].tolist() == [3, 7]
    assert frame["p_b"].tolist() == pytest.approx([0.8, 0.1])


def test_arrays(hand_made):
    """y_true, y_prob and y_pred are what was put in."""
    assert hand_made.y_true.tolist() == [0, 0, 1, 1]
    assert hand_made.y_pred.tolist() == [0, 1, 1, 0]
    assert hand_made.y_prob[1] == pytest.approx([0.3, 0.7])


def test_select(hand_made, predictions):
    """A split is its Usage; its honest part has no leaked face, exact or near."""
    assert len(hand_made.select("test")) == 4
    assert hand_made.select("test", "honest").frame["row"].tolist() == [0, 1, 2]
    assert len(hand_made.select("validation")) == 0
    honest = predictions.select("validation", "honest").frame
    expected = predictions.frame.query("usage == 'PrivateTest' and leak == ''")
    assert honest["row"].tolist() == expected["row"].tolist()


def test_of_one_row(hand_made):
    """The probabilities by class; none of a face that was not asked about."""
    assert hand_made.of_row(3) == pytest.approx({"Negative": 0.6, "Positive": 0.4})
    assert hand_made.of_row(4) is None
    assert hand_made.of_row(-1) is None


@pytest.mark.parametrize(("split", "part"), [("exam", "raw"), ("test", "clean")])
def test_unknown_split_or_part(predictions, split, part):
    """A split or part that does not exist is a bad argument."""
    with pytest.raises(ValueError, match="expected one of"):
        predictions.select(split, part)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda frame: frame.drop(columns="p_Happy"), r"missing \['p_Happy'\], unknown \[\]"),
        (lambda frame: frame.assign(p_Bored=0.0), r"missing \[\], unknown \['p_Bored'\]"),
        (lambda frame: frame.assign(label="Happy"), "found label str"),
        (lambda frame: frame.assign(row=5), "each row once"),
        (lambda frame: frame.assign(usage="Test"), "usage among"),
        (lambda frame: frame.assign(label=6), "label from 0 to 5"),
        (lambda frame: frame.assign(leak="perhaps"), "leak empty"),
        (lambda frame: frame.assign(p_Happy=np.float32("nan")), "sum to 1, found otherwise in 600 of 600 rows"),
        (lambda frame: frame.assign(p_Sad=frame["p_Sad"] - 2, p_Fear=frame["p_Fear"] + 2), "from 0 to 1"),
    ],
)
def test_damage_is_named(predictions, tmp_path, damage, message):
    """Each way to be wrong gives one line that names the model and what is wrong."""
    path = tmp_path / "my-model" / "predictions.parquet"
    path.parent.mkdir()
    damage(predictions.frame).to_parquet(path)
    with pytest.raises(ModelError, match=message) as caught:
        read_predictions(path, predictions.labels)
    assert str(caught.value).startswith("my-model/predictions.parquet: ")
    assert "\n" not in str(caught.value)


def test_not_parquet(tmp_path):
    """A missing file and a file that is no parquet are told apart."""
    path = tmp_path / "predictions.parquet"
    with pytest.raises(ModelError, match="found no file"):
        read_predictions(path, ("a",))
    path.write_text("row,usage\n")
    with pytest.raises(ModelError, match="expected a readable parquet file"):
        read_predictions(path, ("a",))


def test_empty(predictions, tmp_path):
    """A dataset without validation and test faces leaves an empty table, which can be read."""
    path = tmp_path / "predictions.parquet"
    Predictions(predictions.frame.head(0), predictions.labels).frame.to_parquet(path)
    assert len(read_predictions(path, predictions.labels)) == 0


def test_relabelled(hand_made):
    """A version moves a face to another class; one left out, and one that has no class any more, are gone."""
    scheme = SCHEMES["valence"]
    version = Version("v", "0" * 64, {0: HAPPY, 1: DISGUST, 99: HAPPY}, (3,))
    changed = hand_made.relabelled(version, scheme)
    assert changed.frame["row"].tolist() == [0, 2]
    assert changed.y_true.tolist() == [1, 1]
    assert changed.y_prob.tolist() == hand_made.y_prob[[0, 2]].tolist()
    assert changed.frame.dtypes.tolist() == hand_made.frame.dtypes.tolist()
    assert hand_made.y_true.tolist() == [0, 0, 1, 1]
    assert hand_made.relabelled(Version("w", "0" * 64), scheme).frame.equals(hand_made.frame)
