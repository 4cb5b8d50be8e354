"""What verbs share: the dataset they are asked about, a run to its end, words on standard error."""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fer_core import store
from fer_core.data import NAMED, FaceDataset, default_source, load_dataset, source_path
from fer_core.data.class_names import parse_names, save_names
from fer_core.errors import DatasetError, ModelError, reason
from fer_core.evaluation.decision import Decision, calibrated, read_decision
from fer_core.evaluation.predictions import read_predictions
from fer_core.store import SavedModel
from fer_core.training.config import TrainConfig, get_preset
from fer_core.training.devices import is_chief
from fer_core.training.runs import request_stop, spoken, start_run
from fer_core.training.settings import parse_settings


def load(arguments) -> FaceDataset:
    """The dataset that `--source` and `--skip-bad` name; what `--map` says of its class names is kept."""
    if arguments.map:
        source = arguments.source or default_source()
        if source in NAMED:
            raise DatasetError(f"--map: expected the path of a CSV or of a folder, found {source}; leave --map out")
        save_names(source_path(source), parse_names(arguments.map))
    return load_dataset(arguments.source, skip_bad=arguments.skip_bad, progress=say)


def run_to_its_end(model: SavedModel) -> SavedModel:
    """Start or resume the run unless it is at work, and pass its log on to standard error until its worker has ended.

    The model as it stands then. Ctrl-C asks the run to stop. Raises what `runs.start_run` does.
    """
    path = model.folder / "log.txt"
    said = path.stat().st_size if path.exists() else 0  # by the workers before it
    with _interrupts_noted() as interrupts:
        worker = None if model.busy and is_chief() else start_run(model)
    if interrupts:
        _ask_to_stop(model)
    with path.open(encoding="utf-8", errors="replace") as log:
        log.seek(said)
        while True:
            try:
                # of several machines only the first holds the run's lock
                ended = not model.busy and (worker is None or worker.poll() is not None)
                say(spoken(log.read()), end="")
                if ended:
                    return store.open_model(model.id)
                time.sleep(0.3)
            except KeyboardInterrupt:
                _ask_to_stop(model)


@contextlib.contextmanager
def _interrupts_noted() -> Iterator[list[int]]:
    """Each Ctrl-C inside is an item of the list, and nothing else: a worker that begins throws older wishes away."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _ask_to_stop(model: SavedModel) -> None:
    say(f"\nasked {model.id} to stop; it finishes its batch and saves")
    request_stop(model)


def settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a verb that trains be told the settings of its runs; `asked_config` reads them."""
    parser.add_argument("--preset", help="where the settings start from (default: compact)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="change one setting of the preset, such as width=24 or sides=32,48; may be given again for another",
    )
    parser.add_argument("--epochs", type=int, help="passes over all training faces, at most")
    parser.add_argument("--minutes", type=float, help="training time at most; the schedule is drawn over it")


def asked_config(arguments) -> TrainConfig:
    """The settings that `settings_arguments` were given; `ValueError` for what cannot be, or is told in two places."""
    preset = get_preset(arguments.preset or "compact", epochs=arguments.epochs, minutes=arguments.minutes)
    changes = parse_settings(arguments.set)
    for name in ("epochs", "minutes"):
        if name in changes and getattr(arguments, name) is not None:
            raise ValueError(f"{name}: expected either --{name} or --set {name}=…, found both")
    return replace(preset, **changes)


def calibrated_argument(parser: argparse.ArgumentParser) -> None:
    """Let a verb that answers be asked for calibrated probabilities."""
    told = "probabilities at a temperature fitted on validation faces, where none was saved"
    parser.add_argument("--calibrated", action="store_true", help=told)


def chosen_decision(model: SavedModel, arguments) -> Decision:
    """How `model` answers: as was saved for it, with `--calibrated` at the temperature of its validation faces."""
    decision = read_decision(model)
    if not arguments.calibrated:
        return decision
    return calibrated(decision, read_predictions(model.predictions_file, model.labels))


TELL = 5
"""Seconds between two words about how far it is."""


def say(message: str, end: str = "\n") -> None:
    """Tell what is going on, beside the result."""
    print(message, end=end, file=sys.stderr, flush=True)


def check_folder(path: Path) -> None:
    """Refuse a file in a folder that isn't there: nobody meant to make one by a slip of the pen."""
    if not path.parent.is_dir():
        raise ModelError(f"{path}: expected a file that can be written, found: No such file or directory {path.parent}")


def check_writable(path: Path) -> None:
    """Refuse before the work is done what would fail after it; where there was no file, there is none after."""
    check_folder(path)
    try:
        new = not path.exists()
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        raise ModelError(f"{path}: expected a file that can be written, found: {reason(error)}") from error
