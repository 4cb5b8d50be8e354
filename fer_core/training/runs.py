"""Runs as others see them: created, started in a process of their own, asked to stop.

Events are the lines of `events.jsonl`, each with `time` (seconds since 1970) and `event`: queued, started, joined (by
another worker of a cluster), unreadable (a saved state, with the reason), resumed, progress, epoch, and the endings
finished, stopped, failed.
"""

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from filelock import FileLock

from fer_core import apart, store
from fer_core.data import FaceDataset, absolute
from fer_core.data.versions import read_version
from fer_core.errors import ModelError, RunError, reason
from fer_core.labels import get_scheme
from fer_core.lineage import origin, told_once, trainings
from fer_core.paths import append_line, models_dir
from fer_core.store import SavedModel
from fer_core.training.config import IMAGENET, TrainConfig
from fer_core.training.data import check_version, training_rows, validation_rows, votes_sha256
from fer_core.training.devices import is_chief
from fer_core.training.teachers import open_teachers

TWIN = 10.0
"""Seconds in which the same settings, asked for once more, are taken for the same wish, told by another tab."""


def create_run(
    config: TrainConfig, dataset: FaceDataset, name: str | None = None, *, skip_bad: bool = False
) -> SavedModel:
    """The folder of a new run, not started yet; without `name`, the network's name and a free number.

    Raises as `new_record`, and `ModelError` where the name is taken or not allowed.
    """
    record = new_record(config, dataset, skip_bad=skip_bad)
    return store.create_model(name, record) if name else store.create_numbered(config.network, record)


def new_record(config: TrainConfig, dataset: FaceDataset, *, skip_bad: bool = False) -> dict:
    """What `model.json` says of a run before it starts; all that can be wrong with the run is found here.

    `skip_bad` says how `dataset` was loaded, so that the worker loads the same faces.
    Raises `ModelError` where a model to start or learn from is missing; `RunError` where the dataset lacks a class or
    faces to validate on, a model to start or learn from does not fit, or `TF_CONFIG` says nothing; `VersionError` where
    the dataset has no version as `config` names it.
    """
    is_chief()  # refuses a TF_CONFIG that its workers couldn't read
    config = as_wide_as_its_start(config)
    rows = training_rows(dataset, config)
    validation_rows(dataset, config)
    parent, teachers = open_start(config), open_teachers(dataset, rows, config)
    scheme = get_scheme(config.scheme)
    version = {"version_sha256": read_version(dataset, config.version).sha256} if config.version else {}
    record = {
        "scheme": scheme.name,
        "labels": list(scheme.labels),
        "network": config.network,
        "settings": config.to_json(),
        "dataset": {
            "source": absolute(dataset.source),
            "fingerprint": dataset.fingerprint,
            "drawn": dataset.drawn,
            "skip_bad": skip_bad,
            "votes_sha256": votes_sha256(dataset),
            **version,
        },
        **({"parent": origin(parent)} if parent else {}),
        **({"teachers": [origin(teacher) for teacher, _ in teachers]} if teachers else {}),
    }
    return told_once(record)


def create_run_once(
    config: TrainConfig, dataset: FaceDataset, name: str | None = None, *, skip_bad: bool = False
) -> SavedModel:
    """`create_run`, unless the same one was created in the last `TWIN` seconds, by a second tab, say: then that one.

    One that has ended since was seen by whoever asks again.
    """
    config = as_wide_as_its_start(config)
    with naming():
        for model in store.list_models():
            if model.problem or model.status in store.ENDINGS or name not in (None, model.id):
                continue
            asked = (model.record["settings"], model.record["dataset"]["fingerprint"])
            if is_young(model.record) and asked == (config.to_json(), dataset.fingerprint):
                return model
        return create_run(config, dataset, name, skip_bad=skip_bad)


