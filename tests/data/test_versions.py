"""Versions of the drawn faces: saved, read back, applied, compared, refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fer_core.data.changes import LEFT_OUT, changed_only, changed_rows, changes, class_totals
from fer_core.data.copies import clean_training_rows, find_copies
from fer_core.data.demo import draw_dataset
from fer_core.data.edits import read_edits
from fer_core.data.statistics import leak_shares, sample_rows
from fer_core.data.versions import (
    Version,
    apply,
    damaged_versions,
    list_versions,
    parse_version,
    read_version,
    save_version,
    version_file,
)
from fer_core.errors import VersionError
from fer_core.labels import EMOTIONS, OUT, SCHEMES

SAD, HAPPY = EMOTIONS.index("Sad"), EMOTIONS.index("Happy")


@pytest.fixture
def drawn():
    return draw_dataset()


@pytest.fixture
def happy(drawn):
    """The first three Training faces labelled Happy."""
    return np.flatnonzero((drawn.emotion == HAPPY) & (drawn.usage == "Training"))[:3].tolist()


@pytest.fixture
def version(drawn, happy):
    """Two Happy faces are Sad, the third is left out."""
    return Version("better", drawn.fingerprint, {happy[0]: SAD, happy[1]: SAD}, (happy[2],), "by hand", "me", "first")


def test_goes_out_and_comes_back_equal(drawn, version):
    """All that was saved is read again; the file names emotions, and is small enough to be read by people."""
    path = save_version(version)
    read = read_version(drawn, "better")
    assert read == replace(version, created=read.created)
    record = json.loads(path.read_text())
    assert record["labels"] == {"Sad": sorted(version.labels)}
    assert record["excluded"] == list(version.excluded)
    assert len(path.read_text().splitlines()) == len(record) + 2
    assert list_versions(drawn) == [read]
    assert parse_version(path.read_bytes(), drawn) == read


def test_apply_changes_labels_and_marks_faces(drawn, version, happy):
    """Rows keep their numbers; what is left out is in no list and no count; the faces as read are as they were."""
    before = drawn.counts()["Training"]
    better = apply(drawn, version)
    assert (better.version, better.fingerprint, len(better)) == ("better", drawn.fingerprint, len(drawn))
    assert better.emotion[happy].tolist() == [SAD, SAD, HAPPY]
    assert np.flatnonzero(better.excluded).tolist() == [happy[2]]
    counts = better.counts()["Training"]
    assert (counts["Sad"], counts["Happy"]) == (before["Sad"] + 2, before["Happy"] - 3)
    assert happy[2] not in better.rows("train", SCHEMES["study"])
    assert drawn.counts()["Training"] == before
    with pytest.raises(ValueError, match="read-only"):
        better.emotion[0] = 1
    with pytest.raises(ValueError, match="expected a dataset with its own labels"):
        apply(better, version)


def test_apply_to_one_usage(drawn):
    """Labels of the other Usages stay, and their faces stay in."""
    rows = [
        np.flatnonzero((drawn.usage == usage) & (drawn.emotion == HAPPY))[:2] for usage in ("Training", "PublicTest")
    ]
    (learned, out), (tested, kept) = np.array(rows).tolist()
    better = apply(drawn, Version("v", drawn.fingerprint, {learned: SAD, tested: SAD}, (out, kept)), "Training")
    assert better.emotion[[learned, tested]].tolist() == [SAD, HAPPY]
    assert np.flatnonzero(better.excluded).tolist() == [out]


def test_faces_left_out_slip_in_nowhere(drawn):
    """Samples, shares of leaks and clean training rows are without them."""
    tested = np.flatnonzero((drawn.usage == "PublicTest") & (drawn.emotion == HAPPY))
    clean = clean_training_rows(drawn, SCHEMES["study"])
    better = apply(drawn, Version("v", drawn.fingerprint, {}, (*tested[1:].tolist(), int(clean[0]))))
    assert sample_rows(better, "Happy", "PublicTest", 99, 0).tolist() == [tested[0]]
    shares = leak_shares(better, np.where(drawn.usage == "PublicTest", "near", "")).set_index(["usage", "emotion"])
    assert shares.loc[("PublicTest", "Happy"), ["n", "near"]].tolist() == [1, 1]
    assert clean_training_rows(better, SCHEMES["study"]).tolist() == clean[1:].tolist()


def test_clean_rows_take_in_a_conflict_that_is_settled(drawn):
    """Exact copies under two labels are left out as a whole, until a version gives them one label."""
    clean = clean_training_rows(drawn, SCHEMES["study"])
    first = find_copies(drawn).first
    training = drawn.usage == "Training"
    for row in np.flatnonzero(training & (first != np.arange(len(drawn)))):
        pair = [int(first[row]), int(row)]
        if len(set(drawn.emotion[pair])) == 2 and training[pair[0]] and not np.isin(pair, clean).any():
            break
    else:
        pytest.fail("the drawn faces hold no conflict in Training")
    settled = apply(drawn, Version("v", drawn.fingerprint, dict.fromkeys(pair, SAD)))
    assert set(clean_training_rows(settled, SCHEMES["study"])) - set(clean) == {pair[0]}


def test_changes_by_emotion(drawn, version, happy):
    """Two Happy → Sad and one left out, all else on the diagonal; totals on both sides."""
    frame = changes(drawn, None, version)
    assert len(frame) == 192
    assert frame["n"].sum() == len(drawn)
    assert changed_only(frame).to_numpy().tolist() == [["Happy", "Sad", 2], ["Happy", LEFT_OUT, 1]]
    totals = class_totals(frame).set_index("label")
    assert (totals["after"] - totals["before"])[["Happy", "Sad", LEFT_OUT, "Fear"]].tolist() == [-3, 2, 1, 0]
    assert changed_rows(drawn, None, version, ("Happy", "Sad")).tolist() == happy[:2]
    back = changed_only(changes(drawn, version, None))
    assert back.to_numpy().tolist() == [["Sad", "Happy", 2], [LEFT_OUT, "Happy", 1]]


def test_a_taken_name_is_refused(drawn, version):
    """The version that has it stays as it is."""
    save_version(version)
    with pytest.raises(VersionError, match="expected one that is not taken, found 'better'"):
        save_version(replace(version, labels={}))
    assert read_version(drawn, "better").labels == version.labels


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "x" * 65])
def test_a_name_that_none_may_have_is_refused(drawn, version, name):
    """On the way out and on the way in."""
    with pytest.raises(VersionError, match="version name: expected 1 to 64"):
        save_version(replace(version, name=name))
    with pytest.raises(VersionError, match="version name: expected 1 to 64"):
        read_version(drawn, name)


def test_no_such_version(drawn, version):
    """The line names those there are."""
    save_version(version)
    with pytest.raises(VersionError, match=r"expected one of the versions of demo \(better\), found none"):
        read_version(drawn, "worse")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fingerprint": "0" * 64}, "expected a version of this dataset"),
        ({"labels": {"Sad": [99_999]}}, "expected rows from 0 to .*, found 99999"),
        ({"excluded": [-1]}, "expected rows from 0 to .*, found -1"),
        ({"excluded": [True]}, "expected rows .*, whole numbers, found True"),
        ({"excluded": ["1"]}, "expected rows .*, whole numbers, found '1'"),
        ({"labels": {"Sad": [1, 2], "Happy": [2]}}, "expected each row once, found row 2 again"),
        ({"excluded": [3, 1, 3]}, "expected each row once, found row 3 again"),
        ({"labels": {"Bored": [1]}}, "expected emotions among Angry, .*, found 'Bored'"),
        ({"labels": [1]}, "expected rows for each emotion in labels"),
        ({"excluded": None}, "expected rows for each emotion in labels, and rows in excluded"),
        ({"format": 2}, "expected a version of format 1, found 2"),
        ({"note": 7}, "expected words in note"),
        ({"note": "\ud800"}, "expected text in note, found half of a character"),
    ],
)
def test_a_file_that_is_no_version_is_refused_in_one_line(drawn, version, change, words):
    """What was expected and found; the others are listed still."""
    path = save_version(version)
    save_version(replace(version, name="sound"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(VersionError, match=f"version 'better': {words}") as raised:
        read_version(drawn, "better")
    assert "\n" not in str(raised.value)
    assert [other.name for other in list_versions(drawn)] == ["sound"]
    assert damaged_versions(drawn) == {"better": str(raised.value)}
    with pytest.raises(VersionError, match=f"version 'better': {words}"):
        parse_version(path.read_bytes(), drawn)


@pytest.mark.parametrize("data", [b"", b"{", b"[1, 2]", b"\xff\xfe", b"[" * 100_000])
def test_torn_json_is_refused(drawn, version, data):
    """Whatever a disk left of the file."""
    save_version(version).write_bytes(data)
    with pytest.raises(VersionError, match="torn or something else"):
        read_version(drawn, "better")


def test_wrong_values_of_a_program_are_refused(drawn):
    """Before anything is written."""
    with pytest.raises(ValueError, match="expected emotion codes from 0 to 6, found -1"):
        Version("v", drawn.fingerprint, {1: -1})
    with pytest.raises(ValueError, match="expected rows from 0"):
        save_version(Version("v", drawn.fingerprint, {}, (-1,)))
    with pytest.raises(VersionError, match="expected a version of this dataset"):
        apply(drawn, Version("v", "0" * 64))
    assert not version_file(drawn.fingerprint, "v").exists()


def test_a_folder_that_cannot_be_written(drawn, version, tmp_path, monkeypatch):
    """One line that names it."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FER_DATA", str(tmp_path / "file"))
    with pytest.raises(VersionError, match="expected a file that can be written"):
        save_version(version)


