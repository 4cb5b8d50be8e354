"""Versions of a dataset: small files that say which faces have another label, and which are left out.

A version never touches the dataset's own file. It lies in the data folder, as
`versions/<first 16 of the fingerprint>/<name>.json`, is written once and not changed afterwards.

| key | what |
|---|---|
| `format` | 1 |
| `name`, `author`, `note` | words; the file's name counts where it is another one |
| `parent` | the version that it was made from; empty: the dataset as it was read |
| `created` | UTC, ISO 8601 |
| `fingerprint` | of the dataset |
| `labels` | emotion name → rows, ascending, that are labelled so now |
| `excluded` | rows, ascending, that are left out, whatever their label |
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from fer_core.data.dataset import FaceDataset
from fer_core.errors import VersionError, reason
from fer_core.labels import EMOTIONS, OUT
from fer_core.paths import NAME, data_dir, write_text

FORMAT = 1
DRAFT = "draft"
"""What the edits that aren't saved yet are called beside versions; none of them may be called so."""
WORDS = ("name", "author", "note", "parent", "created", "fingerprint")


@dataclass(frozen=True)
class Version:
    """One version, as in the module's table; `labels` maps rows to emotion codes."""

    name: str
    fingerprint: str
    labels: dict[int, int] = field(default_factory=dict)
    excluded: tuple[int, ...] = ()
    note: str = ""
    author: str = ""
    parent: str = ""
    created: str = ""
    sha256: str = field(default="", compare=False)
    """Of the file that it was read from."""

    def __post_init__(self):
        """Refuse codes of no emotion with a `ValueError`."""
        if wrong := set(self.labels.values()) - set(range(len(EMOTIONS))):
            raise ValueError(f"labels: expected emotion codes from 0 to {len(EMOTIONS) - 1}, found {wrong.pop()}")

    def touches(self, rows: np.ndarray) -> bool:
        """Whether one of `rows` has another label or is left out."""
        return bool(np.isin(rows, [*self.labels, *self.excluded]).any())


def folder_of(fingerprint: str) -> Path:
    """Where the versions of the dataset with that fingerprint lie, and its draft."""
    return data_dir() / "versions" / fingerprint[:16]


def version_file(fingerprint: str, name: str) -> Path:
    """Where the version called `name` lies; `VersionError` for a name that none may have."""
    return folder_of(fingerprint) / f"{check_name(name)}.json"


def list_versions(dataset: FaceDataset) -> list[Version]:
    """The versions of `dataset`, newest first, without those that `damaged_versions` names."""
    return versions_of(dataset.fingerprint, dataset)


def versions_of(fingerprint: str, dataset: FaceDataset | None = None) -> list[Version]:
    """The same for a dataset that need not be loaded; its rows are checked where it is."""
    read = (_read_or_fault(path, fingerprint, dataset) for path in _files(fingerprint))
    versions = [version for version in read if isinstance(version, Version)]
    return sorted(versions, key=lambda version: version.created, reverse=True)


def damaged_versions(dataset: FaceDataset) -> dict[str, str]:
    """Files among the versions of `dataset` that are none: name → what is wrong, in one line."""
    read = {path.stem: _read_or_fault(path, dataset.fingerprint, dataset) for path in _files(dataset.fingerprint)}
    return {name: fault for name, fault in read.items() if isinstance(fault, str)}


def read_version(dataset: FaceDataset, name: str) -> Version:
    """The version of `dataset` called `name`; `VersionError` where there is none or it doesn't fit."""
    return version_of(dataset.fingerprint, name, dataset)


def version_of(fingerprint: str, name: str, dataset: FaceDataset | None = None) -> Version:
    """The same for a dataset that need not be loaded; its rows are checked where it is."""
    path = version_file(fingerprint, name)
    if not path.is_file():
        known = ", ".join(version.name for version in versions_of(fingerprint, dataset)) or "none yet"
        whose = dataset.source if dataset else f"the dataset {fingerprint[:12]}…"
        raise VersionError(f"version {name!r}: expected one of the versions of {whose} ({known}), found none")
    version = _read_or_fault(path, fingerprint, dataset)
    if isinstance(version, str):
        raise VersionError(version)
    return version


