"""Parsed datasets on disk: one folder for each file that was read, opened again as memory-mapped arrays.

A folder `cache/<asked>-<state>/` in the data folder holds `images.npy`, `emotion.npy`, `usage.npy` and `meta.json`.
What was asked for is a path, whether bad rows are skipped, and what its class names are mapped to; the state is the
size and time of change of what lies there. The folder is written under another name and then renamed, so that it is
whole or absent, and takes the place of one of an earlier state; a lock lets one process write and makes another wait.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock

from fer_core.arrays import DAMAGED
from fer_core.data.block import Block
from fer_core.data.class_names import Mapped
from fer_core.data.dataset import SIDE, fingerprint_of
from fer_core.data.folder import picture_files, state_of
from fer_core.errors import DatasetError, reason
from fer_core.paths import data_dir

Reader = Callable[[Path, Mapped], Iterator[Block]]
Progress = Callable[[str], None]

VERSION = 1
NEW = ".new-"
"""What the name of a folder that is being written begins with."""
REASONS = 5
"""How many bad rows an error or a note spells out."""


@dataclass(frozen=True)
class Meta:
    """What `meta.json` says beside the arrays."""

    version: int
    name: str
    fingerprint: str
    rows: int
    dropped: list[int]
    """Rows of the file that are not in the arrays, counted from 0."""
    notes: list[str]


@dataclass(frozen=True, eq=False)
class Parsed:
    """A dataset from the cache: the arrays of `FaceDataset`, read-only, and what was noted while reading."""

    images: np.ndarray
    emotion: np.ndarray
    usage: np.ndarray
    fingerprint: str
    dropped: list[int]
    notes: tuple[str, ...]


def cached(path: Path, skip_bad: bool, read: Reader, progress: Progress, names: Mapped | None = None) -> Parsed:
    """What `read` finds at `path` with these `names`: out of the cache, else read now and kept there.

    Raises `DatasetError` where rows are bad and `skip_bad` is false, where none is good, or where the data folder
    cannot be written.
    """
    names = names or {}
    cache, asked = data_dir() / "cache", _asked(path, skip_bad, names)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{asked}.lock"):
            folder = cache / f"{asked}-{_state(path)}"
            return _open_or_write(folder, path, skip_bad, lambda: read(path, names), progress)
    except OSError as error:
        if error.filename and Path(error.filename) == path:
            raise DatasetError(f"{path.name}: expected a readable file, found: {reason(error)}") from error
        raise DatasetError(
            f"cannot read {path.name} into {cache} ({error}): FER_DATA may name another folder"
        ) from error


def _open_or_write(
    folder: Path, path: Path, skip_bad: bool, read: Callable[[], Iterator[Block]], progress: Progress
) -> Parsed:
    note = ""
    if folder.exists():
        try:
            return _open(folder)
        except DAMAGED as error:
            note = f"the cache of {path.name} was made again: {error}"
            progress(note)
    asked, _, _ = folder.name.partition("-")
    for killed in folder.parent.glob(f"{NEW}{asked}-*"):
        shutil.rmtree(killed, ignore_errors=True)
    _write(folder, path.name, _told(read(), path.name, progress), skip_bad)
    for earlier in {*folder.parent.glob(f"{asked}-*")} - {folder}:
        shutil.rmtree(earlier, ignore_errors=True)  # who has it open keeps it
    parsed = _open(folder)
    return replace(parsed, notes=(note, *parsed.notes)) if note else parsed


def _asked(path: Path, skip_bad: bool, names: Mapped) -> str:
    told = [os.fsencode(path.resolve()).hex(), skip_bad, dict(names)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]


def _state(path: Path) -> str:
    path = path.resolve()
    return state_of(path, picture_files(path) if path.is_dir() else [path])


def _open(folder: Path) -> Parsed:
    """Read a cache folder; any of several built-in errors if it is of another version or damaged."""
    found = dict(json.loads((folder / "meta.json").read_text()))
    if found.get("version") != VERSION:
        raise ValueError(f"it was of version {found.get('version')}, this is version {VERSION}")
    meta = Meta(**found)
    images, emotion, usage = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "emotion", "usage"))
    if images.shape != (meta.rows, SIDE, SIDE) or not len(emotion) == len(usage) == meta.rows:
        raise ValueError(f"it does not hold the {meta.rows} faces that it names")
    return Parsed(images, emotion, usage, meta.fingerprint, meta.dropped, tuple(meta.notes))


def _told(blocks: Iterable[Block], name: str, progress: Progress) -> Iterator[Block]:
    """The same blocks, with a word of progress every few thousand rows."""
    rows = told = 0
    for block in blocks:
        rows += len(block.emotion)
        if rows >= told + 4000:
            told = rows
            progress(f"reading {name}: {rows:,} faces")
        yield block


def _write(folder: Path, name: str, blocks: Iterable[Block], skip_bad: bool) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{NEW}{folder.name}-", dir=folder.parent) as temporary:
        new = Path(temporary) / "new"
        new.mkdir()
        with (new / "images.npy").open("wb+") as file:
            emotion, usage, bad, reasons, left_out, notes = _write_images(file, blocks)
        if bad and not (skip_bad and len(emotion)):
            rest = ", or read the rest with --skip-bad on the command line" if len(emotion) else ""
            raise DatasetError(f"{name}: {_tell_bad(reasons, len(bad), len(emotion))}: repair them{rest}")
        if bad:
            notes.append(f"left out {_tell_bad(reasons, len(bad), len(emotion))}; rows are counted without them")
        if not len(emotion):
            raise DatasetError(f"{name}: expected a face of a class that is not left out, found none")
        np.save(new / "emotion.npy", emotion)
        np.save(new / "usage.npy", usage)
        fingerprint = fingerprint_of(np.load(new / "images.npy", mmap_mode="r"), emotion, usage)
        meta = Meta(VERSION, name, fingerprint, len(emotion), sorted([*left_out, *bad]), notes)
        (new / "meta.json").write_text(json.dumps(asdict(meta), indent=2))
        if folder.exists():
            folder.rename(Path(temporary) / "old")  # goes with the temporary folder; who has it open keeps it
        new.rename(folder)


def _write_images(
    file: IO[bytes], blocks: Iterable[Block]
) -> tuple[np.ndarray, np.ndarray, list[int], list[tuple[int, str]], list[int], list[str]]:
    """Append the images to `file` as they come, so that they never lie in memory together; return the rest.

    Of bad rows the numbers, and what is wrong with the first ones.
    """
    # numpy leaves room in the header for a first axis that grows, so it can be written again in place
    _write_header(file, 0)
    emotion, usage = [], []
    bad: list[int] = []
    reasons: list[tuple[int, str]] = []
    left_out: list[int] = []
    notes: list[str] = []
    for block in blocks:
        file.write(np.ascontiguousarray(block.images).data)
        emotion.append(block.emotion)
        usage.append(block.usage)
        bad.extend(row for row, _ in block.bad)
        reasons.extend(block.bad[: REASONS - len(reasons)])
        left_out.extend(block.left_out)
        notes.extend(block.notes)
    labels = np.concatenate(emotion)
    file.seek(0)
    _write_header(file, len(labels))
    return labels, np.concatenate(usage), bad, reasons, left_out, notes


def _write_header(file: IO[bytes], rows: int) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, SIDE, SIDE)}
    np.lib.format.write_array_header_1_0(file, header)


def _tell_bad(reasons: list[tuple[int, str]], bad: int, good: int) -> str:
    told = "; ".join(f"row {row}, {reason}" for row, reason in reasons)
    more = f"; and {bad - len(reasons):,} more" if bad > len(reasons) else ""
    return f"{bad:,} of {bad + good:,} rows that cannot be read ({told}{more})"
