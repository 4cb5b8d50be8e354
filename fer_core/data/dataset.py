"""FaceDataset, what every source yields.

| array | shape | dtype | values |
|---|---|---|---|
| `images` | `(n, 48, 48)` | uint8 | grey, 0 black to 255 white; read-only, memory-mapped out of the cache |
| `emotion` | `(n,)` | int8 | FER's codes 0 to 6, `labels.EMOTIONS` |
| `usage` | `(n,)` | `<U11` | Training, PublicTest or PrivateTest |
| `votes` | `(n, 10)` | uint8 | how many of ten annotators chose each of `labels.VOTES`; None where there are none |

A *row* is an index into these arrays, and what every other file refers to. It is the CSV's row (header not counted)
unless rows before it were left out: damaged ones that were skipped, or class names that mean nothing here.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from fer_core.labels import EMOTIONS, SPLITS, USAGES, ClassScheme, choose

SIDE = 48
"""Height and width of a face, in pixels."""


@dataclass(frozen=True, eq=False)
class FaceDataset:
    """Faces with their labels; see the module's table. `fingerprint` is `fingerprint_of` its arrays."""

    images: np.ndarray
    emotion: np.ndarray
    usage: np.ndarray
    votes: np.ndarray | None
    source: str
    fingerprint: str
    drawn: bool = False
    """True where the faces are drawn by a program and not photographed; every view says so."""
    notes: tuple[str, ...] = ()
    """What reading did beyond reading: images resized, bad rows dropped."""
    excluded: np.ndarray | None = None
    """Bool `(n,)`: the faces that its version leaves out; None where it leaves out none. They keep their rows."""
    version: str = ""
    """Name of the version (`data.versions`) whose labels `emotion` holds; empty: the file's own."""

    def __len__(self) -> int:
        return len(self.emotion)

    def rows(self, split: str, scheme: ClassScheme) -> np.ndarray:
        """Rows of `split` (train, validation, test) whose emotion is a class of `scheme`: int64, ascending.

        Without those that are left out.
        """
        wanted = self.of_usage(choose("split", split, SPLITS))
        return np.flatnonzero(wanted & (scheme.classes(self.emotion) >= 0))

    def of_usage(self, usage: str) -> np.ndarray:
        """Bool `(n,)`: the faces of a Usage, without those that are left out."""
        of_usage = self.usage == usage
        return of_usage if self.excluded is None else of_usage & ~self.excluded

    def counts(self) -> dict[str, dict[str, int]]:
        """Number of faces: Usage → emotion name → n, without those left out. Where there is no face, it is 0."""
        numbers = {usage: np.bincount(self.emotion[self.of_usage(usage)], minlength=7).tolist() for usage in USAGES}
        return {usage: dict(zip(EMOTIONS, of_usage, strict=True)) for usage, of_usage in numbers.items()}


def fingerprint_of(images: np.ndarray, emotion: np.ndarray, usage: np.ndarray) -> str:
    """sha256, in hexadecimal, of pixels, labels and usage: two datasets with equal fingerprints are the same faces."""
    digest = hashlib.sha256(np.ascontiguousarray(images).data)
    digest.update(np.ascontiguousarray(emotion, np.int8).data)
    digest.update("\n".join(usage.tolist()).encode())
    return digest.hexdigest()
