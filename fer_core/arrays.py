"""Arrays that are kept in files and can be made again: what is damaged counts as missing."""

import tokenize
import zlib
from collections.abc import Collection
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

DAMAGED = (
    *(OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError),
    *(BadZipFile, zlib.error, tokenize.TokenError),
)
"""What numpy was seen to raise of `.npy` and `.npz` files that are cut, or changed in any byte."""


def read_arrays(path: Path, names: Collection[str]) -> dict[str, np.ndarray] | None:
    """The arrays of an `.npz` file; None where there is no file, it is damaged, or holds others than `names`."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return {name: stored[name] for name in names} if set(stored) == set(names) else None
    except DAMAGED:
        return None