def test_edits_as_a_csv(drawn, tmp_path):
    """A label, nothing, or `exclude`; other columns are let be."""
    path = tmp_path / "edits.csv"
    path.write_text("row,label,why\n3,Sad,looks so\n4,,blank\n5,exclude,\n")
    assert read_edits(path, drawn) == {3: SAD, 4: OUT, 5: OUT}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a CSV with columns row,label"),
        ("row,label\n", "found no line"),
        ("face,label\n1,Sad\n", "found face, label"),
        ("row,label\n1,Bored\n", "expected a label among .*, found 'Bored' in line 2"),
        ("row,label\n1,Sad\n1,Fear\n", "expected each row once, found 1 again in line 3"),
        ("row,label\n1,Sad\n\n1,Fear\n", "expected each row once, found 1 again in line 4"),
        ("row,label\n99999,Sad\n", "expected a row from 0 to .*, found '99999' in line 2"),
        ("row,label\n1.5,Sad\n", "found '1.5' in line 2"),
        (f"row,label\n{'1' * 5000},Sad\n", "expected a row from 0 to "),
        ("row,label,label\n1,Sad,Fear\n", "expected each column once, found label again"),
    ],
)
def test_edits_that_cannot_be_are_refused(drawn, tmp_path, text, words):
    """With the line of the file."""
    path = tmp_path / "edits.csv"
    path.write_text(text)
    with pytest.raises(VersionError, match=words):
        read_edits(path, drawn)


def test_edits_without_a_file(drawn, tmp_path):
    """One line that names it."""
    with pytest.raises(VersionError, match=r"no\.csv: expected a CSV"):
        read_edits(tmp_path / "no.csv", drawn)
