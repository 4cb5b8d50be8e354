"""A run of faces on its way from a file to the cache."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive faces in the shapes of `FaceDataset`, what could not be read between them, what there is to say."""

    images: np.ndarray
    """uint8 `(k, 48, 48)`"""
    emotion: np.ndarray
    """int8 `(k,)`"""
    usage: np.ndarray
    """`<U11` `(k,)`"""
    bad: tuple[tuple[int, str], ...] = ()
    """Rows of the file that could not be read, counted from 0 over the whole file, each with its reason."""
    notes: tuple[str, ...] = field(default=())
