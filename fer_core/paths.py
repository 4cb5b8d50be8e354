"""Where things lie, and how a file is replaced so that a reader never sees half of it."""

import contextlib
import fcntl
import glob
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent


def models_dir() -> Path:
    """The folder of saved models: `FER_MODELS`, else `models/` beside the package."""
    return Path(os.environ.get("FER_MODELS") or ROOT / "models")


def data_dir() -> Path:
    """The folder of the user's CSV and of the parsed cache: `FER_DATA`, else `data/` beside the package."""
    return Path(os.environ.get("FER_DATA") or ROOT / "data")


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a model or a version may be called: the name of its folder or file."""
PARTIAL = ".partial-"
"""What the name of a file that is still being written begins with."""


def existing(typed: str) -> Path | None:
    """The file or folder that somebody typed, `~` allowed; None where there is none."""
    try:
        path = Path(typed).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long a name, no such user's home, a NUL in it
        return None


def shown(path: str | os.PathLike) -> str:
    """`path` as it is told: bytes in a file's name that are no UTF-8 are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")


def held(lock: Path) -> bool:
    """Whether a process holds the `FileLock` of that file.

    A look makes no lock and shares it with other looks; only who works has it alone.
    """
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, PermissionError):  # nobody worked yet; somebody else's, where nothing of ours does
        return False
    return False


def write_atomic(path: Path, write: Callable[[IO[bytes]], object], *, keep: Path | None = None) -> None:
    """Write through `write(file)` into a temporary file beside `path`, flush it to disk, then replace `path`.

    A kill at any moment leaves the old file or the new one, never a mixture. The old file goes to `keep`, where that
    is given; a kill may then leave it there and none at `path`. The suffix stays that of `path`: writers look at it. A
    link stays one, and what is no file, /dev/stdout say, is written into.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            write(file)
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_old(path)
    handle, name = tempfile.mkstemp(prefix=f"{PARTIAL}{path.stem}-", suffix=path.suffix, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        if keep:
            path.replace(keep)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """`write_atomic` of `text`, in UTF-8."""
    write_atomic(path, lambda file: file.write(text.encode()))


def _remove_old(path: Path) -> None:
    """Remove what writers of `path` left that were killed more than a day ago."""
    for left in path.parent.glob(f"{PARTIAL}{glob.escape(path.stem)}-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > 86_400:
                left.unlink()


def append_line(path: Path, line: str, *, sync: bool = False) -> None:
    """Append `line` to the file at `path`, `sync`: onto the disk.

    It stands by itself even where a full disk or a kill cut the last one.
    """
    with path.open("a+b") as file:
        file.seek(max(file.tell() - 1, 0))
        cut = file.read(1) not in (b"", b"\n")
        file.write(b"\n" * cut + line.encode() + b"\n")
        if sync:
            file.flush()
            os.fsync(file.fileno())


def remove_partial(folder: Path) -> None:
    """Remove what writers that were killed left in `folder`; only for who alone writes there."""
    for path in folder.glob(f"{PARTIAL}*"):
        path.unlink(missing_ok=True)
