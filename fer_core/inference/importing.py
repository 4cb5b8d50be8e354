"""Models that were made elsewhere become saved models: a `.keras` file, or the whole folder of another workbench.

No file of unknown origin is opened here: `foreign` looks at it in a process of its own, with limited memory and time,
and tells what the network answers. What it answers has to fit the faces that are loaded. A folder appears among the
saved models once it is whole.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from scipy.optimize import linear_sum_assignment

from fer_core import apart, store
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError, reason
from fer_core.evaluation.intervals import proportion
from fer_core.evaluation.metrics import confusion
from fer_core.evaluation.predictions import Predictions, read_predictions
from fer_core.evaluation.scoring import answered, headline, scored_rows
from fer_core.inference import foreign
from fer_core.integrity import find_problem, sha256_of
from fer_core.labels import ClassScheme, get_scheme
from fer_core.paths import PARTIAL, models_dir, write_atomic
from fer_core.store import SavedModel

LARGEST = {"model.keras": 1 << 30, "model.json": 1 << 20, "history.csv": 1 << 22, "predictions.parquet": 1 << 28}
"""The files of a model that come along, each with the bytes that it may have."""
SECONDS = 900
"""How long a file may take to answer."""
PROBE = 512
"""Faces that tell whether classes and pixels are what they are taken for."""
GAIN = 0.2
"""By how much macro recall on them has to rise under another reading for the file to be refused."""
TOLERANCE = 1e-3


def import_file(path: Path, name: str, scheme_name: str, dataset: FaceDataset) -> SavedModel:
    """Save the network of the `.keras` file at `path` as the model `name`, scored on `dataset`.

    Its outputs are taken for the classes of the scheme, in that order. Raises `ModelError` where the file is not what
    Keras 3 writes, holds more than stock layers, does not map faces to probabilities of so many classes, needs too much
    memory or time, or answers as if its classes stood in another order or its pixels in another range.
    """
    scheme, rows = get_scheme(scheme_name), scored_rows(dataset, get_scheme(scheme_name))
    probe = rows[np.linspace(0, len(rows) - 1, min(PROBE, len(rows))).astype(int)]
    with staging(name) as folder:
        _copy(path, folder, "model.keras")
        told = _ask(folder, len(scheme), all=dataset.images[rows], scaled=dataset.images[probe] / np.float32(255))
        answers = _read_answers(folder, all=(len(rows), len(scheme)), scaled=(len(probe), len(scheme)))
        predictions = answered(dataset, scheme, rows, answers["all"])
        _check_fit(predictions, answers["scaled"], np.isin(rows, probe))
        record = _record(scheme, dataset, predictions, told["parameters"], folder, path.name)
        return settle(folder, name, record, predictions)


def import_folder(path: Path, name: str, dataset: FaceDataset) -> SavedModel:
    """Save the model in the folder at `path`, made by another workbench, as `name`: every file of it is checked.

    The network has to answer on 32 test faces of `dataset`; where that is the one it was scored on, as its predictions
    say. Raises `ModelError` where the folder is damaged or holds no trained model, or the network is refused as in
    `import_file`.
    """
    with staging(name) as folder:
        for file in LARGEST:
            if file != "history.csv" or (path / file).exists():
                _copy(path / file, folder, file)
        model = _read(folder, name)
        scheme = get_scheme(model.record["scheme"])
        rows = scored_rows(dataset, scheme)[-foreign.FIRST :]
        _ask(folder, len(scheme), first=dataset.images[rows])
        answers = _read_answers(folder, first=(len(rows), len(scheme)))["first"]
        predictions = read_predictions(folder / "predictions.parquet", model.labels)
        if dataset.fingerprint == model.record["dataset"]["fingerprint"]:
            _check_same(predictions, rows, answers)
        return settle(folder, name, model.record)


@contextmanager
def staging(name: str) -> Iterator[Path]:
    """An empty folder beside the models, for one import at a time; what a killed one left in it goes."""
    store.check_free(name)
    folder = models_dir() / f"{PARTIAL}import"
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(models_dir() / ".import.lock").acquire(blocking=False):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        raise ModelError("import: expected no other import at work, found one; try again when it has ended") from None


def _copy(path: Path, folder: Path, name: str) -> None:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError(f"{path.name}: expected a file, found something else of that name")
        if size > LARGEST[name]:
            raise ModelError(f"{path.name}: expected at most {LARGEST[name] >> 20} MiB, found {size >> 20} MiB")
        shutil.copyfile(path, folder / name)
    except OSError as error:
        raise ModelError(f"{path}: expected a file that can be read, found: {reason(error)}") from error


def _ask(folder: Path, k: int, **faces: np.ndarray) -> dict:
    """Let `foreign` look at the network in `folder`: what it told; its refusal is raised."""
    np.savez(folder / "faces.npz", allow_pickle=False, **faces)
    limits = {"CUDA_VISIBLE_DEVICES": "-1", "MALLOC_ARENA_MAX": "2", "KERAS_BACKEND": "tensorflow"}
    try:
        done = subprocess.run(
            apart.command("fer_core.inference.foreign", str(folder.resolve()), str(k)),
            env=apart.environment() | limits,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"expected answers within {SECONDS // 60} minutes, found none; import a smaller network"
        ) from None
    told_file = folder / "told.json"
    if not told_file.exists():
        raise ModelError(
            f"expected a network that needs at most {foreign.LOADING >> 30} GiB of memory, found one that ended its "
            f"process (exit code {done.returncode})"
        )
    told = json.loads(told_file.read_text(encoding="utf-8"))
    if "error" in told:
        raise ModelError(told["error"])
    return told


def _read_answers(folder: Path, **shapes: tuple[int, int]) -> dict[str, np.ndarray]:
    with np.load(folder / "answers.npz", allow_pickle=False) as saved:
        answers = {name: saved[name] for name in shapes}
    for name, shape in shapes.items():
        if answers[name].shape != shape:
            raise ModelError(f"expected answers of shape {shape}, found {answers[name].shape}")
        # on darkened faces a network may well say the same of all
        check = foreign.check_probabilities if name == "scaled" else foreign.check_answers
        check(answers[name])
    return answers


def _check_fit(predictions: Predictions, scaled: np.ndarray, probed: np.ndarray) -> None:
    """Refuse what answers far better under another reading: pixels from 0 to 1, or its classes in another order."""
    y_true, y_prob, labels = predictions.y_true[probed], predictions.y_prob[probed], predictions.labels
    order, dark_order = _best_order(y_true, y_prob), _best_order(y_true, scaled)
    best, dark = _recall(y_true, y_prob, order), _recall(y_true, scaled, dark_order)
    surer = _loss(y_true, scaled, dark_order) < _loss(y_true, y_prob, order) - GAIN and dark > 1 / len(labels) + GAIN
    if dark > best + GAIN or (dark > best - GAIN / 10 and surer):
        raise ModelError(
            "expected a network that takes pixels from 0 to 255, found one that fits the faces far better on 0 to 1 "
            f"(macro recall {dark:.2f}, on 0 to 255 {best:.2f} or too sure of itself); put "
            "keras.layers.Rescaling(1 / 255) before it and save it anew"
        )
    check_order(y_true, y_prob, labels, "choose another scheme, or reorder its outputs and save it anew")


def check_order(y_true: np.ndarray, y_prob: np.ndarray, labels: Sequence[str], advice: str) -> None:
    """Refuse answers, `(n, k)`, that fit the true classes far better with the `labels` in another order."""
    order = _best_order(y_true, y_prob)
    best, now = _recall(y_true, y_prob, order), _recall(y_true, y_prob, np.arange(len(labels)))
    if best > now + GAIN:
        found = ", ".join(labels[true] for true in np.argsort(order))
        raise ModelError(
            f"expected its classes in the order {', '.join(labels)}, found answers that fit the faces far better as "
            f"{found} (macro recall {best:.2f} instead of {now:.2f}); {advice}"
        )


def _best_order(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Class → the output that it is best taken for, `(k,)`."""
    return linear_sum_assignment(_shares(y_true, y_prob), maximize=True)[1]


