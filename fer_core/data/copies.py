"""Copies of the same photograph: inside a split, across splits, under conflicting labels.

Two images are *exact copies* where all pixels are equal, and *near copies* where the cosine of their mean-removed,
L2-normalised 24 × 24 pixels (means of 2 × 2 blocks) is at least `NEAR`: the same photograph with another crop,
watermark or compression. In FER2013, of pairs at 0.93 nine in ten are one photograph; at 0.94 and above, all that
were looked at. A *blank* image has a pixel standard deviation under 1 and is near to nothing.

| array | shape | dtype | values |
|---|---|---|---|
| `first` | `(n,)` | int64 | the first row with the very same pixels; the row itself where there is none before it |
| `near` | `(m, 2)` | int64 | pairs of rows `i < j` that are near copies; those of exact copies are among them |
| `leak` | `(n,)` | `<U5` | '' or, in PublicTest and PrivateTest, `exact` or `near`: a copy of a Training row |
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from fer_core.data.dataset import SIDE, FaceDataset
from fer_core.labels import ClassScheme
from fer_core.paths import data_dir, write_atomic

NEAR = 0.93
"""Cosine from which two images count as one photograph."""
BLOCK = 1024
"""Images compared with all others at a time: 1,024 × 35,887 float32 are 147 MB."""


@dataclass(frozen=True, eq=False)
class Copies:
    """What is measured on the pixels alone: `first` and `near` as in the module's table, `blank` bool `(n,)`."""

    first: np.ndarray
    near: np.ndarray
    blank: np.ndarray


@dataclass(frozen=True, eq=False)
class Audit:
    """The copies in a dataset. A group is an int64 array of two or more rows, ascending, that are exact copies."""

    exact_groups: int
    exact_redundant: int
    """Rows that could go without losing a different image."""
    cross_split_groups: int
    conflicting_groups: int
    blank: int
    leaked: dict[str, dict[str, list[int]]]
    """PublicTest and PrivateTest → `exact` and `near` → rows; a row is in one of the two lists at most."""
    groups: tuple[np.ndarray, ...]
    conflicts: tuple[np.ndarray, ...]
    """Those of `groups` that carry more than one emotion."""
    blank_rows: np.ndarray
    leak: np.ndarray

    def to_json(self) -> dict:
        """The keys of the `audit` verb: five counts and `leaked`."""
        counts = ("exact_groups", "exact_redundant", "cross_split_groups", "conflicting_groups", "blank")
        return {name: getattr(self, name) for name in (*counts, "leaked")}


def audit(dataset: FaceDataset, threshold: float = NEAR) -> Audit:
    """Find the copies in `dataset`. Measured once for a fingerprint (half a minute for FER2013), then read back."""
    copies = find_copies(dataset, threshold)
    groups = _groups(copies.first)
    conflicts = tuple(rows for rows in groups if len(set(dataset.emotion[rows])) > 1)
    leak = _leak(copies, dataset.usage)
    blank_rows = np.flatnonzero(copies.blank)
    return Audit(
        exact_groups=len(groups),
        exact_redundant=sum(len(rows) - 1 for rows in groups),
        cross_split_groups=sum(len(set(dataset.usage[rows])) > 1 for rows in groups),
        conflicting_groups=len(conflicts),
        blank=len(blank_rows),
        leaked={
            usage: {
                kind: np.flatnonzero((dataset.usage == usage) & (leak == kind)).tolist() for kind in ("exact", "near")
            }
            for usage in ("PublicTest", "PrivateTest")
        },
        groups=groups,
        conflicts=conflicts,
        blank_rows=blank_rows,
        leak=leak,
    )


def clean_training_rows(dataset: FaceDataset, scheme: ClassScheme, threshold: float = NEAR) -> np.ndarray:
    """The Training rows of `scheme` to learn from honestly: int64, ascending.

    Left out are blank images, exact and near copies of a PublicTest or PrivateTest image, and of each chain of
    copies all but the first; the whole chain where its rows are of different classes.
    """
    copies = find_copies(dataset, threshold)
    kept = np.zeros(len(dataset), bool)
    kept[dataset.rows("train", scheme)] = True
    kept &= ~copies.blank & ~_copied(copies, dataset.usage != "Training")
    rows = np.flatnonzero(kept)
    _, first, chain = np.unique(_chains(copies)[rows], return_index=True, return_inverse=True)
    classes = scheme.classes(dataset.emotion[rows])
    conflicting = np.unique(chain[classes != classes[first][chain]])
    return rows[np.sort(np.delete(first, conflicting))]


