"""Runs as others see them: created, started in a process of their own, asked to stop.

Events are the lines of `events.jsonl`, each with `time` (seconds since 1970) and `event`: queued, started, resumed,
progress, epoch, and the endings finished, stopped, failed.
"""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

from fer_core import store
from fer_core.data.dataset import FaceDataset
from fer_core.errors import RunError
from fer_core.labels import get_scheme
from fer_core.paths import ROOT, models_dir
from fer_core.store import SavedModel
from fer_core.training.config import TrainConfig
from fer_core.training.data import training_rows, validation_rows


def create_run(
    config: TrainConfig, dataset: FaceDataset, name: str | None = None, *, skip_bad: bool = False
) -> SavedModel:
    """The folder of a new run, not started yet; without `name`, the network's name and a free number.

    `skip_bad` says how `dataset` was loaded, so that the worker loads the same faces.
    Raises `ModelError` where the name is taken or not allowed, `RunError` where the dataset lacks a class or faces to
    validate on.
    """
    training_rows(dataset, config)
    validation_rows(dataset, config)
    scheme = get_scheme(config.scheme)
    source = (
        dataset.source if dataset.source in ("demo", "kaggle") else str(Path(dataset.source).expanduser().resolve())
    )
    return store.create_model(
        name or _free_name(config.network),
        {
            "scheme": scheme.name,
            "labels": list(scheme.labels),
            "network": config.network,
            "settings": config.to_json(),
            "dataset": {
                "source": source,
                "fingerprint": dataset.fingerprint,
                "drawn": dataset.drawn,
                "skip_bad": skip_bad,
            },
            "versions": {"python": platform.python_version()}
            | {library: version(library) for library in ("tensorflow", "keras", "numpy")},
        },
    )


def start_run(model: SavedModel) -> None:
    """Start or resume the run in a process that outlives this one; what it prints goes to `log.txt`.

    Returns once a worker has the run; one that finds another at work leaves again, so starting twice is harmless.
    Raises `RunError` where the run is finished or its worker ends at once.
    """
    if model.trained:
        raise RunError(f"run {model.id!r}: expected one that can go on, found it finished; start a new run instead")
    python_path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with (model.folder / "log.txt").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "fer_core.training.worker", model.id],
            env=os.environ | {"PYTHONPATH": python_path, "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=worker.wait, daemon=True).start()  # reaps it; a server lives longer than its runs
    while worker.poll() is None:
        if any(event.get("pid") == worker.pid for event in model.recent_events()):
            return
        time.sleep(0.05)
    if worker.returncode and not model.busy:
        last = (model.folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise RunError(f"run {model.id!r}: expected its worker to start, found that it ended: {' '.join(last)}")


def request_stop(model: SavedModel) -> None:
    """Ask the worker to finish its batch, save its state and end."""
    (model.folder / "stop").touch()


def stop_requested(model: SavedModel) -> bool:
    """Whether `request_stop` was called since the run was last started."""
    return (model.folder / "stop").exists()


def tell(model: SavedModel, event: str, **record) -> None:
    """Append one event."""
    line = json.dumps({"time": round(time.time(), 3), "event": event, **record})
    with (model.folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _free_name(stem: str) -> str:
    number = 1
    while (models_dir() / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"