def parse_version(data: bytes, dataset: FaceDataset) -> Version:
    """The version of `dataset` that stands in `data`, a file's bytes; `VersionError` where none does."""
    record = _json(data)
    name = record["name"] if isinstance(record, dict) and isinstance(record.get("name"), str) else "file"
    if fault := _fault(record, dataset.fingerprint, dataset):
        raise VersionError(f"version {name!r}: {fault}")
    return _from_record(record, dataset, hashlib.sha256(data).hexdigest())


def save_version(version: Version) -> Path:
    """Write `version` into its file, created now unless it says when; the file.

    Raises `VersionError` where the name is taken or not allowed, or the file cannot be written, and `ValueError` for
    rows and codes that cannot be.
    """
    path = version_file(version.fingerprint, version.name)
    created = version.created or datetime.now(UTC).isoformat(timespec="milliseconds")  # two may be saved in a second
    record = _to_record(replace(version, created=created))
    if fault := _fault(record, version.fingerprint, None):
        raise ValueError(f"version {version.name!r}: {fault}")
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in record.items())
    text = f"{{\n{lines}\n}}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / ".lock"):
            if path.exists() or version.name == DRAFT:
                raise VersionError(f"version name: expected one that is not taken, found {version.name!r}")
            write_text(path, text)
    except OSError as error:
        raise VersionError(f"{path}: expected a file that can be written, found: {reason(error)}") from error
    return path


def delete_version(fingerprint: str, name: str) -> None:
    """Delete the version's file, even a damaged one; `VersionError` where there is none or it can't be deleted."""
    path = version_file(fingerprint, name)
    try:
        path.unlink()
    except FileNotFoundError:
        raise VersionError(f"version {name!r}: expected one to delete, found none of that name") from None
    except OSError as error:
        raise VersionError(f"{path}: expected a file that can be deleted, found: {reason(error)}") from error


def check_name(name: str) -> str:
    """Return `name` if a version may be called so, else raise `VersionError`."""
    if not NAME.fullmatch(name):
        raise VersionError(
            f"version name: expected 1 to 64 letters, digits, '.', '_' or '-', first a letter or digit, found {name!r}"
        )
    return name


def apply(dataset: FaceDataset, version: Version, usage: str | None = None) -> FaceDataset:
    """`dataset` with the labels of `version`, and the faces marked that it leaves out; of one `usage` only, or of all.

    Rows and fingerprint stay. Raises `VersionError` for a version of another dataset, `ValueError` for a dataset that
    is not as it was read.
    """
    if dataset.version:
        raise ValueError(f"expected a dataset with its own labels, found version {dataset.version!r} of it")
    codes = codes_of(dataset, version)
    if usage is not None:
        codes = np.where(dataset.usage == usage, codes, dataset.emotion)
    excluded = codes == OUT
    emotion = np.where(excluded, dataset.emotion, codes)
    for array in (emotion, excluded):
        array.flags.writeable = False
    return replace(dataset, emotion=emotion, excluded=excluded, version=version.name)


def codes_of(dataset: FaceDataset, version: Version) -> np.ndarray:
    """The emotion code of each face in `version`, int8 `(n,)`; `OUT` where it is left out. Raises as `apply`."""
    if fault := _fault(_to_record(version), dataset.fingerprint, dataset):
        raise VersionError(f"version {version.name!r}: {fault}")
    codes = np.array(dataset.emotion, np.int8)
    codes[list(version.labels)] = list(version.labels.values())
    codes[list(version.excluded)] = OUT
    return codes


