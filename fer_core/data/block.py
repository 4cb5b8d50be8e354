"""A run of faces on its way from a file to the cache."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_core.data.dataset import SIDE


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive faces in the shapes of `FaceDataset`, and what there is to say about them."""

    images: np.ndarray
    """uint8 `(k, 48, 48)`"""
    emotion: np.ndarray
    """int8 `(k,)`"""
    usage: np.ndarray
    """`<U11` `(k,)`"""
    bad: Sequence[tuple[int, str]] = ()
    """Rows that could not be read, counted from 0 over the whole file, each with its reason."""
    notes: Sequence[str] = ()
    left_out: Sequence[int] = ()
    """Rows that are not wanted, counted as the bad ones."""

    @classmethod
    def of(
        cls,
        faces: Sequence[tuple[np.ndarray, int, str]],
        bad: Sequence[tuple[int, str]] = (),
        notes: Sequence[str] = (),
        left_out: Sequence[int] = (),
    ) -> "Block":
        """A block of single faces: image, emotion code, Usage."""
        images, emotion, usage = zip(*faces, strict=True) if faces else ((), (), ())
        stack = np.array(images, np.uint8).reshape(-1, SIDE, SIDE)
        return cls(stack, np.array(emotion, np.int8), np.array(usage, "<U11"), bad, notes, left_out)
