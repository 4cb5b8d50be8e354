"""Which files are opened to write, even for a moment: for what must never touch a disk."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_listening: list[list[str]] = []


def _hear(event: str, args: tuple) -> None:
    """Python's audit event of opening a file; a hook can't be taken away again, so there is one."""
    if event == "open" and _listening and isinstance(args[0], str | bytes) and args[2] & (os.O_WRONLY | os.O_RDWR):
        for heard in _listening:
            heard.append(os.fsdecode(args[0]))


sys.addaudithook(_hear)


@contextmanager
def heard_writing() -> Iterator[list[str]]:
    """The paths that this process opens to write meanwhile; not locks, nor the byte code of modules."""
    heard: list[str] = []
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)
        heard[:] = [path for path in heard if not path.endswith("lock") and "__pycache__" not in path]
