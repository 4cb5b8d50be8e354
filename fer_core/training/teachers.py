"""Teachers of a run: saved models whose mean answer to a face stands beside its label (knowledge distillation).

Hinton, Vinyals & Dean 2015, arXiv:1503.02531, at temperature 1. What a teacher says of a face that it has learned by
heart teaches little, so only those answer that were trained on neither the face nor a copy of it: models trained
with `folds`, say, each of which knows all faces but those of one fold. Or all answer, in every step, to the face as it
is disturbed for it, which nobody knows by heart (`config.TEACHINGS`).

With `votes_taught` they know besides what the annotators chose, which the pupil won't: privileged information
(Lopez-Paz, Bottou, Schölkopf & Vapnik 2016, arXiv:1511.03643), by which a teacher can be better than any network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fer_core import store
from fer_core.data.copies import chained, find_copies
from fer_core.data.dataset import SIDE, FaceDataset
from fer_core.errors import RunError
from fer_core.evaluation.scoring import probabilities
from fer_core.lineage import trainings
from fer_core.store import SavedModel
from fer_core.training.config import FIXED_SIDE, NETWORKS, TrainConfig
from fer_core.training.data import Faces, check_version, training_rows

RARE = 0.03
"""A third of one vote in ten: what nobody chose has a logarithm too."""


def open_teachers(dataset: FaceDataset, rows: np.ndarray, config: TrainConfig) -> list[tuple[SavedModel, np.ndarray]]:
    """Each teacher, with a bool `(len(rows),)` that marks the faces it may answer to.

    Raises `ModelError` for one that is missing or untrained, `RunError` for one of another scheme or dataset, or that
    cannot teach as `config` asks: `unseen`, as it was trained on all of the faces; `consistent`, as its network is none
    of ours, or takes no faces of that size.
    """
    return [(model, _may_answer(model, dataset, rows, config)) for model in map(store.open_trained, config.teachers)]


def open_known_teachers(
    dataset: FaceDataset, rows: np.ndarray, config: TrainConfig, origins: Sequence[Mapping]
) -> list[tuple[SavedModel, np.ndarray]]:
    """`open_teachers`; `RunError` where one isn't the one of which `origins` tell any more, those of a run's record."""
    teachers = open_teachers(dataset, rows, config)
    for (teacher, _), known in zip(teachers, origins, strict=bool(origins)):
        check_same(teacher, known)
    return teachers


def answers(dataset: FaceDataset, rows: np.ndarray, teachers: Sequence[tuple[SavedModel, np.ndarray]]) -> np.ndarray:
    """Mean probabilities that the teachers give to the faces at `rows`: float32 `(n, k)`; zeros where none may."""
    mean, heard = mean_answer(dataset, rows, teachers)
    print(f"{np.count_nonzero(heard):,} of {len(rows):,} training faces have a teacher", flush=True)
    return mean


def hearing(train: Faces, classes: int, weight: float, *, alone: bool) -> Faces:
    """`train` with what its votes tell teachers, `weight` times `evidence`.

    `alone`: without other teachers, beside what the classes' shares say of any face; so at a weight of 1 a face that
    was voted on is taught P(class | votes).
    """
    heard = np.float32(weight) * evidence(train.votes, train.label, classes)
    if not alone:
        return replace(train, heard=heard)
    shares = np.bincount(train.label, minlength=classes) / len(train)
    taught = np.where(train.votes.any(axis=1, keepdims=True), shares, 0)
    return replace(train, heard=heard, taught=taught.astype(np.float32))


def evidence(votes: np.ndarray, label: np.ndarray, classes: int) -> np.ndarray:
    """How the annotators' `votes`, shares `(n, 10)`, speak for each class: log P(class | votes) - log P(class).

    float32 `(n, classes)`, by logistic regression of `label` `(n,)` on the shares and their logarithms; zeros for faces
    without votes, and for classes without a face that has them.
    """
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(votes), classes), np.float32)
    voted = np.flatnonzero(votes.sum(axis=1))
    known, counts = np.unique(label[voted], return_counts=True)
    if len(known) > 1:
        told = np.column_stack([votes[voted], np.log(votes[voted] + RARE)])
        posterior = LogisticRegression(max_iter=2000).fit(told, label[voted]).predict_log_proba(told)
        found[np.ix_(voted, known)] = posterior - np.log(counts / len(voted))
    return found


def check_same(model: SavedModel, origin: Mapping) -> None:
    """Raise `RunError` unless `model` is the one of which a run's record keeps `origin`."""
    if (found := model.record["sha256"]) != origin["sha256"]:
        raise RunError(
            f"model {model.id!r}: expected the one that the run was created with (sha256 {origin['sha256'][:12]}), "
            f"found another of that name ({found[:12]}); bring that one back, or create a new run"
        )


