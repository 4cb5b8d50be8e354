"""The verb `predict` on folders: tables that go on, parts for several machines, Ray."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from networked import learned_network, save_constant, save_network
from pictures import png, write_faces

from fer_core.cli import main
from fer_core.data.demo import draw_dataset
from fer_core.evaluation.decision import Decision, save_decision
from fer_core.labels import MEANING
from fer_core.paths import ROOT


@pytest.fixture
def model():
    """A model that calls every face Sad, in the folder of this test."""
    return save_constant("sad", draw_dataset(), "negative", (0.1, 0.2, 0.7))


@pytest.fixture
def run(capsys):
    """Call the verb; what it prints as JSON, and what it tells beside."""

    def call(*words) -> tuple[dict, str]:
        code = main(["predict", *map(str, words), "--json"])
        told = capsys.readouterr()
        assert code == 0, told.err
        return json.loads(told.out), told.err

    return call


def test_a_parquet_file_tells_what_json_tells(run, model, tmp_path):
    """The same files whether they come from the network or from the table; also what an answer is not."""
    write_faces(tmp_path / "pictures", 30)
    (tmp_path / "pictures" / "grey.png").write_bytes(png(np.full((200, 200, 3), 128, np.uint8)))
    plain, _ = run("sad", tmp_path / "pictures")
    kept, _ = run("sad", tmp_path / "pictures", "--out", tmp_path / "faces.parquet")
    assert kept == plain
    assert plain["meaning"] == MEANING
    assert [file.get("faces") for file in kept["files"] if file["path"].endswith("grey.png")] == [[]]
    table = pd.read_parquet(tmp_path / "faces.parquet")
    assert list(table) == ["path", "face", "x", "y", "w", "h", "label", "p_Angry", "p_Fear", "p_Sad", "error"]
    assert len(table) == 31
    assert (table["label"] == "Sad").sum() == 28  # every 20th is damaged
    run("sad", tmp_path / "pictures", "--out", tmp_path / "faces.csv")
    csv = pd.read_csv(tmp_path / "faces.csv")
    pd.testing.assert_frame_equal(csv.drop(columns=["model", "rule", "meaning"]), table, check_dtype=False)
    assert set(csv["meaning"]) == {MEANING}
    assert set(csv["model"]) == {"sad"}
    assert csv["rule"].str.startswith("The label is the most probable expression").all()


def test_it_goes_on_with_a_finished_table(run, model, tmp_path, capsys):
    """Pictures that are in it aren't classified again, new ones are added; another decision is refused."""
    out = tmp_path / "faces.parquet"
    write_faces(tmp_path / "pictures", 5)
    run("sad", tmp_path / "pictures", "--out", out)
    (tmp_path / "pictures" / "new.png").write_bytes(png(np.zeros((48, 48), np.uint8)))
    found, told = run("sad", tmp_path / "pictures", "--out", out)
    assert "5 of 6 pictures are in" in told
    assert [Path(file["path"]).name for file in found["files"]].count("new.png") == 1
    assert len(found["files"]) == 6
    save_decision(model, Decision(2.0))
    assert main(["predict", "sad", str(tmp_path / "pictures"), "--out", str(out)]) == 2
    assert "'temperature': 2.0}, found decision" in capsys.readouterr().err


def test_the_same_words_elsewhere_are_other_pictures(run, model, tmp_path, monkeypatch, capsys):
    """Two days' pictures of the same names don't pass for each other; a path from the root is one anywhere."""
    out = tmp_path / "faces.parquet"
    for day in ("first", "second"):
        write_faces(tmp_path / day, 2)
    monkeypatch.chdir(tmp_path / "first")
    run("sad", ".", "--out", out)
    monkeypatch.chdir(tmp_path / "second")
    assert main(["predict", "sad", ".", "--out", str(out)]) == 2
    assert f"expected folder {tmp_path / 'second'}, found folder {tmp_path / 'first'}" in capsys.readouterr().err
    run("sad", tmp_path / "first", "--out", tmp_path / "from_root.parquet")
    monkeypatch.chdir(tmp_path)
    _, told = run("sad", tmp_path / "first", "--out", tmp_path / "from_root.parquet")
    assert "2 of 2 pictures are in" in told


