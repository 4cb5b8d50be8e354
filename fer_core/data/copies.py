"""Copies of the same photograph: inside a split, across splits, under conflicting labels.

Two images are *exact copies* where all pixels are equal, and *near copies* where the cosine of their mean-removed,
L2-normalised 24 × 24 pixels (means of 2 × 2 blocks) is at least `NEAR`: the same photograph with another crop,
watermark or compression. Of FER2013's pairs that somebody looked at, 98 of 100 from 0.93 to 0.95 were one photograph,
50 of 50 above, and 21 of 25 from 0.90 to 0.93; of those that cross its splits 100 of 100 from 0.93 up, and the 40
next to that too. A *blank* image has a pixel standard deviation under `BLANK` and is near to nothing, a *nearly blank*
one has one from there up to `FAINT`.

| array | shape | dtype | values |
|---|---|---|---|
| `first` | `(n,)` | int64 | the first row with the very same pixels; the row itself where there is none before it |
| `near` | `(m, 2)` | int64 | pairs of rows `i < j` that are near copies; those of exact copies are among them |
| `cosine` | `(m,)` | float32 | of each pair, from the threshold up |
| `contrast` | `(n,)` | float32 | standard deviation of the pixels, 0 to 127.5 |
| `leak` | `(n,)` | `<U5` | '' or, in PublicTest and PrivateTest, `exact` or `near`: a copy of a Training row |
"""

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np

from fer_core.arrays import read_arrays
from fer_core.data.cosine import blocks, find_pairs
from fer_core.data.dataset import FaceDataset
from fer_core.labels import SPLITS, ClassScheme
from fer_core.paths import data_dir, write_atomic

NEAR = 0.93
"""Cosine from which two images count as one photograph."""
LOWEST = 0.90
"""Pairs are measured and kept from this cosine up, so that any threshold above is a look at what is kept. Further down
stand ever more pairs of unlike faces."""
BLANK, FAINT = 1, 10
"""Standard deviations of the pixels, 0 to 127.5, under which an image is blank, or nearly so."""
_ORDER = (SPLITS["test"], SPLITS["validation"], SPLITS["train"])
"""Which of several copies `spare_rows` keeps."""


@dataclass(frozen=True, eq=False)
class Copies:
    """What is measured on the pixels alone, as in the module's table."""

    first: np.ndarray
    near: np.ndarray
    cosine: np.ndarray
    contrast: np.ndarray

    @property
    def blank(self) -> np.ndarray:
        """Bool `(n,)`."""
        return self.contrast < BLANK

    def at(self, threshold: float) -> "Copies":
        """The same with the pairs whose cosine is at least `threshold`; `ValueError` unless `LOWEST` to 1."""
        if not LOWEST <= threshold <= 1:
            raise ValueError(f"threshold: expected a cosine from {LOWEST} to 1, found {threshold}")
        kept = self.cosine >= threshold
        return replace(self, near=self.near[kept], cosine=self.cosine[kept])


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
    faint_rows: np.ndarray
    """Nearly blank ones, the faintest first."""
    near_pairs: np.ndarray
    """int64 `(p, 2)`: near copies that are no exact ones, the least alike first."""
    cosine: np.ndarray
    """float32 `(p,)`, of each of them."""
    threshold: float
    leak: np.ndarray

    def to_json(self) -> dict:
        """The keys of the `audit` verb: seven counts, the threshold, and `leaked`."""
        counts = ("exact_groups", "exact_redundant", "cross_split_groups", "conflicting_groups", "blank")
        found = {"nearly_blank": len(self.faint_rows), "near_pairs": len(self.near_pairs), "threshold": self.threshold}
        return {name: getattr(self, name) for name in counts} | found | {"leaked": self.leaked}


def audit(dataset: FaceDataset, threshold: float = NEAR) -> Audit:
    """Find the copies in `dataset`. Measured once for a fingerprint (seconds for FER2013), then read back.

    `threshold` is the cosine from which two images count as near copies; `ValueError` unless it is `LOWEST` to 1.
    """
    copies = find_copies(dataset, threshold)
    groups = _groups(copies.first)
    conflicts = tuple(rows for rows in groups if len(set(dataset.emotion[rows])) > 1)
    leak = _leak(copies, dataset.usage)
    blank_rows = np.flatnonzero(copies.blank)
    pairs, cosine = near_pairs(copies)
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
        faint_rows=_faint(copies.contrast),
        near_pairs=pairs,
        cosine=cosine,
        threshold=threshold,
        leak=leak,
    )


def clean_training_rows(dataset: FaceDataset, scheme: ClassScheme) -> np.ndarray:
    """The Training rows of `scheme` to learn from honestly: int64, ascending.

    Left out are blank images, exact and near copies of a PublicTest or PrivateTest image, and of each chain of
    copies all but the first; the whole chain where its rows are of different classes.
    """
    copies = find_copies(dataset)
    kept = np.zeros(len(dataset), bool)
    kept[dataset.rows("train", scheme)] = True
    kept &= ~copies.blank & ~_copied(copies, dataset.usage != "Training")
    rows = np.flatnonzero(kept)
    _, first, chain = np.unique(_chains(copies)[rows], return_index=True, return_inverse=True)
    classes = scheme.classes(dataset.emotion[rows])
    conflicting = np.unique(chain[classes != classes[first][chain]])
    return rows[np.sort(np.delete(first, conflicting))]