def is_young(record: Mapping) -> bool:
    """Whether a model with that `record` was made in the last `TWIN` seconds."""
    age = datetime.now(UTC) - datetime.fromisoformat(record["created"])
    return 0 <= age.total_seconds() < TWIN


@contextlib.contextmanager
def naming() -> Iterator[None]:
    """Held from the look for runs that are there already until those that are missing are made."""
    lock = FileLock(models_dir() / ".naming")
    try:
        lock.acquire()
    except OSError as error:
        raise ModelError(f"{models_dir()}: expected a folder to write models into, found: {reason(error)}") from error
    try:
        yield
    finally:
        lock.release()


def open_start(config: TrainConfig) -> SavedModel | None:
    """The saved model that a run with `config` starts from, if there is one; `ModelError` where it isn't trained.

    `RunError` for an imported one, or a mean of such, since how it prepares the pixels isn't known, and for another
    network.
    """
    if config.start in ("", IMAGENET):
        return None
    model = store.open_trained(config.start)
    if not model.record["pixels"]:
        found = "the imported" if "imported" in model.record else "a mean of imported ones,"
        raise RunError(f"start: expected a model that was trained here, found {found} {model.id!r}; choose another")
    if model.record["network"] != config.network:
        raise RunError(
            f"start: expected a model of the network {config.network}, found {model.id!r} of {model.record['network']}"
        )
    return model


def as_wide_as_its_start(config: TrainConfig) -> TrainConfig:
    """The config, with the width of the saved model that it starts from where it has none of its own.

    Raises as `open_start`, and `RunError` for another width.
    """
    if (parent := open_start(config)) is None:
        return config
    settings = next(trainings(parent.record))["settings"]  # of a mean of weights those of its parts
    if "width" not in settings:
        return config
    width = settings["width"]
    if config.width not in (None, width):
        raise RunError(
            f"start: expected a model of width {config.width}, found {parent.id!r} of {width or 'the default'}; "
            "choose another, or no width"
        )
    return replace(config, width=width)


def start_run(model: SavedModel) -> subprocess.Popen:
    """Start or resume the run in a process that outlives this one; what it prints goes to `log.txt`.

    Returns it once a worker has the run; one that finds another at work leaves again, so starting twice is harmless.
    Raises `RunError` where the run is finished, its version was changed, or its worker ends at once.
    """
    check_unfinished(model)
    check_version(model.record)
    worker = apart.start("fer_core.training.worker", model.id, log=model.folder / "log.txt", mode="ab")
    while worker.poll() is None:
        if any(event.get("pid") == worker.pid for event in model.recent_events()):
            return worker
        time.sleep(0.05)
    if worker.returncode and not model.busy:
        last = (model.folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise RunError(f"run {model.id!r}: expected its worker to start, found that it ended: {' '.join(last)}")
    return worker


def check_unfinished(model: SavedModel) -> None:
    """Raise `RunError` for a run that is finished, or a model that was none."""
    if not model.problem and not model.was_run:
        raise RunError(f"model {model.id!r}: expected a run, found one that was combined or imported; start a new run")
    if model.trained:
        raise RunError(f"run {model.id!r}: expected one that can go on, found it finished; start a new run instead")


def request_stop(model: SavedModel) -> None:
    """Ask the worker to finish its batch, save its state and end."""
    (model.folder / "stop").touch()


def stop_requested(model: SavedModel) -> bool:
    """Whether `request_stop` was called since the run was last started."""
    return (model.folder / "stop").exists()


def spoken(log: str) -> str:
    """What a worker's `log` says, without what TensorFlow tells of itself as it is loaded, which no level silences."""
    return _LOADING.sub("", log)


_LOADING = re.compile(r"^(I0000 |WARNING: All log messages before absl::).*\n?", re.MULTILINE)


def tell(model: SavedModel, event: str, **record) -> None:
    """Append one event."""
    line = json.dumps({"time": round(time.time(), 3), "event": event, **record})
    append_line(model.folder / "events.jsonl", line)
