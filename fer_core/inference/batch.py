"""Expressions in any number of picture files, at a memory that doesn't depend on how many they are.

What is found in a file is told as the verb `predict` does: `{path, faces}`, or `{path, error}` where it can't be used.

Looking for faces takes most of the time, and holds Python's lock. So it is done by processes of one thread each, while
this one asks the network, about the faces of many pictures at once. They read the files themselves and send back the
faces only; nothing of a picture is written.
"""

import hashlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from fer_core.data.dataset import SIDE
from fer_core.data.folder import picture_files
from fer_core.errors import FerError, PhotoError, reason
from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import Box, get_detector
from fer_core.inference.photo import SUFFIXES, read_photo
from fer_core.inference.predict import classify_crops, find_faces
from fer_core.paths import shown

CHUNK = 64
"""Pictures whose faces are classified together."""
AHEAD = 2
"""Chunks that are looked at while one is classified; more would only wait in memory."""


@dataclass(frozen=True, eq=False)
class Looked:
    """The faces of a picture, `crops` uint8 `(n, 48, 48)`, or the `error` for which it can't be used."""

    path: str
    boxes: list[Box] = field(default_factory=list)
    crops: np.ndarray = field(default_factory=partial(np.empty, (0, SIDE, SIDE), np.uint8))
    error: str = ""


def list_pictures(inputs: Iterable[str | Path], shard: tuple[int, int] = (1, 1)) -> list[str]:
    """The files among `inputs`, and the pictures anywhere in the folders among them, in order of name, each once.

    Of these, part i of n, where `shard` is (i, n). A picture's part depends on its path within the folder alone: the
    same on each machine, whatever else is in the folder.
    """
    return list(dict.fromkeys(str(path) for path, name in _named(inputs) if _part(name, shard[1]) == shard[0]))


def parse_shard(text: str) -> tuple[int, int]:
    """`2/3` → (2, 3). Raises `ValueError` for anything else than a part from 1 to n, and n."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ValueError(f"shard: expected a part from 1 to n, and n, such as 2/3, found {text!r}")
    return int(part), int(parts)


def classify_files(
    paths: Sequence[str], classifier: Classifier, *, decision: Decision = PLAIN, workers: int = 1
) -> Iterator[list[dict]]:
    """What is found in each file, in their order, by chunks; `workers` processes look for faces, this one if 1.

    Raises `FerError` where such a process ends, as it does when the machine is out of memory.
    """
    chunks = (paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK))
    with _lookers(min(workers, -(-len(paths) // CHUNK))) as look_at:
        looking = deque(map(look_at, islice(chunks, AHEAD)))
        while looking:
            looked = list(looking.popleft())
            looking.extend(map(look_at, islice(chunks, 1)))
            yield classify_looked(looked, classifier, decision)


def look(path: str) -> Looked:
    """Read a file and find its faces."""
    try:
        boxes, crops = find_faces(read_photo(Path(path).read_bytes()), get_detector())
    except PhotoError as error:
        return Looked(shown(path), error=str(error))
    except OSError as error:
        return Looked(shown(path), error=f"expected a readable picture, found: {reason(error)}")
    return Looked(shown(path), boxes, crops)


def classify_looked(looked: Sequence[Looked], classifier: Classifier, decision: Decision) -> list[dict]:
    """What is found in each file; all of their faces are classified together."""
    boxes = [box for picture in looked for box in picture.boxes]
    crops = np.concatenate([picture.crops for picture in looked])
    faces = (face.to_json() for face in classify_crops(boxes, crops, classifier, decision))
    return [
        {"path": picture.path, "error": picture.error}
        if picture.error
        else {"path": picture.path, "faces": list(islice(faces, len(picture.boxes)))}
        for picture in looked
    ]


def _named(inputs: Iterable[str | Path]) -> Iterator[tuple[Path, str]]:
    """Each file, and its name within the folder that was given."""
    for path in map(Path, inputs):
        if path.is_dir():
            yield from ((file, file.relative_to(path).as_posix()) for file in picture_files(path, SUFFIXES))
        else:
            yield path, path.name


def _part(name: str, parts: int) -> int:
    """Which of 1 to `parts`; by a hash that is the same in every process, as Python's own is not."""
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8]) % parts + 1


@contextmanager
def _lookers(workers: int) -> Iterator[Callable[[Sequence[str]], Iterable[Looked]]]:
    """`look` at each of several files, begun at once where there are processes for it."""
    if workers < 2:
        yield partial(map, look)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_be_a_looker)
    try:
        yield partial(pool.map, look, chunksize=4)
    except BrokenProcessPool as error:
        raise FerError(
            "expected the processes that look for faces to live, found that one ended, perhaps out of memory: "
            "try again with fewer --workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _be_a_looker() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # there is a process for each core; threads of theirs would be in the way
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started this, which then ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Don't wait for ever for the pictures of a process that was killed."""
    if parent := parent_process():
        parent.join()
        os._exit(1)
