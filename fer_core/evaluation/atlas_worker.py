"""The process that draws a map: `python -m fer_core.evaluation.atlas_worker MODEL SOURCE FILE`, by `start_drawing`.

It is apart so that whoever asked goes on meanwhile, and has the gigabyte back that it takes. Beside the map's file it
holds `.lock` for its whole life, keeps `.json`, how far it is, until the map is there, and prints into `.log`.
"""

import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from fer_core import apart
from fer_core.data.dataset import FaceDataset
from fer_core.data.sources import absolute, load_dataset
from fer_core.errors import DatasetError, FerError
from fer_core.evaluation.atlas import find_atlas
from fer_core.evaluation.embeddings import kept_as
from fer_core.paths import held, write_text
from fer_core.store import SavedModel, open_trained

CHECKS = 2.0
"""Seconds to wait for the lock: who looks at it has it for a moment."""


@dataclass(frozen=True)
class Drawing:
    """What the worker `pid` told last: the model has looked at `done` of `n` faces, and how long that took.

    `n` is 0 before that has begun. Of a worker that failed, `problem` says why in one line.
    """

    pid: int
    done: int = 0
    n: int = 0
    seconds: float = 0.0
    problem: str = ""


def start_drawing(model: SavedModel, dataset: FaceDataset) -> None:
    """Draw the map in a process that outlives this one; returns once it is at work, or has ended.

    One that finds another at work leaves again, so that starting twice is harmless.
    """
    path = kept_as("atlas", model, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    arguments = (model.id, absolute(dataset.source), str(path.resolve()))
    worker = apart.start("fer_core.evaluation.atlas_worker", *arguments, log=path.with_suffix(".log"))
    while worker.poll() is None and not is_drawing(model, dataset):
        time.sleep(0.1)


def is_drawing(model: SavedModel, dataset: FaceDataset) -> bool:
    """Whether a worker is alive and draws this map."""
    return held(kept_as("atlas", model, dataset).with_suffix(".lock"))


def read_drawing(model: SavedModel, dataset: FaceDataset) -> Drawing | None:
    """What the last worker told; None where there was none, it was stopped, or the map is there."""
    note = kept_as("atlas", model, dataset).with_suffix(".json")
    try:
        return Drawing(**json.loads(note.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def stop_drawing(model: SavedModel, dataset: FaceDataset) -> None:
    """End the worker, if there is one at work; what it has looked at is lost."""
    told = read_drawing(model, dataset)
    if told and is_drawing(model, dataset):
        with contextlib.suppress(ProcessLookupError):
            os.kill(told.pid, signal.SIGTERM)
        kept_as("atlas", model, dataset).with_suffix(".json").unlink(missing_ok=True)


def draw(model_id: str, source: str, path: Path) -> None:
    """Draw the map that belongs into `path`, unless another process does, and tell how far it is."""
    began, note = time.monotonic(), path.with_suffix(".json")

    def tell(done: int = 0, n: int = 0, problem: str = "") -> None:
        nonlocal began
        began = began if done else time.monotonic()  # to load isn't to look
        told = Drawing(os.getpid(), done, n, time.monotonic() - began, problem)
        write_text(note, json.dumps(asdict(told)))

    with contextlib.suppress(Timeout), FileLock(path.with_suffix(".lock")).acquire(timeout=CHECKS):
        tell()
        try:
            model, dataset = open_trained(model_id), load_dataset(source)
            if kept_as("atlas", model, dataset).resolve() != path:
                raise DatasetError(
                    f"{source}: expected the faces and the model {model_id!r} as they were, found others"
                )
            find_atlas(model, dataset, tell)
        except Exception as error:
            tell(problem=str(error) if isinstance(error, FerError) else f"{type(error).__name__}: {error}")
            raise
        note.unlink()


if __name__ == "__main__":
    draw(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