def leak_between(learned: FaceDataset, dataset: FaceDataset) -> np.ndarray:
    """Which faces of `dataset` are copies of a Training face of another, `learned`: as `leak`, `<U5` `(n,)`."""
    training = learned.images[learned.usage == "Training"]
    images = np.concatenate([training, dataset.images])
    usage = np.repeat(["Training", "PublicTest"], [len(training), len(dataset)])
    key = hashlib.sha256(f"{learned.fingerprint} {dataset.fingerprint}".encode()).hexdigest()
    return _leak(_cached(images, key).at(NEAR), usage)[len(training) :]


def find_copies(dataset: FaceDataset, threshold: float = NEAR) -> Copies:
    """`measure_copies` of the dataset's images, kept in the data folder under its fingerprint."""
    return _cached(dataset.images, dataset.fingerprint).at(threshold)


def _cached(images: np.ndarray, key: str) -> Copies:
    path = data_dir() / "cache" / f"pairs-{key[:16]}.npz"
    if kept := read_arrays(path, [field.name for field in fields(Copies)]):
        return Copies(**kept)
    copies = measure_copies(images)
    with contextlib.suppress(OSError):  # without room for them they are measured again
        write_atomic(path, lambda file: np.savez_compressed(file, **vars(copies)))
    return copies


def copies_of(copies: Copies, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each of `rows` the other rows that are exact copies, and those that are near ones only: int64, ascending."""
    alike = np.flatnonzero(np.isin(copies.first, copies.first[rows]))
    near = copies.near[np.isin(copies.near, rows).any(axis=1)]
    found = []
    for row in rows:
        exact = alike[copies.first[alike] == copies.first[row]]
        found.append((exact[exact != row], np.setdiff1d(near[(near == row).any(axis=1)], exact)))
    return found


def deal(copies: Copies, parts: int) -> np.ndarray:
    """Deal all rows into `parts` at random, the same ones each time, copies together: int64 `(n,)`, 0 to parts - 1."""
    chains = _chains(copies)
    return np.random.default_rng(parts).permutation(chains.max() + 1)[chains] % parts


def chained(copies: Copies, among: np.ndarray) -> np.ndarray:
    """Bool `(n,)`: whether the row is marked in `among`, bool `(n,)`, or in a chain of copies with one that is."""
    chains = _chains(copies)
    return np.isin(chains, chains[among])


def near_pairs(copies: Copies) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that are near copies and no exact ones, the least alike first: int64 `(p, 2)`, and their cosines."""
    i, j = copies.near.T
    only_near = np.flatnonzero(copies.first[i] != copies.first[j])
    order = only_near[np.argsort(copies.cosine[only_near], kind="stable")]
    return copies.near[order], copies.cosine[order]


def _rank(usage: np.ndarray) -> np.ndarray:
    """The place of each of `usage` in `_ORDER`."""
    return np.select([usage == name for name in _ORDER], range(len(_ORDER)))


def spare_rows(groups: Iterable[np.ndarray], usage: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The rows to leave out, ascending, so that of each of `groups`, copies of one another, no more than one is left.

    Test stays before validation, and that before training: so nothing is learned from a copy of a face that a model is
    scored on. `out`, bool `(n,)`, are left out already. Where a row stands in several groups, as in pairs of near
    copies, those across Usages come first, each for itself, and the others go no further than they have to.
    """
    rank, gone = _rank(usage), out.copy()
    within = [(np.ptp(rank[rows]) == 0, rows) for rows in groups]
    for lone, rows in sorted(within, key=lambda group: group[0]):
        here = rows[~(gone if lone else out)[rows]]
        if len(here) > 1:
            gone[np.delete(here, rank[here].argmin())] = True
    return np.flatnonzero(gone & ~out)


def measure_copies(images: np.ndarray) -> Copies:
    """Compare all `images`, uint8 `(n, 48, 48)`, with one another; pairs are kept from a cosine of `LOWEST` up."""
    seen: dict[bytes, int] = {}
    first = [seen.setdefault(hashlib.sha256(image.tobytes()).digest(), row) for row, image in enumerate(images)]
    contrast = np.concatenate([np.empty(0), *(block.std((1, 2)) for block in blocks(images))]).astype(np.float32)
    near, cosine = find_pairs(images, np.flatnonzero(contrast >= BLANK), LOWEST)
    return Copies(np.array(first, np.int64), near, cosine, contrast)


def _faint(contrast: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero((contrast >= BLANK) & (contrast < FAINT))
    return rows[np.argsort(contrast[rows], kind="stable")]


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
