"""What models that never saw a face, or its annotators, say of it, which `evaluation.doubt` ranks labels by.

The models' are out-of-fold probabilities: as many runs as there are folds learn from all faces but those of one fold
each, copies together. They are runs like any other: they queue, resume, and stand on the page Train. Once all are
trained they are asked, and their answers kept as `doubt/<first 16 of the fingerprint>-<settings>.npz` in the data
folder, which then needs the runs no more:

| array | shape | dtype | values |
|---|---|---|---|
| `rows` | `(m,)` | int64 | all faces with a class of the scheme, of all Usages, ascending |
| `y_prob` | `(m, k)` | float32 | mean answer of the models that were trained on neither the face nor a copy of it |

That is one model for a Training face, and for the others all, or the one that knows no copy of the face.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from fer_core import store
from fer_core.arrays import read_arrays
from fer_core.data.copies import find_copies
from fer_core.data.dataset import FaceDataset
from fer_core.data.versions import apply, read_version
from fer_core.data.votes import VOTES_FILE
from fer_core.errors import RunError
from fer_core.evaluation.doubt import rank_labels
from fer_core.labels import SPLITS, ClassScheme, choose, get_scheme
from fer_core.paths import data_dir, models_dir, write_atomic
from fer_core.store import SavedModel
from fer_core.training import runs
from fer_core.training.config import IMAGENET, PRESETS, VOTES_SETTINGS, TrainConfig
from fer_core.training.data import training_rows, versioned, votes_sha256
from fer_core.training.teachers import mean_answer, unseen

FOLDS = 3
TAG = "doubt"
"""What the name of each of these runs begins with."""
RARE = 1e-6
"""What is thought impossible has a logarithm too."""
ANNOTATORS = "annotators"
"""The judge that is no preset: FER+'s votes, where the dataset has them. Nothing is trained for it."""
NOBODY = 0.5
"""Votes added to those of each choice, as in Jeffreys' prior: what none of ten chose isn't impossible."""


@dataclass(frozen=True)
class Progress:
    """How far the work is: a run a fold, None where it is not created yet, and whether the answers are kept."""

    runs: tuple[SavedModel | None, ...]
    ready: bool

    @property
    def trained(self) -> int:
        """How many folds are."""
        return sum(run is not None and run.trained for run in self.runs)

    @property
    def busy(self) -> tuple[SavedModel, ...]:
        """The runs that train or wait."""
        return tuple(run for run in self.runs if run is not None and run.busy)

    @property
    def state(self) -> str:
        """One of none, begun, training, trained, ready."""
        if self.ready:
            return "ready"
        if self.trained == len(self.runs):
            return "trained"
        if self.busy:
            return "training"
        return "begun" if any(self.runs) else "none"


def default_preset(dataset: FaceDataset) -> str:
    """The preset for this work where none is chosen."""
    return "quick" if dataset.drawn else "fast"


def fold_config(judge: str, folds: int = FOLDS, **changes) -> TrainConfig:
    """The preset for this work, with `changes`, on all faces.

    A preset that learns from the annotators' votes learns those of its own faces: of the ones that it judges it knows
    neither labels nor votes, which so stay a second opinion. Of the settings of `ANNOTATORS` only the scheme and the
    version count. `ValueError` for settings that cannot be, or that would let a model see the faces it is to judge.
    """
    config = replace(
        choose("judge", judge, PRESETS | {ANNOTATORS: TrainConfig()}),
        **({"rows": "all", "folds": folds} | changes),
    )
    if config.folds < 2:
        raise ValueError(f"folds: expected 2 or more, found {config.folds}")
    if config.teachers or config.start not in ("", IMAGENET):
        raise ValueError(
            "settings: expected neither teachers nor a model to start from, which may know the faces, "
            f"found {', '.join(config.teachers) or config.start}"
        )
    return config


