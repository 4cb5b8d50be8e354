"""Saved models: one folder each under `paths.models_dir()`, from the moment their training starts.

| file | what |
|---|---|
| `model.json` | the record: `integrity.RECORD_KEYS`, once trained `TRAINED_KEYS`, and `tags` where there are some |
| `model.keras` | stock layers only: raw pixels 0-255 `(n, 48, 48, 1)` to probabilities `(n, k)`; or none: `answered` |
| `history.csv` | one row an epoch; absent where the record has one of `integrity.NOT_RUN` |
| `predictions.parquet` | `evaluation.predictions` |
| `decision.json` | `evaluation.decision`: how Predict answers; absent where nothing was chosen |
| `timeline.keras`, `timeline.json` | `recurrent`: the network that reads its timelines; absent where there is none |
| `events.jsonl`, `log.txt` | a run's events and output |
| `lock`, `stop` | a run's worker's lock, the wish to stop |
| `state.npz`, `state.previous.npz` | a run's resumable state, and the one before it |

The folder's name is the model's id; the `name` in a record that says otherwise is mended when it is next written.
Status is derived from events and lock, never stored.
"""

import json
import mmap
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from filelock import FileLock

from fer_core.errors import ModelError, reason
from fer_core.integrity import FORMAT, NOT_RUN, find_problem, sha256_of
from fer_core.paths import NAME, held, models_dir, write_atomic, write_text

ENDINGS = ("finished", "stopped", "failed")
TAIL = 1 << 16
"""Bytes at the end of `events.jsonl` that tell how a run stands; of a run of days the whole is megabytes."""


@dataclass(frozen=True)
class SavedModel:
    """One folder of the store. `problem` says in one line what is wrong with a damaged one; its record may be empty."""

    id: str
    folder: Path
    record: dict = field(default_factory=dict)
    problem: str = ""
    elsewhere: Path | None = None
    """The folder of its predictions where they are of another dataset than its own (`evaluation.elsewhere`)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the network's outputs."""
        return tuple(self.record["labels"])

    @property
    def scores(self) -> dict:
        """Headline scores, split → part → key → value; empty before the run has finished, and of a damaged model."""
        return {} if self.problem else self.record.get("scores", {})

    @property
    def tags(self) -> tuple[str, ...]:
        """Words that somebody marked it with."""
        return tuple(self.record.get("tags", ())) if not self.problem else ()

    @property
    def was_run(self) -> bool:
        """Whether it was trained as it stands, and not combined of others or brought from elsewhere."""
        return not any(key in self.record for key in NOT_RUN)

    @property
    def trained(self) -> bool:
        """Whether there is a network to predict with."""
        return not self.problem and "sha256" in self.record

    @property
    def answered(self) -> bool:
        """Whether there are predictions to evaluate: of a trained model, or of one that is here by its answers alone.

        That one's record has `answers`, and its folder no `model.keras`.
        """
        return not self.problem and (self.trained or "answers" in self.record)

    @property
    def weights_file(self) -> Path:
        """The `.keras` file."""
        return self.folder / "model.keras"

    @property
    def predictions_file(self) -> Path:
        """The `.parquet` file."""
        return (self.elsewhere or self.folder) / "predictions.parquet"

    @property
    def lock(self) -> FileLock:
        """The lock that a worker holds for the whole of its life; the system releases it when the worker dies."""
        return FileLock(self.folder / "lock")

    @property
    def status(self) -> str:
        """One of damaged, finished, stopped, failed, queued, running, interrupted."""
        if self.problem:
            return "damaged"
        last = next((event["event"] for event in reversed(self.recent_events())), "queued")
        if last in ENDINGS:
            return last
        if self.busy:
            return "queued" if last == "queued" else "running"
        return "finished" if self.answered else "interrupted"

    @property
    def busy(self) -> bool:
        """Whether a worker is alive and has this run, or somebody changes the model."""
        return held(self.folder / "lock")

    def recent_events(self) -> list[dict]:
        """What the run has told last, some hundreds at most, oldest first; a line that is half written is left out."""
        return list(_json_lines(self.folder / "events.jsonl", TAIL))

    def last_event(self, kind: str) -> dict | None:
        """The newest event of that kind, however long ago; None where there is none.

        Searched from the end of the file: of a run whose epochs last hours, the newest `epoch` is megabytes away.
        """
        path = self.folder / "events.jsonl"
        if not path.exists() or not path.stat().st_size:
            return None
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            end = max(text.rfind(b"\n"), 0)  # what follows is half written
            while (end := text.rfind(f'"event": "{kind}"'.encode(), 0, end)) >= 0:
                try:
                    return json.loads(text[text.rfind(b"\n", 0, end) + 1 : text.find(b"\n", end)])
                except ValueError:
                    continue  # cut by a full disk or the end of its worker
        return None

    def history(self) -> pd.DataFrame:
        """`history.csv`, one row an epoch; empty before the first has ended."""
        path = self.folder / "history.csv"
        return pd.read_csv(path) if path.exists() else pd.DataFrame()


def sweep(model: SavedModel) -> None:
    """Whoever holds the lock of a model that was renamed or deleted meanwhile has made its folder anew: it goes."""
    if [path.name for path in model.folder.glob("*")] == ["lock"]:
        shutil.rmtree(model.folder, ignore_errors=True)


def check_name(name: str) -> str:
    """Return `name` if a model may be called so, else raise `ModelError`."""
    if not NAME.fullmatch(name):
        raise ModelError(
            f"model name: expected 1 to 64 letters, digits, '.', '_' or '-', first a letter or digit, found {name!r}"
        )
    return name


