"""A model scored on another dataset than its own.

What it answers is kept in the data folder, `scored/<sha256 of model.keras>-<fingerprint>/`: `predictions.parquet` as
in a model's folder, and `about.json` with the keys of `About`. Opened, it is the model with these, with that
dataset and those scores in its record, and its own record as `own`: all of evaluation and comparison works on it.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from fer_core import store
from fer_core.data.copies import leak_between
from fer_core.data.dataset import FaceDataset
from fer_core.errors import DatasetError, ModelError
from fer_core.evaluation.predictions import Predictions, predictions_frame, read_predictions
from fer_core.evaluation.scoring import BATCH, headline, probabilities, scored_rows
from fer_core.labels import SPLITS, get_scheme
from fer_core.lineage import trainings
from fer_core.paths import data_dir, write_atomic, write_text
from fer_core.store import SavedModel

AT_A_TIME = 8 * BATCH
"""Faces between two words of progress."""


@dataclass(frozen=True)
class About:
    """What is known of the scored faces beside their predictions."""

    source: str
    fingerprint: str
    drawn: bool
    all_as_test: bool
    """Whether the dataset has no validation and no test faces, so that all of its faces stand in the test split."""
    leaks_known: bool
    """Whether copies of the model's training faces are known, which takes the dataset that it learned from."""
    classless: int = 0
    """Faces of these splits that are of no class of the model."""


def find_learned(model: SavedModel, load: Callable[[str], FaceDataset], *others: str) -> FaceDataset | None:
    """The dataset that `model` learned from, if it is what `load` finds at its source, or at one of the `others`."""
    own = model.record["dataset"]
    for source in dict.fromkeys([own["source"], *others]):
        try:
            found = None if source == "kaggle" else load(source)  # looking is no reason to fetch anything
        except DatasetError:
            continue
        if found is not None and found.fingerprint == own["fingerprint"]:
            return found
    return None


def open_scored(model: SavedModel, dataset: FaceDataset) -> SavedModel | None:
    """`model` as it was scored on `dataset`; None where it was not yet."""
    if not model.trained:
        return None
    folder = _folder(model, dataset)
    try:
        about = About(**json.loads((folder / "about.json").read_text("utf-8")))
        predictions = read_predictions(folder / "predictions.parquet", model.labels)
    except (FileNotFoundError, ValueError, TypeError, ModelError):
        return None  # it is scored again
    changed = {"dataset": asdict(about), "scores": headline(predictions), "own": model.record}
    return replace(model, elsewhere=folder, record=model.record | changed)


def score(
    model: SavedModel,
    dataset: FaceDataset,
    learned: FaceDataset | None,
    progress: Callable[[float], object] = lambda share: None,
) -> SavedModel:
    """`model` scored on `dataset`; the network is asked once for both, and `progress` told the share of faces done.

    Scored are the validation and test faces, or all of them, as test, where there are none. `learned` is the dataset
    that the model learned from: copies of its Training faces are leaks. Without it none is known, nor where models that
    went into it learned from others. Raises `DatasetError` where no face is of a class of the model, `ModelError` where
    its network is damaged or not here.
    """
    store.check_trained(model)
    if _learned_from_others(model.record):
        learned = None
    known = open_scored(model, dataset)
    if known and (known.record["dataset"]["leaks_known"] or learned is None):
        return known
    faces, all_as_test = _with_test(dataset)
    scheme = get_scheme(model.record["scheme"])
    if known:
        before = read_predictions(known.predictions_file, model.labels)
        rows, y_prob = before.frame["row"].to_numpy(), before.y_prob
    else:
        rows = scored_rows(faces, scheme)
        y_prob = _ask(store.load_network(model), dataset.images, rows, progress)
    leak = np.full(len(rows), "") if learned is None else leak_between(learned, dataset)[rows]
    classes = scheme.classes(dataset.emotion[rows])
    predictions = Predictions(
        predictions_frame(rows, faces.usage[rows], classes, leak, y_prob, scheme.labels), scheme.labels
    )
    classless = int((faces.usage != "Training").sum()) - len(rows)
    about = About(dataset.source, dataset.fingerprint, dataset.drawn, all_as_test, learned is not None, classless)
    _keep(_folder(model, dataset), predictions, about)
    scored = open_scored(model, dataset)
    if scored is None:
        raise DatasetError(f"{_folder(model, dataset)}: expected the predictions that were just written, found none")
    return scored


def own(model: SavedModel) -> SavedModel:
    """`model` as it was saved."""
    return replace(model, elsewhere=None, record=model.record["own"]) if model.elsewhere else model


def sentences(model: SavedModel) -> list[str]:
    """What a reader has to know about the scores of one that is scored `elsewhere`."""
    about = About(**model.record["dataset"])
    name, saved_on = Path(about.source).name, Path(own(model).record["dataset"]["source"]).name
    told = [f"{model.id} is scored on {name}, and not on {saved_on} as when it was saved."]
    if about.drawn:
        told.append(f"The faces of {name} are drawn by a program: no score on them says anything about photographs.")
    if about.all_as_test:
        told.append(f"{name} has no validation and no test faces: all of its faces stand in the test split here.")
    if about.classless:
        told.append(f"Faces of no class of {model.id}, which are left out: {about.classless:,}.")
    if about.leaks_known:
        told.append(f"The honest part leaves out what is a copy of a Training face of {saved_on}.")
        return told
    whose, why = f"Training faces of {saved_on}", "that isn't here"
    if _learned_from_others(own(model).record):
        whose, why = "faces that it learned from", "models that went into it learned from other datasets"
    told.append(f"Whether faces are copies of {whose} is not known, since {why}: the honest part is the same as raw.")
    return told


def _learned_from_others(record: Mapping) -> bool:
    """Whether weights of the model come from other datasets than its own."""
    own = record["dataset"]["fingerprint"]
    return any(one["dataset"]["fingerprint"] != own for one in trainings(record))


def _folder(model: SavedModel, dataset: FaceDataset) -> Path:
    return data_dir() / "scored" / f"{model.record['sha256'][:24]}-{dataset.fingerprint[:24]}"


def _with_test(dataset: FaceDataset) -> tuple[FaceDataset, bool]:
    """The faces with a test split: theirs, or all of them where they have neither that nor one for validation."""
    if (dataset.usage != SPLITS["train"]).any():
        return dataset, False
    return replace(dataset, usage=np.full(len(dataset), SPLITS["test"])), True


def _ask(network: Callable, images: np.ndarray, rows: np.ndarray, progress: Callable[[float], object]) -> np.ndarray:
    answers = []
    for number, some in enumerate(np.array_split(rows, math.ceil(len(rows) / AT_A_TIME))):
        progress(number * AT_A_TIME / len(rows))
        answers.append(probabilities(network, images, some))
    return np.concatenate(answers)


def _keep(folder: Path, predictions: Predictions, about: About) -> None:
    text = json.dumps(asdict(about), indent=2, ensure_ascii=False) + "\n"
    write_atomic(folder / "predictions.parquet", lambda file: predictions.frame.to_parquet(file))
    write_text(folder / "about.json", text)