def progress(dataset: FaceDataset, config: TrainConfig) -> Progress:
    """How far the folds of `config` are on `dataset`, which is as it was read; derived from runs and files.

    Raises `ModelError` where one of the runs is damaged, `VersionError` where the version of `config` is gone.
    """
    names = _names(dataset, config)
    found = tuple(store.open_model(name) if (models_dir() / name).exists() else None for name in names)
    return Progress(found, _file(dataset, config).exists())


def start(dataset: FaceDataset, config: TrainConfig, *, skip_bad: bool = False) -> None:
    """Create the runs that are missing, and start or resume those that are neither trained nor at work.

    What is raised, and `skip_bad`, are as in `runs.create_run` and `runs.start_run`.
    """
    for run in create(dataset, config, skip_bad=skip_bad):
        if not (run.trained or run.busy):
            runs.start_run(run)


def create(dataset: FaceDataset, config: TrainConfig, *, skip_bad: bool = False) -> list[SavedModel]:
    """The runs of all folds, those that were missing made, not started."""
    folds = [replace(config, fold=fold) for fold in range(config.folds)]
    with runs.naming():
        return [
            run or store.update_record(runs.create_run(fold, dataset, name, skip_bad=skip_bad), tags=[TAG])
            for run, fold, name in zip(progress(dataset, config).runs, folds, _names(dataset, config), strict=True)
        ]


def collect(dataset: FaceDataset, config: TrainConfig) -> tuple[np.ndarray, np.ndarray]:
    """`rows` and `y_prob` of the module's table: read, or asked of the trained models, which loads TensorFlow.

    Raises `RunError` where not all folds are trained.
    """
    path = _file(dataset, config)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):  # whoever else asks waits for the same answers
        if kept := read_arrays(path, ("rows", "y_prob")):
            return kept["rows"], kept["y_prob"]
        path.unlink(missing_ok=True)  # what can't be read; so that its folds can be trained anew where they are gone
        rows, y_prob = _ask(dataset, config)
        write_atomic(path, lambda file: np.savez_compressed(file, rows=rows, y_prob=y_prob))
    return rows, y_prob


def ranking(dataset: FaceDataset, judges: Mapping[str, TrainConfig]) -> pd.DataFrame:
    """`evaluation.doubt.rank_labels` of what the `judges` say, calibrated and, where there are several, joined.

    Each is a preset or `ANNOTATORS`, with its `fold_config`; all are of one scheme and one version of the dataset,
    whose labels are ranked: of all Usages, though models learn from those of Training faces alone. What is raised is
    as in `collect`, `known_votes` and `training_rows`.
    """
    about, *_ = judges.values()
    scheme = get_scheme(about.scheme)
    labelled = apply(dataset, read_version(dataset, about.version)) if about.version else dataset
    asked = _rows(dataset, about)
    judged = np.isin(asked, _with_class(labelled, scheme))
    rows = asked[judged]
    answers = [collect(dataset, config)[1][judged] for config in models_of(judges).values()]
    who = ["models"] if answers else []
    if ANNOTATORS in judges:
        votes = known_votes(dataset)
        if not answers:
            rows = rows[votes[rows].any(axis=1)]  # of the others nobody says anything
        answers.append(_chosen(votes[rows]))
        who.append(ANNOTATORS)
    known = np.isin(rows, training_rows(dataset, replace(about, folds=1, fold=0)))
    y_prob = _joined(answers, scheme.classes(labelled.emotion[rows]), known)
    return rank_labels(labelled, scheme, rows, y_prob, find_copies(dataset), who)


def models_of(judges: Mapping[str, TrainConfig]) -> dict[str, TrainConfig]:
    """Those of the `judges` that are trained: all but `ANNOTATORS`."""
    return {judge: config for judge, config in judges.items() if judge != ANNOTATORS}