def check_free(name: str) -> str:
    """Return `name` if a new model may be called so, else raise `ModelError`."""
    if (models_dir() / check_name(name)).exists():
        raise _TakenError(name)
    return name


def free_name(stem: str) -> str:
    """`stem` and the first number with which it is not taken."""
    number = 1
    while (models_dir() / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def list_models() -> list[SavedModel]:
    """All saved models, newest first; damaged ones among them, with their problem."""
    folders = [path for path in models_dir().glob("*") if path.is_dir() and NAME.fullmatch(path.name)]
    return sorted(map(_read, folders), key=lambda model: str(model.record.get("created", "")), reverse=True)


def open_model(model_id: str) -> SavedModel:
    """The model with that id; `ModelError` where it is missing or damaged."""
    folder = models_dir() / check_name(model_id)
    if not folder.is_dir():
        known = ", ".join(sorted(model.id for model in list_models())) or "none; train one first"
        raise ModelError(
            f"model {model_id!r}: expected one of the saved models, found none of that name; there are: {known}"
        )
    model = _read(folder)
    if model.problem:
        raise ModelError(f"model {model_id!r}: {model.problem}")
    return model


def open_trained(model_id: str) -> SavedModel:
    """The model with that id, trained to its end; `ModelError` otherwise."""
    return check_trained(open_model(model_id))


def open_answered(model_id: str) -> SavedModel:
    """The model with that id, if it has predictions to evaluate; `ModelError` otherwise."""
    model = open_model(model_id)
    return model if model.answered else check_trained(model)


def check_trained(model: SavedModel) -> SavedModel:
    """Return `model` if there is a network to predict with, else raise `ModelError`."""
    if model.trained:
        return model
    found = "only what its network answered" if model.answered else f"a run that is {model.status}; finish it first"
    raise ModelError(f"model {model.id!r}: expected a trained model, found {found}")


def load_network(model: SavedModel):
    """The Keras model of `model`, loaded in safe mode; `ModelError` where it is not the one that was saved, or torn."""
    path = model.weights_file
    if not path.exists():
        raise ModelError(f"model {model.id!r}: expected model.keras in its folder, found none; train it again")
    found = sha256_of(path)
    if found != model.record.get("sha256"):
        raise ModelError(
            f"model {model.id!r}: expected model.keras with the sha256 of model.json, found {found[:12]}…; restore it"
        )
    import keras  # costs seconds and 600 MB: only who predicts pays for it

    try:
        return keras.saving.load_model(path, safe_mode=True, compile=False)
    except (ValueError, TypeError) as error:  # no zip file, or layers that this version of Keras does not know
        what, reason = f"a file that Keras {keras.__version__} reads", str(error).partition("\n")[0]
        raise ModelError(f"model {model.id!r}: expected model.keras to be {what}, found: {reason}") from error


def write_network(network, path: Path) -> None:
    """Replace the `.keras` file at `path` by `network`, a Keras model."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name  # Keras writes to paths alone
        network.save(whole)
        with whole.open("rb") as source:
            write_atomic(path, lambda file: shutil.copyfileobj(source, file))


def create_numbered(stem: str, record: dict) -> SavedModel:
    """`create_model` called `stem` and the first number that is free, whoever else looks for one at the same time."""
    while True:
        try:
            return create_model(free_name(stem), record)
        except _TakenError:
            continue


def create_model(name: str, record: dict) -> SavedModel:
    """Make the folder of a new model; `ModelError` where the name is taken. `record`: the other keys of one."""
    folder = models_dir() / check_name(name)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise _TakenError(name) from None
    except OSError as error:
        raise ModelError(f"{folder.parent}: expected a folder to write models into, found: {reason(error)}") from error
    model = SavedModel(name, folder, new_record(name, record))
    try:
        save_record(model)
    except OSError as error:
        folder.rmdir()  # the name stays free
        raise ModelError(f"{folder}: expected room for a model's record, found: {reason(error)}") from error
    return model


def new_record(name: str, record: dict) -> dict:
    """`record` with what every record says first: format, name, when it was made and with which versions."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"format": FORMAT, "name": name, "created": created, "versions": _versions()} | record


def update_record(model: SavedModel, **changes) -> SavedModel:
    """The model with `changes` in its record, saved; what others wrote since `model` was read stays."""
    record = _read(model.folder).record or model.record
    changed = SavedModel(model.id, model.folder, record | changes)
    save_record(changed)
    return changed


def save_record(model: SavedModel) -> None:
    """Replace `model.json`."""
    text = json.dumps(model.record, indent=2, ensure_ascii=False) + "\n"
    write_text(model.folder / "model.json", text)


class _TakenError(ModelError):
    def __init__(self, name: str):
        super().__init__(f"model name: expected one that is not taken, found {name!r}; choose another")


def _versions() -> dict[str, str]:
    libraries = {library: version(library) for library in ("tensorflow", "keras", "numpy")}
    return {"python": platform.python_version()} | libraries


def _read(folder: Path) -> SavedModel:
    try:
        record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return SavedModel(folder.name, folder, problem="expected model.json in its folder, found none")
    except (ValueError, RecursionError):
        return SavedModel(folder.name, folder, problem="expected JSON in model.json, found something else")
    except OSError as error:
        return SavedModel(folder.name, folder, problem=f"expected a readable model.json, found: {reason(error)}")
    known = record | {"name": folder.name} if isinstance(record, dict) else {}
    return SavedModel(folder.name, folder, known, find_problem(record, folder))


def _json_lines(path: Path, last: int) -> Iterator[dict]:
    """The events in the last so many bytes of a JSON-lines file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - last, 0))
        text = file.read().decode(errors="replace")
    for line in text.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # cut by where reading began, or by the end of its worker
        if isinstance(told, dict) and "event" in told:
            yield told