def mean_answer(
    dataset: FaceDataset, rows: np.ndarray, models: Sequence[tuple[SavedModel, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """What `models`, each with the faces that it may answer to, bool `(len(rows),)`, say of the faces at `rows`.

    Mean probabilities float32 `(len(rows), k)`, zeros where none may; and how many do, int64 `(len(rows),)`.
    """
    total = np.zeros((len(rows), len(models[0][0].labels)), np.float32)
    for model, may in models:
        total[may] += probabilities(store.load_network(model), dataset.images, rows[may])
    heard = np.sum([may for _, may in models], axis=0)
    return total / np.maximum(heard, 1)[:, np.newaxis].astype(np.float32), heard


def unseen(model: SavedModel, dataset: FaceDataset) -> np.ndarray:
    """Bool `(n,)`: the faces of `dataset` that `model` was trained on neither themselves nor as a copy.

    What the models that it started from or combines have learned, it knows too. `dataset` is as it was read. Raises
    `RunError` where one of these was trained on another, since copies of its faces may be here, or a version is gone.
    """
    seen = np.zeros(len(dataset), bool)
    for one in trainings(model.record):
        if "imported" in one or one["dataset"]["fingerprint"] != dataset.fingerprint:
            raise RunError(
                f"model {model.id!r}: expected one that knows faces of {dataset.source} only, found that "
                f"{one.get('id', model.id)!r} learned from others; take another teacher"
            )
        check_version(one)
        try:
            config = TrainConfig.from_json(one["settings"])
        except (TypeError, ValueError) as error:
            raise RunError(f"model {one.get('id', model.id)!r}: {error}; it was made by another version") from error
        seen[training_rows(dataset, config)] = True
    return ~chained(find_copies(dataset), seen)


def _may_answer(model: SavedModel, dataset: FaceDataset, rows: np.ndarray, config: TrainConfig) -> np.ndarray:
    record = model.record
    for what, expected, found in (
        ("classes", config.scheme, record["scheme"]),
        ("dataset", dataset.fingerprint, record["dataset"]["fingerprint"]),
    ):
        if expected != found:
            raise RunError(f"teacher {model.id!r}: expected {what} {expected[:12]}, as the run's, found {found[:12]}")
    if config.teaching == "consistent":
        if record["network"] not in NETWORKS:
            raise RunError(
                f"teacher {model.id!r}: expected one of the networks {', '.join(NETWORKS)}, found {record['network']}, "
                "which can't answer in every step; name the models that it combines, or set teaching=unseen"
            )
        if not record["pixels"]:
            raise RunError(
                f"teacher {model.id!r}: expected a model that was trained here, found a mean of imported ones, "
                "of which nobody knows how they prepare the pixels; take another teacher"
            )
        if record["network"] in FIXED_SIDE and config.sides != (SIDE,):
            raise RunError(
                f"teacher {model.id!r}: expected a network for faces of all sizes, found {record['network']}, which "
                f"takes {SIDE} pixels only; set sides={SIDE}, or take another teacher"
            )
        return np.ones(len(rows), bool)
    blind = unseen(model, dataset)[rows]
    if not blind.any():
        raise RunError(
            f"teacher {model.id!r}: expected one that leaves a fold of the training faces out, "
            "found it trained on all; train teachers with folds of 2 or more, or set teaching=consistent"
        )
    return blind
