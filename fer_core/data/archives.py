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
from typing import IO, Any

from fer_core.errors import DatasetError

KNOWN = ("icml_face_data", "fer2013", "train")
"""What the dataset's file is called, the best first."""
_DAMAGED = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zipfile.BadZipFile, tarfile.TarError)
CLOSED = (RuntimeError, NotImplementedError)
"""What `zipfile` raises for a password, and for a way of packing that it doesn't know."""


def rank(name: str) -> int:
    """How far from the front of `KNOWN` the name of a file is; files of other names come last."""
    stem = Path(name).name.split(".")[0].lower()
    return KNOWN.index(stem) if stem in KNOWN else len(KNOWN)


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
    except CLOSED as error:
        raise DatasetError(
            f"{path.name}: expected an archive that can be unpacked, found that it can't ({error}): unpack it first"
        ) from error


def _unpack(packed: Any, name: str) -> IO[bytes]:
    stream = io.BufferedReader(packed, 1 << 16)
    head = stream.peek(512)
    if head.startswith(b"\x1f\x8b"):
        return _unpack(gzip.GzipFile(fileobj=stream), name)
    if head.startswith(b"\xfd7zXZ\0"):
        return _unpack(lzma.LZMAFile(stream), name)
    if head.startswith(b"PK\3\4"):
        return _unpack(_best_csv(zipfile.ZipFile(stream), name), name)
    if head[257:262] == b"ustar":
        return _unpack(_first_csv(tarfile.open(fileobj=stream, mode="r|"), name), name)
    return stream


def _best_csv(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    packed = (".csv", ".csv.gz", ".csv.xz", ".tar.gz")
    tables = [member for member in archive.namelist() if member.lower().endswith(packed) and not _of_macos(member)]
    if not tables:
        raise DatasetError(f"{name}: expected an archive with a CSV in it, found none")
    return archive.open(min(tables, key=rank))


def _first_csv(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """Read forwards only: to look for a better one would mean to unpack everything twice."""
    for member in archive:
        wanted = member.isfile() and member.name.lower().endswith(".csv") and not _of_macos(member.name)
        if wanted and (content := archive.extractfile(member)):
            return content
    raise DatasetError(f"{name}: expected an archive with a CSV in it, found none")


def _of_macos(name: str) -> bool:
    """Whether it is what macOS puts beside a packed file, under the same name."""
    return Path(name).name.startswith("._")