def _recall(y_true: np.ndarray, y_prob: np.ndarray, order: np.ndarray) -> float:
    """Macro recall if class i is output `order[i]`."""
    present = np.unique(y_true)
    return float(_shares(y_true, y_prob)[present, order[present]].mean())


def _loss(y_true: np.ndarray, y_prob: np.ndarray, order: np.ndarray) -> float:
    """Cross-entropy, in nats, if class i is output `order[i]`."""
    return float(-np.log(np.maximum(y_prob[np.arange(len(y_true)), order[y_true]], 1e-7)).mean())


def _shares(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    matrix = confusion(y_true, y_prob.argmax(axis=1), y_prob.shape[1])
    return proportion(matrix, np.maximum(matrix.sum(axis=1, keepdims=True), 1))


def _check_same(predictions: Predictions, rows: np.ndarray, answers: np.ndarray) -> None:
    """Refuse a network that is not the one its predictions come from."""
    saved = predictions.y_prob[np.searchsorted(predictions.frame["row"], rows).clip(max=len(predictions) - 1)]
    difference = np.abs(saved - answers).max()
    if difference > TOLERANCE:
        raise ModelError(
            f"expected its network to answer as its predictions say, found a probability off by {difference:.3f}"
        )


def _read(folder: Path, name: str) -> SavedModel:
    """The model in a folder from elsewhere, by its record; its tables are read where memory is limited."""
    try:
        record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ModelError("expected JSON in its model.json, found something else") from None
    model = SavedModel(name, folder, record if isinstance(record, dict) else {}, find_problem(record, folder))
    if model.problem or not model.trained:
        raise ModelError(model.problem or "expected the folder of a trained model, found a run that has not finished")
    dataset = record["dataset"] | {"source": Path(record["dataset"]["source"]).name}
    return replace(model, record=record | {"name": name, "dataset": dataset})


def _record(
    scheme: ClassScheme, dataset: FaceDataset, predictions: Predictions, parameters: int, folder: Path, called: str
) -> dict:
    sha256 = sha256_of(folder / "model.keras")
    return {
        "scheme": scheme.name,
        "labels": list(scheme.labels),
        "network": "imported",
        "settings": {},
        "imported": {"file": called, "sha256": sha256},
        "dataset": {
            "source": Path(dataset.source).name,
            "fingerprint": dataset.fingerprint,
            "drawn": dataset.drawn,
        },
        "parameters": parameters,
        "pixels": {},
        "rows": {},
        "sha256": sha256,
        "scores": headline(predictions),
    }


def settle(folder: Path, name: str, record: dict, predictions: Predictions | None = None) -> SavedModel:
    """Complete what is staged and let it appear under its name at once."""
    for file in ("faces.npz", "answers.npz", "told.json"):
        (folder / file).unlink(missing_ok=True)
    if predictions:
        write_atomic(folder / "predictions.parquet", predictions.frame.to_parquet)
    store.save_record(SavedModel(name, folder, store.new_record(name, record)))
    store.check_free(name)  # somebody may have taken it meanwhile
    folder.rename(models_dir() / name)
    return store.open_answered(name)
