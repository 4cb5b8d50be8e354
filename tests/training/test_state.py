"""The resumable state."""

import numpy as np
import pytest

from fer_core.training.state import NAME, load_state, save_state


def test_goes_out_and_comes_back(tmp_path):
    """Arrays and record are the same after loading."""
    save_state(tmp_path, [np.arange(3), np.ones((2, 2))], {"epoch": 4, "history": [{"loss": 0.5}]})
    arrays, record = load_state(tmp_path)
    np.testing.assert_array_equal(arrays[0], [0, 1, 2])
    np.testing.assert_array_equal(arrays[1], np.ones((2, 2)))
    assert record == {"epoch": 4, "history": [{"loss": 0.5}]}


def test_no_state_is_none(tmp_path):
    """A run that never saved begins at its beginning."""
    assert load_state(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn"])
def test_torn_state_is_none(tmp_path, content):
    """A file that is no whole state is not read as one."""
    (tmp_path / NAME).write_bytes(content)
    assert load_state(tmp_path) is None


def test_failed_save_keeps_the_old_state(tmp_path):
    """Where writing breaks off, the last whole state is still there and nothing else lies about."""
    save_state(tmp_path, [np.arange(3)], {"epoch": 1})
    with pytest.raises(TypeError):
        save_state(tmp_path, [np.arange(3)], {"epoch": object()})
    assert load_state(tmp_path)[1] == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