def find_copies(dataset: FaceDataset, threshold: float = NEAR) -> Copies:
    """`measure_copies` of the dataset's images, kept in the data folder under fingerprint and threshold."""
    path = data_dir() / "cache" / f"copies-{dataset.fingerprint[:16]}-{threshold:g}.npz"
    if path.exists():
        with np.load(path) as stored:
            return Copies(**stored)
    copies = measure_copies(dataset.images, threshold)
    write_atomic(path, lambda file: np.savez_compressed(file, **vars(copies)))
    return copies


def copies_of(copies: Copies, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Other rows that are exact copies of `row`, and those that are near ones only: int64, ascending."""
    exact = np.flatnonzero(copies.first == copies.first[row])
    near = copies.near[(copies.near == row).any(axis=1)].ravel()
    return exact[exact != row], np.setdiff1d(near, exact)


def deal(copies: Copies, parts: int) -> np.ndarray:
    """Deal all rows into `parts` at random, the same ones each time, copies together: int64 `(n,)`, 0 to parts - 1."""
    chains = _chains(copies)
    return np.random.default_rng(parts).permutation(chains.max() + 1)[chains] % parts


def chained(copies: Copies, among: np.ndarray) -> np.ndarray:
    """Bool `(n,)`: whether the row is marked in `among`, bool `(n,)`, or in a chain of copies with one that is."""
    chains = _chains(copies)
    return np.isin(chains, chains[among])


def near_groups(copies: Copies) -> tuple[np.ndarray, ...]:
    """Chains of copies that hold near ones, each an int64 array of two or more rows, ascending."""
    return tuple(rows for rows in _groups(_chains(copies)) if len(set(copies.first[rows])) > 1)


def measure_copies(images: np.ndarray, threshold: float = NEAR) -> Copies:
    """Compare all `images`, uint8 `(n, 48, 48)`, with one another; `ValueError` unless `threshold` is in (0, 1]."""
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: expected a cosine above 0 and at most 1, found {threshold}")
    seen: dict[bytes, int] = {}
    first = [seen.setdefault(hashlib.sha256(image.tobytes()).digest(), row) for row, image in enumerate(images)]
    blank = np.array([image.std() < 1 for image in images], bool)
    return Copies(np.array(first, np.int64), _near_pairs(images, np.flatnonzero(~blank), threshold), blank)


def _near_pairs(images: np.ndarray, rows: np.ndarray, threshold: float) -> np.ndarray:
    """Pairs `(m, 2)` among `rows`, by blocks of the upper triangle of the cosine matrix."""
    vectors = _vectors(images)[rows]
    pairs = [np.empty((0, 2), np.int64)]
    for start in range(0, len(rows), BLOCK):
        cosine = vectors[start : start + BLOCK] @ vectors[start:].T
        i, j = np.nonzero(cosine >= threshold)
        pairs.append(start + np.column_stack([i, j])[i < j])
    return rows[np.concatenate(pairs)]


def _vectors(images: np.ndarray) -> np.ndarray:
    """Mean-removed, L2-normalised 24 × 24 pixels: float32 `(n, 576)`."""
    half = SIDE // 2
    small = images.reshape(-1, half, 2, half, 2).mean((2, 4), dtype=np.float32).reshape(-1, half * half)
    small -= small.mean(1, keepdims=True)
    # a chequered image is flat at half size though it isn't blank
    small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)
    return small


def _groups(first: np.ndarray) -> tuple[np.ndarray, ...]:
    order = np.argsort(first, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(first[order])) + 1)
    return tuple(rows for rows in parts if len(rows) > 1)


def _leak(copies: Copies, usage: np.ndarray) -> np.ndarray:
    training = usage == "Training"
    exact = _copied_exactly(copies, training)
    leak = np.where(exact, "exact", np.where(_copied(copies, training), "near", ""))
    leak[training] = ""
    return leak


def _copied_exactly(copies: Copies, among: np.ndarray) -> np.ndarray:
    """Bool `(n,)`: whether one of the rows marked in `among`, bool `(n,)`, has the same pixels."""
    has = np.zeros(len(among), bool)
    has[copies.first[among]] = True
    return has[copies.first]


def _copied(copies: Copies, among: np.ndarray) -> np.ndarray:
    """Bool `(n,)`: whether one of the rows marked in `among` is an exact or a near copy."""
    copied = _copied_exactly(copies, among)
    i, j = copies.near.T
    copied[i[among[j]]] = True
    copied[j[among[i]]] = True
    return copied


def _chains(copies: Copies) -> np.ndarray:
    """Number of the chain, int32 `(n,)`: rows linked by exact or near copies, directly or through others."""
    from scipy.sparse import coo_array  # a third of a second, which only a look at near copies should cost
    from scipy.sparse.csgraph import connected_components

    n = len(copies.first)
    i, j = np.concatenate([np.column_stack([np.arange(n), copies.first]), copies.near]).T
    return connected_components(coo_array((np.ones(len(i), bool), (i, j)), (n, n)), directed=False)[1]
