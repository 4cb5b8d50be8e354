"""The resumable state, and the one before it."""

import os

import numpy as np
import pytest

from fer_core.paths import PARTIAL, remove_partial, write_atomic
from fer_core.training.state import NAME, PREVIOUS, load_state, remove_states, save_state

TORN = b"PK\x03\x04 torn"


def save_epoch(folder, epoch: int) -> None:
    save_state(folder, [np.full(50, epoch)], {"epoch": epoch})


def load(folder) -> tuple[int | None, list[str]]:
    """Epoch of the state that is used, checked against its array, and the lines said."""
    lines: list[str] = []
    state = load_state(folder, lines.append)
    if state is None:
        return None, lines
    (array,), record = state
    np.testing.assert_array_equal(array, np.full(50, record["epoch"]))
    return record["epoch"], lines


def test_goes_out_and_comes_back(tmp_path):
    """Arrays and record are the same after loading."""
    save_state(tmp_path, [np.arange(3), np.ones((2, 2))], {"epoch": 4, "history": [{"loss": 0.5}]})
    arrays, record = load_state(tmp_path, pytest.fail)
    np.testing.assert_array_equal(arrays[0], [0, 1, 2])
    np.testing.assert_array_equal(arrays[1], np.ones((2, 2)))
    assert record == {"epoch": 4, "history": [{"loss": 0.5}]}


def test_no_state_is_none(tmp_path):
    """A run that never saved begins at its beginning, and nothing is said of it."""
    assert load(tmp_path) == (None, [])


@pytest.mark.parametrize("content", [b"", TORN])
def test_torn_state_is_none(tmp_path, content):
    """A file that is no whole state is not read as one, and a line says so."""
    (tmp_path / NAME).write_bytes(content)
    assert load(tmp_path) == (None, ["the saved state cannot be read: the run begins again at its first epoch"])


def test_the_newest_is_used_and_the_one_before_kept(tmp_path):
    """Of three states the last two lie there, and nothing else."""
    for epoch in (1, 2, 3):
        save_epoch(tmp_path, epoch)
    assert load(tmp_path) == (3, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([NAME, PREVIOUS])
    (tmp_path / NAME).unlink()  # as a kill between the two renamings of a save leaves it
    assert load(tmp_path) == (2, [])


def test_the_state_before_a_torn_one_is_used_and_said(tmp_path):
    """The last whole state, and one line that says which."""
    save_epoch(tmp_path, 1)
    save_epoch(tmp_path, 2)
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes()[:300])
    assert load(tmp_path) == (1, ["the newest state cannot be read: goes on from the one before, after epoch 1"])


def test_a_torn_state_never_pushes_out_a_whole_one(tmp_path):
    """After the next save there are two whole states again at the latest with the one that follows."""
    save_epoch(tmp_path, 1)
    save_epoch(tmp_path, 2)
    (tmp_path / NAME).write_bytes(TORN)
    save_epoch(tmp_path, 3)
    assert load(tmp_path) == (3, [])
    (tmp_path / NAME).write_bytes(TORN)
    assert load(tmp_path)[0] == 1


def test_any_cut_and_any_changed_byte_is_noticed(tmp_path):
    """Lengths and bytes of a file in turn: the state comes back as it was, or the one before is used."""
    save_epoch(tmp_path, 1)
    save_epoch(tmp_path, 2)
    whole = (tmp_path / NAME).read_bytes()
    places = range(0, len(whole), 7)
    cut = [whole[:place] for place in places]
    changed = [whole[:place] + bytes([whole[place] ^ 8]) + whole[place + 1 :] for place in places]

    def used(content: bytes) -> int:
        (tmp_path / NAME).write_bytes(content)
        epoch, lines = load(tmp_path)
        assert len(lines) == 2 - epoch
        return epoch

    assert {used(content) for content in cut} == {1}
    assert {used(content) for content in changed} == {1, 2}  # some, such as the time of writing, carry nothing


def test_failed_save_keeps_both_states(tmp_path):
    """Where writing breaks off, the last two states still stand and nothing else lies about."""
    save_epoch(tmp_path, 1)
    save_epoch(tmp_path, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TypeError):
        save_state(tmp_path, [np.arange(3)], {"epoch": object()})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_removed_states_are_gone(tmp_path):
    """Nothing of them is left."""
    save_epoch(tmp_path, 1)
    save_epoch(tmp_path, 2)
    remove_states(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_removed(tmp_path):
    """The temporary of a write that never came back goes; whole files stay."""
    (tmp_path / "kept.npz").write_bytes(b"whole")

    def look(file):
        left = [path for path in tmp_path.iterdir() if path.name != "kept.npz"]
        assert len(left) == 1
        remove_partial(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["kept.npz"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "new.npz", look)


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path):
    """Who writes to them means what they stand for."""
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomic(tmp_path / "link", lambda file: file.write(b"first"))
    write_atomic(tmp_path / "link", lambda file: file.write(b"second"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"second"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_atomic(tmp_path / "pipe", lambda file: file.write(b"third"))
    assert os.read(reader, 9) == b"third"
    assert (tmp_path / "pipe").is_fifo()
    os.close(reader)


def test_what_was_left_long_ago_goes(tmp_path):
    """By a writer of the same file that was killed; what is younger may still be written."""
    old, young, other = (tmp_path / f"{PARTIAL}{name}.npz" for name in ("state-old", "state-young", "other-old"))
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (0, 0))
    write_atomic(tmp_path / "state.npz", lambda file: file.write(b"x"))
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)