def by_emotion(labels: Mapping[int, int]) -> dict[str, list[int]]:
    """Row → emotion code as files hold it: emotion name → rows, ascending."""
    rows: dict[str, list[int]] = {}
    for row, code in sorted(labels.items()):
        rows.setdefault(EMOTIONS[code], []).append(int(row))
    return rows


def by_row(rows: Mapping[str, Iterable[int]]) -> dict[int, int]:
    """The way back from `by_emotion`."""
    return {row: EMOTIONS.index(name) for name, those in rows.items() for row in those}


def _files(fingerprint: str) -> list[Path]:
    return [path for path in folder_of(fingerprint).glob("*.json") if NAME.fullmatch(path.stem)]


def _read_or_fault(path: Path, fingerprint: str, dataset: FaceDataset | None) -> Version | str:
    """The version in a file, or in one line why it is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"version {path.stem!r}: expected a readable file, found: {reason(error)}"
    record = _json(data)
    if fault := _fault(record, fingerprint, dataset):
        return f"version {path.stem!r}: {fault}"
    return _from_record(record | {"name": path.stem}, dataset, hashlib.sha256(data).hexdigest())


def _json(data: bytes) -> Any:
    """What the JSON says; None where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _to_record(version: Version) -> dict:
    return {
        "format": FORMAT,
        **{key: getattr(version, key) for key in WORDS},
        "labels": by_emotion(version.labels),
        "excluded": sorted(map(int, version.excluded)),
    }


def _from_record(record: dict, dataset: FaceDataset | None, sha256: str) -> Version:
    """A sound record as a version; labels that the dataset has anyway go."""
    labels = by_row(record["labels"])
    if dataset is not None:
        own = dataset.emotion.tolist()
        labels = {row: code for row, code in labels.items() if own[row] != code}
    words = {key: record[key] for key in WORDS}
    return Version(**words, labels=labels, excluded=tuple(sorted(record["excluded"])), sha256=sha256)


def _fault(record: Any, fingerprint: str, dataset: FaceDataset | None) -> str:
    """What is wrong with a record as a version of that dataset, in one line; empty where nothing is."""
    if not isinstance(record, dict):
        return "expected the JSON of a version, found a file that is torn or something else"
    if record.get("format") != FORMAT:
        return f"expected a version of format {FORMAT}, found {record.get('format')!r}"
    if wrong := [key for key in WORDS if not isinstance(record.get(key), str)]:
        return f"expected words in {', '.join(wrong)}, found otherwise"
    if wrong := [key for key in WORDS if not _is_text(record[key])]:
        return f"expected text in {', '.join(wrong)}, found half of a character"
    if record["fingerprint"] != fingerprint:
        return (
            f"expected a version of this dataset ({fingerprint[:12]}), found one of another "
            f"({record['fingerprint'][:12]}); choose that dataset"
        )
    labels: Any = record.get("labels")
    excluded: Any = record.get("excluded")
    if not isinstance(labels, dict) or not all(isinstance(rows, list) for rows in (*labels.values(), excluded)):
        return "expected rows for each emotion in labels, and rows in excluded, found otherwise"
    if unknown := [name for name in labels if name not in EMOTIONS]:
        return f"expected emotions among {', '.join(EMOTIONS)}, found {unknown[0]!r}"
    labelled = [row for rows in labels.values() for row in rows]
    return _rows_fault(labelled, dataset) or _rows_fault(excluded, dataset)


def _is_text(words: str) -> bool:
    """Whether they can be written: JSON may escape halves of characters."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rows_fault(rows: list, dataset: FaceDataset | None) -> str:
    faces = float("inf") if dataset is None else len(dataset)
    most = "" if dataset is None else f" to {len(dataset) - 1:,}"
    if wrong := [row for row in rows if type(row) is not int or not 0 <= row < faces]:
        return f"expected rows from 0{most}, whole numbers, found {wrong[0]!r}"
    if len(set(rows)) < len(rows):
        twice = next(row for row, following in pairwise(sorted(rows)) if row == following)
        return f"expected each row once, found row {twice} again"
    return ""
