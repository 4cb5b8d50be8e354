"""Opening a file through whatever it is packed in: gzip, xz, zip, tar, told by content and not by name."""

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fer_core.errors import DatasetError

PREFERRED = ("icml_face_data.csv", "fer2013.csv", "train.csv")
"""Which file of an archive is the dataset, where it holds several CSVs."""
_DAMAGED = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zipfile.BadZipFile, tarfile.ReadError)


@contextmanager
def open_unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of the CSV in `path`, unpacked as they are read; `DatasetError` if an archive is cut or has none."""
    try:
        with path.open("rb") as file:
            yield _unpack(file, path.name)
    except _DAMAGED as error:
        raise DatasetError(
            f"{path.name}: expected a whole archive, found a damaged or truncated one ({error}): fetch the file again"
        ) from error


def _unpack(stream: IO[bytes], name: str) -> IO[bytes]:
    buffered = io.BufferedReader(stream, 1 << 16)  # type: ignore[arg-type]
    head = buffered.peek(512)
    if head.startswith(b"\x1f\x8b"):
        return _unpack(gzip.GzipFile(fileobj=buffered), name)
    if head.startswith(b"\xfd7zXZ\0"):
        return _unpack(lzma.LZMAFile(buffered), name)
    if head.startswith(b"PK\3\4"):
        archive = zipfile.ZipFile(buffered)
        return _unpack(archive.open(_choose_member(archive.namelist(), name)), name)
    if head[257:262] == b"ustar":
        return _unpack(_first_csv(tarfile.open(fileobj=buffered, mode="r|"), name), name)
    return buffered


def _choose_member(members: list[str], name: str) -> str:
    tables = [member for member in members if Path(member).suffix in (".csv", ".gz", ".xz")]
    if not tables:
        raise DatasetError(f"{name}: expected an archive with a CSV in it, found {len(members)} other files")
    known = {Path(member).name: member for member in tables}
    return next((known[wanted] for wanted in PREFERRED if wanted in known), tables[0])


def _first_csv(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """Read forwards only: to look for a preferred member would mean to unpack everything twice."""
    for member in archive:
        if member.isfile() and member.name.endswith(".csv"):
            return archive.extractfile(member)  # type: ignore[return-value]
    raise DatasetError(f"{name}: expected an archive with a CSV in it, found none")
