import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from csv_lines import line
from PIL import Image

from fer_core.data import load_dataset
from fer_core.data.dataset import fingerprint_of
from fer_core.errors import DatasetError
from fer_core.paths import ROOT, data_dir


def cache_folder() -> Path:
    (meta,) = (data_dir() / "cache").glob("*/meta.json")
    return meta.parent


def test_opening_again_parses_nothing(write_csv):
    """The second opening is the cache: same fingerprint, memory-mapped, no word of reading."""
    path = write_csv(*[line()] * 3)
    first, told = load_dataset(str(path)), []
    again = load_dataset(str(path), progress=told.append)
    assert isinstance(again.images, np.memmap)
    assert told == []
    assert first.fingerprint == again.fingerprint == fingerprint_of(again.images, again.emotion, again.usage)


def test_a_data_folder_that_cannot_be_made_is_one_line(monkeypatch, write_csv, tmp_path):
    """A file where the folder should be: what to do stands in it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache").touch()
    monkeypatch.setenv("FER_DATA", str(tmp_path / "data"))
    with pytest.raises(DatasetError, match=r"cannot read .* into .*data/cache .*: FER_DATA may name another folder"):
        load_dataset(str(write_csv(line())))


def test_a_folder_of_pictures_that_holds_the_cache(monkeypatch, tmp_path):
    """Only its pictures count, whose names need not be text: what is written beside them makes it no other folder."""
    monkeypatch.setenv("FER_DATA", str(tmp_path))
    for name in (b"a.png", b"\xfc.png"):
        path = tmp_path / "train" / "angry" / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((48, 48), np.uint8)).save(path)
    for _ in range(3):
        assert len(load_dataset(str(tmp_path))) == 2
        (tmp_path / ".DS_Store").write_text("x")
    cache_folder()


def test_a_changed_file_is_read_again(write_csv):
    """The cache knows the file by its size and time, not by its name alone."""
    before = load_dataset(str(write_csv(line(0))))
    assert load_dataset(str(write_csv(line(1), line(2)))).emotion.tolist() == [1, 2]
    cache_folder()  # it took the place of the other
    assert before.emotion.tolist() == [0]  # which who has it open keeps


def test_what_a_kill_left_is_cleared_away(write_csv):
    """A folder that was being written goes when the same file is read again."""
    path = write_csv(line(0))
    load_dataset(str(path))
    left = data_dir() / "cache" / f".new-{cache_folder().name}-x"
    left.mkdir()
    write_csv(line(1))
    load_dataset(str(path))
    assert not left.exists()


def test_cache_of_another_version_is_made_again(write_csv):
    """A cache of another format is replaced, and progress and notes say so."""
    path = write_csv(line())
    load_dataset(str(path))
    meta = cache_folder() / "meta.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"version": 0}))
    told = []
    dataset = load_dataset(str(path), progress=told.append)
    assert "it was of version 0" in dataset.notes[0]
    assert "made again" in told[0]
    assert json.loads(meta.read_text())["version"] != 0
    assert load_dataset(str(path)).notes == ()


@pytest.mark.parametrize("name", ["images.npy", "emotion.npy", "usage.npy", "meta.json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_damaged_cache_is_made_again(write_csv, name, damage):
    """A file of the cache that is cut or gone costs a new reading and no error."""
    path = write_csv(*[line(5)] * 2)
    load_dataset(str(path))
    file = cache_folder() / name
    content = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(content[:-3] if damage == "cut" else b"")
    dataset = load_dataset(str(path))
    assert "made again" in dataset.notes[0]
    assert dataset.emotion.tolist() == [5, 5]
    assert file.read_bytes() == content or name == "meta.json"


def test_a_refused_file_leaves_nothing_behind(write_csv):
    """No half-written cache remains after an error."""
    with pytest.raises(Exception, match="row 0"):
        load_dataset(str(write_csv(line(9))))
    assert [path for path in (data_dir() / "cache").iterdir() if path.is_dir()] == []


def test_two_processes_at_once_read_the_same(write_csv):
    """Started together on a file without cache, both get the dataset, and one cache remains."""
    code = (
        f"from fer_core.data import load_dataset; print(load_dataset({str(write_csv(*[line()] * 50))!r}).fingerprint)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    fingerprints = [process.communicate(timeout=60)[0].strip() for process in both]
    assert fingerprints[0] == fingerprints[1] == json.loads((cache_folder() / "meta.json").read_text())["fingerprint"]
