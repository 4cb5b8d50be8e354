"""Arrays in files: what is damaged counts as missing, in whatever way it is."""

import numpy as np
import pytest

from fer_core.arrays import read_arrays


@pytest.fixture
def path(tmp_path):
    """A file of two arrays."""
    path = tmp_path / "kept.npz"
    np.savez_compressed(path, one=np.arange(300), two=np.ones((20, 20), np.float32))
    return path


def test_what_was_kept_is_read(path):
    """By the names that are asked for; a file of others is none."""
    kept = read_arrays(path, ("one", "two"))
    assert kept["one"].sum() == 44850
    assert kept["two"].shape == (20, 20)
    assert read_arrays(path, ("one",)) is None
    assert read_arrays(path.with_name("none.npz"), ("one",)) is None


def test_any_damage_is_no_file(path):
    """Cut anywhere, or a byte changed anywhere: the same arrays or none, and never an exception."""
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(400):
        at = int(rng.integers(len(whole)))
        changed = bytes([whole[at] ^ int(rng.integers(1, 256))])
        path.write_bytes(whole[:at] if rng.random() < 0.2 else whole[:at] + changed + whole[at + 1 :])
        if kept := read_arrays(path, ("one", "two")):
            np.testing.assert_array_equal(kept["one"], np.arange(300))
