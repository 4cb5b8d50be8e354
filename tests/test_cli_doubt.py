"""The verb `doubt`."""

import json

import numpy as np
import pandas as pd
import pytest
from voted import write_voted

from fer_core import store
from fer_core.cli import main
from fer_core.data.demo import draw_dataset
from fer_core.data.versions import Version, save_version
from fer_core.labels import get_scheme
from fer_core.training import doubt as folds

TINY = ("--set", "width=4", "--set", "epochs=1", "--folds", "2")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_trained_ranked_written_and_read_back(capsys, tmp_path):
    """Two runs, the ranking as JSON and as CSV; asked again, it answers without them."""
    table = tmp_path / "doubt.csv"
    words = ("doubt", "--source", "demo", *TINY, "--top", "3", "--json")
    assert main([*words, "--out", str(table)]) == 0
    told = json.loads(capsys.readouterr().out)
    drawn = draw_dataset()
    n = int((get_scheme("study").classes(drawn.emotion) >= 0).sum())
    assert told["n"] == n == len(pd.read_csv(table))
    assert [face["row"] for face in told["ranking"]] == list(pd.read_csv(table)["row"][:3])
    assert told["ranking"][0]["reason"].startswith("Models: ")
    assert told["ranking"][0]["contradicted"] is None
    assert told["contradiction"][-1] == {
        "first": n, "n": 0, "contradicted": 0, "share": None, "low": None, "high": None
    }  # fmt: skip
    models = store.list_models()
    assert [(model.status, model.tags) for model in models] == [("finished", ("doubt",))] * 2
    for model in models:
        model.folder.rename(tmp_path / model.id)
    assert main([*words]) == 0
    assert json.loads(capsys.readouterr().out) == told


def test_several_presets_judge_together(capsys):
    """One knows all labels but one, the other nothing: alone it gives each class its share, and both tell the one."""
    drawn, wrong = draw_dataset(), 7
    rows = np.flatnonzero(get_scheme("study").classes(drawn.emotion) >= 0)
    label = get_scheme("study").classes(drawn.emotion[rows])
    said = np.where(np.arange(len(rows)) == wrong, (label + 1) % 6, label)
    knowing = np.where(np.arange(6) == said[:, np.newaxis], 0.9, 0.02)
    for preset, y_prob in (("quick", knowing), ("fast", np.full_like(knowing, 1 / 6))):
        path = folds._file(drawn, folds.fold_config(preset))
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, rows=rows, y_prob=y_prob.astype(np.float32))
    first = {}
    for presets in (("quick",), ("quick", "fast"), ("fast",)):
        assert main(["doubt", "--source", "demo", "--json", *(f"--preset={preset}" for preset in presets)]) == 0
        first[presets] = json.loads(capsys.readouterr().out)["ranking"][0]
    for presets in (("quick",), ("quick", "fast")):
        assert first[presets]["row"] == rows[wrong]
        assert first[presets]["p_label"] < 0.05
    assert first["fast",]["p_label"] > 0.05


def test_annotators_need_no_training(capsys, tmp_path):
    """The label that they contradict comes first, with their votes; no run is made."""
    csv = write_voted(tmp_path, draw_dataset(), 3)
    assert main(["doubt", "--source", str(csv), "--preset", "annotators", "--top", "1"]) == 0
    first, last = capsys.readouterr().out.strip().splitlines()
    assert first.startswith("3, ")
    assert "Annotators: " in first
    assert last.endswith("labels are doubtful")
    assert not store.list_models()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--folds", "1"), "folds: expected 2 or more, found 1"),
        (("--folds", "3", "--set", "folds=1"), "folds: expected 2 or more, found 1"),
        (("--preset", "none"), "unknown judge 'none': expected one of quick"),
        (("--set", "start=compact"), "expected neither teachers nor a model to start from"),
        (("--set", "version=none"), "version 'none': expected one of the versions of demo (one), found none"),
        (("--preset", "annotators"), "annotators: expected FER+'s votes of the faces of demo, found none"),
        (("--preset", "annotators", "--set", "epochs=3"), "--set: expected scheme or version, as annotators"),
        (("--top", "-1"), "--top: expected 0 or more, found -1"),
        (("--out", "no/such/folder.csv"), "no/such/folder.csv: expected a file that can be written"),
    ],
)
def test_refusal_is_one_line_and_exit_code_2(words, message, capsys):
    """What was expected and found, before a run is made."""
    save_version(Version("one", draw_dataset().fingerprint, {}, (1,)))
    assert main(["doubt", "--source", "demo", *words]) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not store.list_models()


def test_a_refusal_leaves_no_file(tmp_path, capsys):
    """Whether the file can be written is tried before; one that was there stays as it was."""
    new, old = tmp_path / "new.csv", tmp_path / "old.csv"
    old.write_text("kept")
    for table in (new, old):
        assert main(["doubt", "--source", "no/such.csv", "--out", str(table)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
    assert old.read_text() == "kept"
