"""A Parquet file that grows: nothing twice, nothing lost, and never of two minds."""

import multiprocessing

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.errors import FerError
from fer_core.inference.growing import growing, parts_folder

SCHEMA = pa.schema([("path", pa.string()), ("face", pa.int32())], {"meaning": "for tests"})
ONE, OTHER = {"model": "one", "shard": "1/1"}, {"model": "other", "shard": "1/1"}


def rows(*paths: str) -> pa.Table:
    """Two faces for each path."""
    return pa.table({"path": [path for path in paths for _ in "ab"], "face": [1, 2] * len(paths)}, SCHEMA)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "faces.parquet"


def stored(path) -> list[str]:
    """The paths of the file, one a row."""
    return pd.read_parquet(path)["path"].tolist()


def leave(path, *paths: str) -> None:
    """Add rows, and end as a process that is killed ends: without a last word."""
    with growing(path, SCHEMA, ONE) as table:
        table.add(rows(*paths))


def test_what_was_added_survives_and_becomes_one_file(path):
    """Three times begun, twice left: all rows in order, once; no folder stays."""
    leave(path, "a", "b")
    leave(path, "c")
    assert not path.exists()
    with growing(path, SCHEMA, ONE) as table:
        assert table.done == {"a", "b", "c"}
        table.add(rows("d"))
        table.finish()
    assert stored(path) == [*"aabbccdd"]
    assert not parts_folder(path).exists()
    assert pq.read_schema(path).metadata[b"meaning"] == b"for tests"


def test_a_finished_file_is_gone_on_with(path):
    """What is in it isn't asked for again, and what is new comes after it."""
    leave(path, "a")
    for new in ("b", "c"):
        with growing(path, SCHEMA, ONE) as table:
            table.add(rows(new))
            table.finish()
    with growing(path, SCHEMA, ONE) as table:
        assert table.done == {"a", "b", "c"}
        table.finish()
    assert stored(path) == [*"aabbcc"]


def test_parts_that_a_kill_left_beside_the_finished_file_count_once(path, tmp_path):
    """The kill came after the file was made, and before all of its parts were removed."""
    leave(path, "a", "b")
    leave(path, "c")
    kept = {part.name: part.read_bytes() for part in parts_folder(path).glob("*.parquet")}
    with growing(path, SCHEMA, ONE) as table:
        table.finish()
    parts_folder(path).mkdir()
    (parts_folder(path) / "00000002.parquet").write_bytes(kept["00000002.parquet"])
    with growing(path, SCHEMA, ONE) as table:
        table.add(rows("d"))
        table.finish()
    assert stored(path) == [*"aabbccdd"]


def test_half_a_file_that_a_kill_left_is_nothing(path):
    """Neither of a part nor of the whole; both are named otherwise until they are whole."""
    leave(path, "a")
    for name in (".partial-00000002-x.parquet", ".partial-whole-x.parquet", "whole.parquet"):
        (parts_folder(path) / name).write_bytes(b"half")
    with growing(path, SCHEMA, ONE) as table:
        table.finish()
    assert stored(path) == ["a", "a"]
    assert not parts_folder(path).exists()


@pytest.mark.parametrize("finished", [False, True])
def test_other_settings_are_refused(path, finished):
    """In one line that says which; and nothing of what is there is lost."""
    with growing(path, SCHEMA, ONE) as table:
        table.add(rows("a"))
        if finished:
            table.finish()
    with pytest.raises(FerError, match="expected model other, found model one; choose another name"):
        growing(path, SCHEMA, OTHER).__enter__()
    with growing(path, SCHEMA, ONE) as table:
        assert table.done == {"a"}


def test_files_that_are_not_its_own_are_refused(path):
    """Another table, and no table at all, are never overwritten."""
    pd.DataFrame({"path": ["a"]}).to_parquet(path)
    with pytest.raises(FerError, match="found a table of something else"):
        growing(path, SCHEMA, ONE).__enter__()
    path.write_bytes(b"no table")
    with pytest.raises(FerError, match="expected a Parquet file"):
        growing(path, SCHEMA, ONE).__enter__()
    assert path.read_bytes() == b"no table"
    assert not parts_folder(path).exists()


def test_without_a_picture_there_is_an_empty_table(path):
    """A part of a small folder may have none; who reads all parts finds the same columns."""
    with growing(path, SCHEMA, ONE) as table:
        table.finish()
    assert list(pd.read_parquet(path)) == ["path", "face"]
    assert stored(path) == []


def test_what_somebody_else_keeps_in_its_folder_stays(path):
    """Only what it made is removed."""
    parts_folder(path).mkdir()
    (parts_folder(path) / "notes.txt").write_text("mine")
    with growing(path, SCHEMA, ONE) as table:
        table.finish()
    assert [file.name for file in parts_folder(path).iterdir()] == ["notes.txt"]


def _begin(path) -> str:
    try:
        with growing(path, SCHEMA, ONE):
            return "begun"
    except FerError as error:
        return str(error)


def test_two_processes_cannot_write_one_file(path):
    """The second is told so while the first is at it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        with growing(path, SCHEMA, ONE):
            assert "found a process that does" in pool.apply(_begin, (path,))
        assert pool.apply(_begin, (path,)) == "begun"


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    """Before any work is done."""
    with pytest.raises(FerError, match="expected a file that can be written, found: No such file"):
        growing(tmp_path / "no" / "faces.parquet", SCHEMA, ONE).__enter__()
