"""Which images are alike: the cosine of their mean-removed, L2-normalised 24 × 24 pixels, means of 2 × 2 blocks.

Every pair is looked at, so the work grows with the square of the images; memory grows with the images.
"""

from collections.abc import Iterator

import numpy as np

from fer_core.data.dataset import SIDE

HALF = SIDE // 2
BLOCK = 2048
"""Images compared with as many others at a time: their cosines are 16 MB."""
PAIRS = 1 << 15
"""Pairs checked at a time: their vectors are 150 MB."""
COARSE = 8
"""Side of the images by which most pairs are ruled out."""
ROUNDING = 1e-5
"""More than float32 loses in a sum of 576 products."""


def find_pairs(images: np.ndarray, rows: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs `i < j` among the `rows` of `images`, uint8 `(n, 48, 48)`, whose cosine is at least `threshold`.

    Returns them as int64 `(m, 2)`, ascending, and their cosines, float32 `(m,)`. All pairs are compared at 8 × 8
    pixels first, a sixth of the work, which rules out all but one in some thousand and never one that belongs here.
    """
    vectors = _vectors(images, rows)
    coarse = _coarse(vectors)
    starts = range(0, len(rows), BLOCK)
    found = [_checked_pairs(vectors, coarse, i, j, threshold) for i in starts for j in starts if i <= j]
    pairs = np.concatenate([np.empty((0, 2), np.int64), *(pairs for pairs, _ in found)])
    cosine = np.concatenate([np.empty(0, np.float32), *(cosine for _, cosine in found)])
    order = np.lexsort(pairs.T[::-1])
    return rows[pairs[order]], cosine[order]


def _checked_pairs(
    vectors: np.ndarray, coarse: np.ndarray, i: int, j: int, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs between the blocks that begin at `i` and at `j`, and their cosines."""
    bound = coarse[i : i + BLOCK] @ coarse[j : j + BLOCK].T
    a, b = np.divmod(np.flatnonzero(bound >= threshold - ROUNDING), bound.shape[1])
    pairs = np.column_stack([a + i, b + j])[a + i < b + j]
    some = (pairs[start : start + PAIRS].T for start in range(0, len(pairs), PAIRS))
    products = [np.einsum("pk,pk->p", vectors[a], vectors[b]) for a, b in some]
    cosine = np.concatenate([np.empty(0, np.float32), *products])
    return pairs[cosine >= threshold], cosine[cosine >= threshold]


def _vectors(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Mean-removed, L2-normalised 24 × 24 pixels of `images[rows]`: float32 `(len(rows), 576)`."""
    vectors = np.empty((len(rows), HALF * HALF), np.float32)
    for some, small in zip(blocks(rows), blocks(vectors), strict=True):
        small[:] = images[some].reshape(-1, HALF, 2, HALF, 2).mean((2, 4), dtype=np.float32).reshape(small.shape)
        small -= small.mean(1, keepdims=True)
        # a chequered image is flat at half size though it isn't blank
        small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)
    return vectors


def _coarse(vectors: np.ndarray) -> np.ndarray:
    """The same at 8 × 8 pixels, and one number more: float32 `(n, 65)`, whose products are never below the cosines.

    Sums of 3 × 3 pixels, divided by 3, are an orthogonal projection, and what is lost has the length of the last
    number. By Cauchy and Schwarz the product of what two images lose is at most that of the lengths.
    """
    step = HALF // COARSE
    small = vectors.reshape(-1, COARSE, step, COARSE, step).sum((2, 4)).reshape(-1, COARSE * COARSE) / step
    lost = np.sqrt(np.maximum(_squared(vectors) - _squared(small), 0))
    return np.column_stack([small, lost]).astype(np.float32)


def _squared(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("nk,nk->n", vectors, vectors)


def blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """`array` by `BLOCK` rows at a time."""
    return (array[start : start + BLOCK] for start in range(0, len(array), BLOCK))
