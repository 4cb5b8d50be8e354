"""What verbs share: the dataset they are asked about, a run that is followed, words on standard error."""

import sys
import time
from pathlib import Path

from fer_core import store
from fer_core.data import FaceDataset, default_source, load_dataset, source_path
from fer_core.data.class_names import parse_names, save_names
from fer_core.errors import DatasetError, ModelError
from fer_core.store import SavedModel
from fer_core.training.runs import request_stop


def load(arguments) -> FaceDataset:
    """The dataset that `--source` and `--skip-bad` name; what `--map` says of its class names is kept."""
    if arguments.map:
        source = arguments.source or default_source()
        if source in ("demo", "kaggle"):
            raise DatasetError(f"--map: expected the path of a CSV or of a folder, found {source}; leave --map out")
        save_names(source_path(source), parse_names(arguments.map))
    return load_dataset(arguments.source, skip_bad=arguments.skip_bad, progress=say)


def follow(model: SavedModel) -> SavedModel:
    """Pass the run's log on to standard error until its worker has ended; the model as it stands then.

    Ctrl-C asks the run to stop.
    """
    with (model.folder / "log.txt").open(encoding="utf-8", errors="replace") as log:
        while True:
            try:
                ended = not model.busy
                say(log.read(), end="")
                if ended:
                    return store.open_model(model.id)
                time.sleep(0.3)
            except KeyboardInterrupt:
                say(f"\nasked {model.id} to stop; it finishes its batch and saves")
                request_stop(model)


def say(message: str, end: str = "\n") -> None:
    """Tell what is going on, beside the result."""
    print(message, end=end, file=sys.stderr, flush=True)


def check_writable(path: Path) -> None:
    """Refuse before the work is done what would fail after it; where there was no file, there is none after."""
    new = not path.exists()
    try:
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        raise ModelError(f"{path}: expected a file that can be written, found: {error.strerror}") from error
