"""A Parquet file that is made over hours and survives being killed.

Until it is finished its parts stand in the folder `<name>.parts` beside it, each written as a whole. What they were
made with, the settings, stands in each file's own metadata under `fer_core`, as JSON.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from fer_core.errors import FerError, reason
from fer_core.paths import remove_partial, write_atomic

KEY = b"fer_core"
PARTS = "[0-9]*.parquet"
TOGETHER = 512
"""Parts that become one row group of the finished file."""


class GrowingTable:
    """What is in the Parquet file `path` and in its parts; made by `growing`.

    `done` holds every value of the column `path`.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.folder, self.schema = path, parts_folder(path), schema
        finished = self._paths(path) if path.exists() else set()
        self.done = set(finished)
        for part in self._parts():
            paths = self._paths(part)
            if paths & finished:  # killed after it became part of the file
                part.unlink()
            self.done |= paths
        self._next = max((int(part.stem) for part in self._parts()), default=0) + 1

    def add(self, table: pa.Table) -> None:
        """Keep these rows, on disk when this returns."""
        told = table.replace_schema_metadata(self.schema.metadata)
        with _writing(self.path):
            write_atomic(self.folder / f"{self._next:08}.parquet", lambda file: pq.write_table(told, file))
        self._next += 1

    def finish(self) -> None:
        """Make one file of all parts."""
        if not (parts := self._parts()) and self.path.exists():
            return
        whole = self.folder / "whole.parquet"
        with _writing(self.path):
            write_atomic(whole, lambda file: self._merge(parts, file))
            whole.replace(self.path)
            for part in parts:
                part.unlink()

    def _merge(self, parts: list[Path], file: IO[bytes]) -> None:
        with pq.ParquetWriter(file, self.schema) as writer:
            if self.path.exists():
                before = pq.ParquetFile(self.path)
                for group in range(before.num_row_groups):
                    writer.write_table(before.read_row_group(group))
            for start in range(0, len(parts), TOGETHER):
                some = (pq.ParquetFile(part).read() for part in parts[start : start + TOGETHER])
                writer.write_table(pa.concat_tables(some))

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob(PARTS))

    def _paths(self, file: Path) -> set[str]:
        """The pictures in `file`; `FerError` where it was made with other settings."""
        try:
            stored = pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as error:
            raise FerError(f"{file}: expected a Parquet file, found: {error}; remove it to begin anew") from error
        metadata = stored.schema_arrow.metadata or {}
        if metadata.get(KEY) != self.schema.metadata[KEY]:
            raise FerError(self._refusal(file, metadata))
        return set(stored.read(["path"])["path"].to_pylist())

    def _refusal(self, file: Path, metadata: dict[bytes, bytes]) -> str:
        ours, theirs = (json.loads(found.get(KEY, b"{}")) for found in (self.schema.metadata, metadata))
        others = [f"{name} {theirs[name]}" for name in theirs if theirs[name] != ours.get(name)]
        expected = ", ".join(f"{name} {ours[name]}" for name in ours if ours[name] != theirs.get(name))
        found = ", ".join(others) or "a table of something else"
        where = self.folder if file.parent == self.folder else self.path
        return f"{self.path}: expected {expected}, found {found}; choose another name, or remove {where} to begin anew"


def parts_folder(path: Path) -> Path:
    """Where the parts of `path` stand until it is finished."""
    return path.with_name(f"{path.name}.parts")


@contextmanager
def growing(path: Path, schema: pa.Schema, settings: dict) -> Iterator[GrowingTable]:
    """Go on with the file `path`, or begin it; nobody else can write it meanwhile.

    `schema` has a column `path`; rows of the same path are added together or not at all. `settings` are JSON values.
    Raises `FerError` where it was begun with other settings, another process is at it, or it cannot be written.
    """
    folder = parts_folder(path)
    told = json.dumps(settings, ensure_ascii=False, sort_keys=True).encode()
    lock = FileLock(folder / "lock")
    with _writing(path):
        folder.mkdir(exist_ok=True)
        _take(lock, path)
    try:
        remove_partial(folder)
        yield GrowingTable(path, schema.with_metadata((schema.metadata or {}) | {KEY: told}))
    finally:
        if not any(folder.glob(PARTS)):
            Path(lock.lock_file).unlink(missing_ok=True)  # while nobody else can have begun
            with suppress(OSError):  # something else lies in it
                folder.rmdir()
        lock.release()


def _take(lock: FileLock, path: Path) -> None:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise FerError(f"{path}: expected that nobody else writes it, found a process that does; wait for it") from None


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FerError(
            f"{path}: expected a file that can be written, found: {reason(error)}; what was done is kept"
        ) from error
