"""Zips of models: what Export packs and what somebody packs himself come in, the rest is refused."""

import json
import shutil
import zipfile

import pytest
from networked import learned_network, save_network

from fer_core import store
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.inference.export import export_model
from fer_core.inference.packed import import_zip
from fer_core.labels import get_scheme


@pytest.fixture(scope="module")
def drawn():
    return draw_dataset()


def packed(path, **members: bytes):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_an_export_comes_back(drawn, tmp_path):
    """Its classes are those that the zip tells, whatever scheme is asked for, and its scores the same."""
    model = save_network("mine", drawn, "negative", learned_network(drawn, "negative"))
    zipped = export_model(model, "keras", drawn, tmp_path / "mine.zip").file
    imported = import_zip(zipped, "again", "study", drawn)
    assert imported.labels == get_scheme("negative").labels
    assert imported.record["imported"]["file"] == "mine.keras"
    assert imported.scores == model.scores


def test_a_packed_folder_comes_back(drawn, tmp_path):
    """With its record, as the folder itself would; what macOS adds is passed over."""
    model = save_network("mine", drawn, "study", learned_network(drawn, "study"))
    shutil.make_archive(tmp_path / "given", "zip", model.folder.parent, "mine")
    with zipfile.ZipFile(tmp_path / "given.zip", "a") as zipped:
        zipped.writestr("__MACOSX/mine/._model.keras", b"x")
    imported = import_zip(tmp_path / "given.zip", "again", "study", drawn)
    assert (imported.scores, imported.was_run) == (model.scores, True)
    assert not store.open_trained("again").problem


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"mine.tflite": b"x", "labels.json": b"[]"}, "expected a zip with one .keras file.*found 0"),
        ({"a.keras": b"x", "b.keras": b"x"}, "found 2 such files"),
        ({"a.keras": b"x", "labels.json": b'["cat", "dog"]'}, "labels.json: expected the classes of one of: Angry"),
        ({"a.keras": b"x", "labels.json": b"nothing"}, "labels.json: expected a list of classes"),
        ({"a.keras": b"x", "labels.json": json.dumps(["x" * (1 << 20)]).encode()}, "expected at most 1 MiB"),
        ({"a.keras": b"x"}, "expected a .keras file"),
    ],
)
def test_zip_without_a_model_is_refused(members, reason, drawn, tmp_path):
    """By what is wrong with it, and nothing is left."""
    with pytest.raises(ModelError, match=reason):
        import_zip(packed(tmp_path / "given.zip", **members), "given", "study", drawn)
    assert not store.list_models()


def test_a_folder_packed_on_windows_comes_back(drawn, tmp_path):
    """Some packers there write backslashes between the parts of a name; it's the same model all the same."""
    model = save_network("mine", drawn, "study", learned_network(drawn, "study"))
    with zipfile.ZipFile(tmp_path / "given.zip", "w") as zipped:
        for path in model.folder.iterdir():
            zipped.writestr(f"mine\\{path.name}", path.read_bytes())
    imported = import_zip(tmp_path / "given.zip", "again", "study", drawn)
    assert (imported.scores, imported.was_run) == (model.scores, True)


def test_two_files_of_one_name_are_refused(drawn, tmp_path):
    """In two folders of a zip: nobody knows which is meant."""
    given = packed(tmp_path / "given.zip", **{"first/net.keras": b"x", "second/net.keras": b"y"})
    with pytest.raises(ModelError, match=r"net\.keras: expected one in the zip, found several"):
        import_zip(given, "given", "study", drawn)


def test_what_is_no_whole_zip_is_refused(drawn, tmp_path):
    """A file of another kind, a cut one, and one that asks for a password."""
    whole = packed(tmp_path / "whole.zip", **{"a.keras": b"x" * 1000}).read_bytes()
    locked = bytearray(whole)
    locked[6] |= 1  # the flag of encryption, of the member and of the directory
    locked[whole.index(b"PK\1\2") + 8] |= 1
    for content, reason in (
        (b"hello", "a whole zip"),
        (whole[:600], "a whole zip"),
        (bytes(locked), "can't.*password"),
    ):
        (tmp_path / "given.zip").write_bytes(content)
        with pytest.raises(ModelError, match=reason):
            import_zip(tmp_path / "given.zip", "given", "study", drawn)
    with pytest.raises(ModelError, match=r"expected a whole zip, found: .*No such file"):
        import_zip(tmp_path / "none.zip", "given", "study", drawn)
