"""Edits that somebody brings as a CSV: columns `row, label`; the label empty or `exclude` where a face is left out."""

import csv
from collections import Counter
from pathlib import Path

from fer_core.data.dataset import FaceDataset
from fer_core.errors import VersionError
from fer_core.labels import EMOTIONS, OUT

_CODES = {name: code for code, name in enumerate(EMOTIONS)} | dict.fromkeys(("", "exclude"), OUT)

LONGEST = 19
"""Digits of a number that no dataset has so many rows for."""


def read_edits(path: Path, dataset: FaceDataset) -> dict[int, int]:
    """Row of `dataset` → emotion code, or `OUT`, as the CSV at `path` says.

    Raises `VersionError` where it cannot be read, has no such columns or no line, or where a line names a row that the
    dataset hasn't, a row again, or an unknown emotion.
    """
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), skipinitialspace=True)
        told = [(reader.line_num, line) for line in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise VersionError(f"{path}: expected a CSV with columns row,label in UTF-8, found: {error}") from error
    if not told or not {"row", "label"} <= set(told[0][1]):
        found = ", ".join(map(str, told[0][1])) if told else "no line"
        raise VersionError(f"{path}: expected a CSV with columns row,label and a line a face, found {found}")
    if twice := [name for name, n in Counter(reader.fieldnames or ()).items() if n > 1]:
        raise VersionError(f"{path}: expected each column once, found {twice[0]} again")
    edits: dict[int, int] = {}
    for number, line in told:
        if None in (line["row"], line["label"]):
            raise VersionError(f"{path}: expected a row and a label, found a line cut short in line {number}")
        row, label = (line[name].strip() for name in ("row", "label"))
        if fault := _fault(row, label, edits, len(dataset)):
            raise VersionError(f"{path}: {fault} in line {number}")
        edits[int(row)] = _CODES[label]
    return edits


def _fault(row: str, label: str, edits: dict[int, int], faces: int) -> str:
    if not (row.isascii() and row.isdigit() and len(row) < LONGEST) or int(row) >= faces:
        return f"expected a row from 0 to {faces - 1:,}, found {row!r}"
    if int(row) in edits:
        return f"expected each row once, found {row} again"
    if label not in _CODES:
        return f"expected a label among {', '.join(EMOTIONS)}, exclude or nothing, found {label!r}"
    return ""