def learned_votes(dataset: FaceDataset, judges: Mapping[str, TrainConfig]) -> bool:
    """Whether models among the `judges` have learned from the votes for the faces that they don't judge."""
    return dataset.votes is not None and any(config.votes_weight > 0 for config in models_of(judges).values())


def known_votes(dataset: FaceDataset) -> np.ndarray:
    """The annotators' votes, uint8 `(n, 10)`; `RunError` where the dataset has none, so that they can't judge."""
    if dataset.votes is None:
        raise RunError(
            f"{ANNOTATORS}: expected FER+'s votes of the faces of {dataset.source}, found none; "
            f"{VOTES_FILE} is read where it lies beside FER2013's CSV"
        )
    return dataset.votes


def _chosen(votes: np.ndarray) -> np.ndarray:
    """Shares, in (0, 1), of the choices that annotators had: `votes` uint8 `(n, 10)`, as many float64."""
    votes = votes + NOBODY
    return votes / votes.sum(axis=1, keepdims=True)


def _joined(answers: Sequence[np.ndarray], label: np.ndarray, known: np.ndarray) -> np.ndarray:
    """One probability of each class, `(n, k)`, of one or more `answers` `(n, …)`, shares in [0, 1] of classes or votes.

    A multinomial logistic regression of `label` `(n,)` on their logarithms, fitted to the faces in `known` `(n,)`: it
    weighs the judges and calibrates them (Dirichlet calibration, Kull et al. 2019, arXiv:1910.12656), and has too few
    numbers to learn the faces by heart. Of one judge too: three folds of `flagship` then find 59.3 % of labels flipped
    among honest validation and test faces, 57.7 % without.
    """
    from sklearn.linear_model import LogisticRegression

    told = np.log(np.concatenate(answers, axis=1, dtype=np.float64) + RARE)
    return LogisticRegression(max_iter=1000).fit(told[known], label[known]).predict_proba(told)


def key(dataset: FaceDataset, config: TrainConfig) -> str:
    """Eight hexadecimal digits that tell this work from that of other labels, votes that are learned, or settings."""
    settings = {name: value for name, value in config.to_json().items() if value != getattr(TrainConfig(), name)}
    version = read_version(dataset, config.version).sha256 if config.version else ""
    told = [dataset.fingerprint, version, settings | {"fold": 0, "folds": config.folds}]
    if any(settings.get(name) for name in VOTES_SETTINGS) and (votes := votes_sha256(dataset)):
        told.append(votes)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]


def _ask(dataset: FaceDataset, config: TrainConfig) -> tuple[np.ndarray, np.ndarray]:
    at = progress(dataset, config)
    models = [run for run in at.runs if run is not None and run.trained]
    if len(models) < config.folds:
        raise RunError(f"doubt: expected {config.folds} trained folds, found {len(models)}; train the others first")
    rows = _rows(dataset, config)
    y_prob, _ = mean_answer(dataset, rows, [(model, unseen(model, dataset)[rows]) for model in models])
    return rows, y_prob


def _rows(dataset: FaceDataset, config: TrainConfig) -> np.ndarray:
    """All faces with a class of the scheme, of Training as the version has it: int64 `(m,)`, ascending."""
    return _with_class(versioned(dataset, config), get_scheme(config.scheme))


def _with_class(dataset: FaceDataset, scheme: ClassScheme) -> np.ndarray:
    return np.sort(np.concatenate([dataset.rows(split, scheme) for split in SPLITS]))


def _names(dataset: FaceDataset, config: TrainConfig) -> list[str]:
    """Of the runs, the fold that each leaves out counted from 1."""
    stem = f"{TAG}-{dataset.fingerprint[:6]}-{key(dataset, config)}"
    return [f"{stem}-{fold + 1}of{config.folds}" for fold in range(config.folds)]


def _file(dataset: FaceDataset, config: TrainConfig) -> Path:
    return data_dir() / "doubt" / f"{dataset.fingerprint[:16]}-{key(dataset, config)}.npz"
