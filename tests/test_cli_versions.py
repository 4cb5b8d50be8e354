"""The verb `versions`."""

import json

import numpy as np
import pytest
from saved import save_model

from fer_core.cli import main
from fer_core.data.demo import draw_dataset
from fer_core.data.versions import Version, list_versions, save_version, version_file
from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import EMOTIONS


@pytest.fixture
def run(capsys):
    """Call it with `--json`; its object."""

    def call(*words: str) -> dict:
        assert main(["versions", *words, "--source", "demo", "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def edits(tmp_path):
    """A CSV that gives the first face its neighbour's code, and leaves two out."""
    path = tmp_path / "edits.csv"
    label = "Sad" if draw_dataset().emotion[0] != 4 else "Happy"
    path.write_text(f"row,label\n0,{label}\n1,\n2,exclude\n")
    return str(path)


def test_a_table_without_an_edit_is_refused(tmp_path, capsys):
    """Only the labels that the dataset has: no version would come of it."""
    path = tmp_path / "edits.csv"
    path.write_text(f"row,label\n0,{EMOTIONS[draw_dataset().emotion[0]]}\n")
    assert main(["versions", "save", "same", "--from", str(path), "--source", "demo"]) == 2
    assert "expected an edit, found the labels that the dataset has anyway" in capsys.readouterr().err
    assert not list_versions(draw_dataset())


def test_a_table_that_is_cut_short_is_refused(tmp_path, capsys):
    """In its last line the comma is missing: that is no wish to leave a face out."""
    path = tmp_path / "edits.csv"
    path.write_text("row,label\n3,Happy\n12")
    assert main(["versions", "save", "cut", "--from", str(path), "--source", "demo"]) == 2
    assert "expected a row and a label, found a line cut short in line 3" in capsys.readouterr().err
    assert not list_versions(draw_dataset())


def test_saved_listed_shown_and_compared(run, edits):
    """One version goes through all actions, with the same numbers in each."""
    assert run()["versions"] == []
    saved = run("save", "one", "--from", edits, "--note", "by hand", "--author", "me")
    assert {key: saved[key] for key in ("name", "relabelled", "left_out", "note", "author", "parent")} == {
        "name": "one",
        "relabelled": 1,
        "left_out": 2,
        "note": "by hand",
        "author": "me",
        "parent": "",
    }
    assert run()["versions"] == run("list")["versions"] == [saved]
    shown = run("show", "one")
    assert (sum(map(len, shown["labels"].values())), shown["excluded"]) == (1, [1, 2])
    compared = run("compare", "one")
    assert sum(change["n"] for change in compared["changes"]) == 3
    assert {"label": "left out", "before": 0, "after": 2} in compared["counts"]
    assert run("compare", "one", "one")["changes"] == []


def test_deleted_with_yes_only(run, edits, capsys):
    """Asked first; then it is gone, and can't be again."""
    run("save", "one", "--from", edits)
    assert main(["versions", "delete", "one", "--source", "demo"]) == 2
    assert "expected --yes" in capsys.readouterr().err
    assert [version["name"] for version in run()["versions"]] == ["one"]
    assert run("delete", "one", "--yes") == {"deleted": "one"}
    assert run()["versions"] == []
    assert main(["versions", "delete", "one", "--yes", "--source", "demo"]) == 2
    assert "found none of that name" in capsys.readouterr().err


def test_flags_before_the_action_count(run, edits, capsys):
    """`--json` and `--source` may stand on either side."""
    assert main(["versions", "--json", "--source", "demo", "list"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"] == []


def test_damaged_ones_are_told(run):
    """By name, with the reason; the others are listed."""
    drawn = draw_dataset()
    for name in ("sound", "torn"):
        save_version(Version(name, drawn.fingerprint, {}, (1,)))
    version_file(drawn.fingerprint, "torn").write_text("{")
    told = run()
    assert [version["name"] for version in told["versions"]] == ["sound"]
    assert "expected the JSON of a version" in told["damaged"]["torn"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "none"), "version 'none': expected one of the versions of demo (one), found none"),
        (("compare", "one", "../two"), "version name: expected 1 to 64"),
        (("save", "one", "--from", "EDITS"), "expected one that is not taken, found 'one'"),
        (("save", "two", "--from", "no.csv"), "no.csv: expected a CSV with columns row,label"),
    ],
)
def test_refusal_is_one_line_and_exit_code_2(run, edits, words, message, capsys):
    """What was expected and found; nothing is saved."""
    run("save", "one", "--from", edits)
    words = [edits if word == "EDITS" else word for word in words]
    assert main(["versions", *words, "--source", "demo"]) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
    assert [version.name for version in list_versions(draw_dataset())] == ["one"]


def test_train_refuses_a_version_that_is_not_there(capsys):
    """Before a run is made."""
    assert main(["train", "--source", "demo", "--preset", "quick", "--set", "version=none"]) == 2
    assert "version 'none': expected one of the versions" in capsys.readouterr().err


def test_a_model_is_scored_against_a_version(capsys):
    """A wrong answer that the version takes for right is right; a face that it leaves out isn't counted."""
    faces = draw_dataset()
    model = save_model("mine", faces)
    assert main(["evaluate", "mine", "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    test = read_predictions(model.predictions_file, model.labels).select("test")
    wrong, out = np.flatnonzero(test.y_pred != test.y_true)[:2]
    rows = test.frame["row"].tolist()
    answer = EMOTIONS.index(model.labels[test.y_pred[wrong]])
    save_version(Version("better", faces.fingerprint, {rows[wrong]: answer}, (rows[out],)))
    assert main(["evaluate", "mine", "--version", "better", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert (before["version"], after["version"]) == (None, "better")
    assert after["n"] == before["n"] - 1
    assert round(after["accuracy"] * after["n"]) == round(before["accuracy"] * before["n"]) + 1
    assert main(["evaluate", "mine", "--version", "worse"]) == 2
    assert "version 'worse': expected one of the versions of the dataset" in capsys.readouterr().err