def test_parts_make_up_the_whole(run, model, tmp_path):
    """Three machines, three files in one folder, which reads as one table."""
    paths = write_faces(tmp_path / "pictures", 40)
    (tmp_path / "parts").mkdir()
    for part in "123":
        run("sad", tmp_path / "pictures", "--shard", f"{part}/3", "--out", tmp_path / "parts" / f"{part}.parquet")
    assert sorted(pd.read_parquet(tmp_path / "parts")["path"]) == paths


def test_an_empty_folder_is_an_empty_table(run, model, tmp_path):
    """And costs no network."""
    found, _ = run("sad", tmp_path, "--out", tmp_path / "faces.parquet")
    assert found["files"] == []
    assert len(pd.read_parquet(tmp_path / "faces.parquet")) == 0


def test_a_name_that_nothing_has_is_refused(model, tmp_path, capsys):
    """A slip of the pen isn't a damaged picture: one line, and no table is begun."""
    out = tmp_path / "faces.parquet"
    assert main(["predict", "sad", str(tmp_path / "nowhere"), "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("nowhere: expected a picture or a folder of pictures, found nothing there")
    assert not out.exists()


def test_a_killed_verb_goes_on(model, tmp_path):
    """The whole of it, from the shell: killed after a part was written; each picture once in the end."""
    paths = write_faces(tmp_path / "pictures", 500)
    out = tmp_path / "faces.parquet"
    command = [sys.executable, "-m", "fer_core", "predict", "sad", str(tmp_path / "pictures"), "--out", str(out)]
    first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    while first.poll() is None and not any((tmp_path / "faces.parquet.parts").glob("[0-9]*.parquet")):
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert not out.exists()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "of 500 pictures are in" in again.stderr
    assert "500 pictures, 475 faces, 0 without a face, 25 that could not be used" in again.stdout
    assert sorted(pd.read_parquet(out)["path"]) == paths


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.data.context")  # of its own settings
def test_ray_tells_the_same(run, tmp_path):
    """Two workers of a Ray on this machine: the same faces and errors as without it, and the table goes on without."""
    pytest.importorskip("ray.data")
    drawn = draw_dataset()
    save_network("learned", drawn, "negative", learned_network(drawn, "negative"))
    paths = write_faces(tmp_path / "pictures", 100)
    words = ("learned", tmp_path / "pictures", "--workers", 2)
    run(*words, "--out", tmp_path / "plain.parquet")
    run(*words, "--out", tmp_path / "ray.parquet", "--ray")
    plain, by_ray = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("plain", "ray"))
    assert plain["p_Sad"].nunique() > 10
    pd.testing.assert_frame_equal(by_ray.sort_values("path", ignore_index=True), plain, rtol=1e-5)
    assert plain["path"].tolist() == paths
    (tmp_path / "pictures" / "new.png").write_bytes(png(np.zeros((48, 48), np.uint8)))
    assert len(run(*words, "--out", tmp_path / "ray.parquet")[0]["files"]) == 101


def test_without_ray_it_says_how_to_install_it(model, tmp_path, monkeypatch, capsys):
    """In one line."""
    monkeypatch.setitem(sys.modules, "ray", None)
    write_faces(tmp_path, 1)
    assert main(["predict", "sad", str(tmp_path), "--ray"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("found none: pip install -r requirements-ray.txt")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shard", "4/3"), "shard: expected a part from 1 to n, and n, such as 2/3, found '4/3'"),
        (("--workers", "0"), "workers: expected at least 1, found 0"),
        (("--out", "no/such/folder/x.parquet"), "expected a file that can be written, found: No such file"),
    ],
)
def test_wrong_words_are_refused(words, message, model, capsys):
    """In one line, before any picture is read."""
    assert main(["predict", "sad", ".", *words]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_table_goes_on_with_the_same_network_only(tmp_path, capsys):
    """Another one of the same name is refused."""
    write_faces(tmp_path / "pictures", 2)
    words = ["predict", "sad", str(tmp_path / "pictures"), "--out", str(tmp_path / "faces.parquet")]
    first = save_constant("sad", draw_dataset(), "negative", (0.1, 0.2, 0.7))
    assert main(words) == 0
    shutil.rmtree(first.folder)
    save_constant("sad", draw_dataset(), "negative", (0.7, 0.2, 0.1))
    assert main(words) == 2
    assert "expected model" in capsys.readouterr().err
