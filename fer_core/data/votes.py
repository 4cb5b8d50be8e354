"""FER+: how ten annotators labelled each face (Barsoum et al. 2016, arXiv:1608.01041).

Its CSV `fer2013new.csv` has a line for each row of FER2013, in the same order: `Usage, Image name`, then ten counts
in the order of `labels.VOTES`. Its names, `fer0028638.png`, rise but for four; some lines have none.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_core.errors import DatasetError, reason
from fer_core.labels import EMOTIONS, SCHEMES, VOTES
from fer_core.paths import data_dir

VOTES_FILE = "fer2013new.csv"
MOVE = "move it away, or unset FER_VOTES, if it belongs to another dataset"
FALLING = 4
"""Names of FER+'s file that come after a later one."""
_IMAGE = re.compile(r"\w*,fer(\d+)\.png,")
HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"

_CODES = {
    label: codes for scheme in SCHEMES.values() for label, codes in zip(scheme.labels, scheme.groups, strict=True)
}


def votes_for(votes: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """How many of the annotators, `votes` `(n, 10)`, chose an emotion of each class of `labels`: int64 `(n, k)`.

    `ValueError` for a class that they were not asked for.
    """
    if unknown := [label for label in labels if label not in _CODES]:
        raise ValueError(f"labels: expected classes of {', '.join(SCHEMES)}, found {unknown[0]!r}")
    columns = [[VOTES.index(EMOTIONS[code]) for code in _CODES[label]] for label in labels]
    return np.stack([votes[:, some].sum(axis=1, dtype=np.int64) for some in columns], axis=1)


def find_votes(path: Path) -> Path | None:
    """The file that `FER_VOTES` names, else `fer2013new.csv` beside the dataset at `path` or in the data folder.

    Raises `DatasetError` where `FER_VOTES` names no file.
    """
    if named := os.environ.get("FER_VOTES"):
        if not Path(named).is_file():
            raise DatasetError(f"FER_VOTES: expected the path of {VOTES_FILE}, found no file {named}")
        return Path(named)
    places = (path.parent / VOTES_FILE, data_dir() / VOTES_FILE)
    return next((place for place in places if place.is_file()), None)


def is_shared(votes_file: Path, path: Path) -> bool:
    """Whether that file is there for any dataset, and not put beside the one at `path` or named for it."""
    return not os.environ.get("FER_VOTES") and votes_file.parent != path.parent


def read_votes(path: Path, usage: np.ndarray, dropped: list[int]) -> np.ndarray:
    """The votes for the faces whose `usage` is given, `<U11` `(n,)`: uint8 `(n, 10)`.

    `dropped` are the rows of the dataset's file that were left out, and are left out here too. Raises `DatasetError`
    unless the file has a line for each row, with the same Usage, names that rise as FER+'s do, and counts from 0 to 10.
    """
    try:
        header, *lines = path.read_text("utf-8", "replace").splitlines() or [""]
    except OSError as error:
        raise DatasetError(f"{path.name}: expected a readable file, found: {reason(error)}") from error
    if header.strip() != HEADER:
        raise DatasetError(f"{path.name}: expected the header {HEADER}, found {header[:80]!r}")
    rows = len(usage) + len(dropped)
    if len(lines) != rows:
        raise DatasetError(
            f"{path.name}: expected a line for each of the dataset's {rows:,} rows, found {len(lines):,}: {MOVE}"
        )
    lines = np.delete(np.array(lines, object), dropped).tolist()
    _check_order([line.partition(",")[0] for line in lines], usage.tolist(), path.name)
    _check_names(lines, path.name)
    return _counts(lines, path.name)


def _check_order(found: list[str], expected: list[str], name: str) -> None:
    if found != expected:
        row = next(row for row, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1])
        raise DatasetError(
            f"{name}: expected the dataset's order, found {found[row]!r} for {expected[row]} in row {row}: {MOVE}"
        )


def _check_names(lines: list[str], name: str) -> None:
    """Refuse lines that were sorted, shuffled or swapped among those of their Usage."""
    numbers = np.array([int(image[1]) for image in map(_IMAGE.match, lines) if image])
    if (falling := np.count_nonzero(np.diff(numbers) < 0)) > min(FALLING, len(numbers) / 10):
        raise DatasetError(
            f"{name}: expected images in the order of their names, found {falling:,} of {len(numbers):,} that come "
            f"after a later one: {MOVE}"
        )


def _counts(lines: list[str], name: str) -> np.ndarray:
    try:
        counts = np.loadtxt(lines, np.uint8, delimiter=",", usecols=range(2, 2 + len(VOTES)), ndmin=2)
    except ValueError as error:
        raise DatasetError(f"{name}: expected ten counts a line, found {error}") from error
    if (counts > 10).any():
        row = int(np.flatnonzero((counts > 10).any(1))[0])
        raise DatasetError(f"{name}: expected counts from 0 to 10, found {counts[row].max()} in row {row}")
    counts.flags.writeable = False
    return counts
