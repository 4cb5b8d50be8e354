"""Many picture files: which ones, in which part, and that they are answered as one photo is."""

import json
import multiprocessing
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from pictures import Brightness, png, write_faces

from fer_core.errors import FerError
from fer_core.evaluation.decision import Decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.inference.batch import CHUNK, classify_files, list_pictures, parse_shard
from fer_core.inference.detectors import get_detector
from fer_core.inference.photo import read_photo
from fer_core.inference.predict import classify_crops, find_faces


def classified(paths, **settings) -> list[dict]:
    return [file for some in classify_files(paths, Brightness(), **settings) for file in some]


def test_what_macos_puts_beside_a_picture_is_none(tmp_path):
    """A file whose name begins with `._`, and nothing else, is left out."""
    for name in ("._a.png", ".b.png", "a.png"):
        (tmp_path / name).write_bytes(png(np.zeros((48, 48), np.uint8)))
    assert [Path(path).name for path in list_pictures([tmp_path])] == [".b.png", "a.png"]


def test_pictures_are_listed_in_order_and_once(tmp_path):
    """Those anywhere in a folder, and a file that was named, also where there is none; other files are left alone."""
    paths = write_faces(tmp_path, 4)
    (tmp_path / "notes.txt").write_text("left alone")
    gone = str(tmp_path / "gone.png")
    assert list_pictures([tmp_path, gone, paths[0]]) == [*paths, gone]


def test_shards_are_disjoint_and_complete(tmp_path):
    """Each picture is in one of three parts, of about equal size."""
    paths = write_faces(tmp_path, 300)
    parts = [list_pictures([tmp_path], (i, 3)) for i in (1, 2, 3)]
    assert sorted(path for part in parts for path in part) == paths
    assert all(70 < len(part) < 130 for part in parts)


def test_a_shard_is_the_same_on_another_machine(tmp_path):
    """Where the folder lies and what else is in it don't matter."""
    write_faces(tmp_path / "here", 40)
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    (tmp_path / "there" / "more.png").write_bytes(b"")
    here, there = (
        {os.path.relpath(path, tmp_path / where) for path in list_pictures([tmp_path / where], (2, 3))}
        for where in ("here", "there")
    )
    assert here == there - {"more.png"}
    assert here == {os.path.relpath(path, tmp_path / "here") for path in list_pictures([tmp_path / "here"], (2, 3))}


def test_the_part_of_a_name_never_changes(tmp_path):
    """Machines may run other versions of this and of Python: what is where is pinned."""
    for name in "abcdef":
        (tmp_path / f"{name}.png").write_bytes(b"")
    assert [path[-5] for path in list_pictures([tmp_path], (1, 2))] == ["a", "b", "d"]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/2", ""])
def test_a_wrong_shard_is_refused(text):
    """In one line that shows how it is written."""
    with pytest.raises(ValueError, match="expected a part from 1 to n, and n, such as 2/3"):
        parse_shard(text)


def test_files_go_on_past_a_bad_one(tmp_path):
    """A text, a missing file and a folder without a picture's name stop nothing; each has its error."""
    photo = pytest.importorskip("skimage.data").astronaut()
    (tmp_path / "a.PNG").write_bytes(png(photo))
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    (tmp_path / "c.png").write_bytes(png(photo)[:5000])
    files = classified([*list_pictures([tmp_path]), str(tmp_path / "gone.png"), str(tmp_path)])
    names = ("a.PNG", "b.jpg", "c.png", "gone.png", "")
    assert [file["path"] for file in files] == [str(tmp_path / name) for name in names]
    assert [len(file.get("faces", ())) for file in files] == [1, 0, 0, 0, 0]
    told = ("that begins with .no pictu", "expected a whole picture", "No such file", "Is a directory")
    assert all(re.search(word, file["error"]) for word, file in zip(told, files[1:], strict=True))
    json.dumps(files)


def test_a_name_that_is_no_utf8_is_told_escaped(tmp_path):
    """Old archives have such names, and no table or terminal could hold them."""
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(png(np.zeros((48, 48), np.uint8)))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (file,) = classified(list_pictures([tmp_path]))
    assert file["path"] == str(tmp_path / "caf\\xe9.png")
    assert len(file["faces"]) == 1


def test_processes_and_chunks_change_nothing(tmp_path):
    """Faces of a chunk, of two processes, and of photos one by one are the same, in the same order."""
    photo = pytest.importorskip("skimage.data").astronaut()
    write_faces(tmp_path, CHUNK + 10)
    (tmp_path / "0" / "many.png").write_bytes(png(np.hstack([photo[:300, :400]] * 2)))
    decision = Decision(2.0, OperatingPoint(("Sad",), 0.3, 0.9))
    paths = list_pictures([tmp_path])
    files = classified(paths, decision=decision)
    assert files == classified(paths, decision=decision, workers=2)
    assert [file["path"] for file in files] == paths
    for path, file in zip(paths, files, strict=True):
        if "faces" in file:
            boxes, crops = find_faces(read_photo(Path(path).read_bytes()), get_detector())
            alone = classify_crops(boxes, crops, Brightness(), decision)
            assert file["faces"] == [face.to_json() for face in alone]
    assert max(len(file.get("faces", ())) for file in files) == 2


def test_a_process_that_ends_is_told(tmp_path):
    """As the system ends one that wants too much memory: one line instead of waiting for ever."""
    found = classify_files(write_faces(tmp_path, 6 * CHUNK), Brightness(), workers=2)
    next(found)
    multiprocessing.active_children()[0].kill()
    with pytest.raises(FerError, match="fewer --workers"):
        list(found)
