"""One run from its record to its saved model."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from fer_core import store
from fer_core.data import FaceDataset, load_dataset
from fer_core.data.preparation import training_statistics
from fer_core.errors import RunError
from fer_core.evaluation.scoring import predict_dataset, probabilities
from fer_core.labels import get_scheme
from fer_core.networks import saved_network, start_from, start_from_imagenet
from fer_core.paths import write_text
from fer_core.store import SavedModel, load_network
from fer_core.training import speed
from fer_core.training.board import Board
from fer_core.training.config import VOTES_SETTINGS, TrainConfig
from fer_core.training.data import check_version, gather, training_rows, validation_rows, versioned, votes_sha256
from fer_core.training.devices import get_strategy, in_cluster, is_chief, noticing_lost_workers
from fer_core.training.engine import Engine
from fer_core.training.loop import Loop
from fer_core.training.prior import correction
from fer_core.training.runs import open_start, stop_requested, tell
from fer_core.training.saving import save_trained
from fer_core.training.standing import settings
from fer_core.training.state import remove_states
from fer_core.training.targets import class_weights
from fer_core.training.teachers import answers, check_same, hearing, open_known_teachers

START_FACES = 512
"""Faces of the new run on which the normalisation's statistics of a saved network are taken."""


def fit(model: SavedModel) -> bool:
    """Train `model` to its end and save it; False where it was asked to stop. Goes on where a saved state stands."""
    strategy = get_strategy()
    config = _resolved(model, settings(model))
    dataset = _dataset(model)
    rows = training_rows(dataset, config)
    teachers = open_known_teachers(dataset, rows, config, model.record.get("teachers", ()))
    train = gather(versioned(dataset, config), rows, config.scheme)
    if teachers and config.teaching == "unseen":
        train = replace(train, taught=answers(dataset, rows, teachers))
    if config.votes_taught:
        train = hearing(train, len(model.labels), config.votes_taught, alone=not teachers)
    validation = gather(dataset, validation_rows(dataset, config), config.scheme)
    parent = model.record.get("parent")
    mean, std = parent["pixels"].values() if parent else training_statistics(train.images)
    weights = class_weights(train.label, len(model.labels), config.class_balance)
    engine = Engine(config, len(model.labels), mean, std, weights, strategy)
    for teacher, _ in teachers if config.teaching == "consistent" else ():
        engine.add_teacher(teacher, train.images[:START_FACES])
    loop = Loop(config, engine, train, validation, model.folder, stopping=lambda: stop_requested(model))
    if is_chief():
        loop.report = _reporter(model, config, loop)
    if loop.resume():
        loop.report("resumed", {"epoch": loop.progress.epoch})
    else:
        if is_chief():
            (model.folder / "history.csv").unlink(missing_ok=True)  # of epochs whose state was lost
        if config.start:
            _start(engine, model, config, train.images[:START_FACES])
    for name in VOTES_SETTINGS if dataset.votes is None else ():
        if weight := getattr(config, name):
            print(f"no annotators' votes: {name}={weight:g} has no effect", flush=True)
    print(f"{len(train):,} training faces, {engine.network.count_params():,} parameters", flush=True)
    with noticing_lost_workers():
        ended = loop.run()
    if ended and is_chief():
        _save(model, config, dataset, rows, (mean, std), loop)
    return ended


def _resolved(model: SavedModel, config: TrainConfig) -> TrainConfig:
    """The config with the precision that the run began with, whatever was measured since; else the faster one here."""
    if known := model.record.get("precision"):
        return replace(config, precision=known)
    if in_cluster() and config.precision == "auto":  # its machines must compute alike
        resolved = replace(config, precision="float32")
    else:
        resolved = speed.resolve(config)
    if is_chief():
        store.update_record(model, precision=resolved.precision)
    return resolved


def _reporter(model: SavedModel, config: TrainConfig, loop: Loop) -> Callable[[str, dict], None]:
    """Writes what happens in `loop` to the run's history, events and log."""
    board = Board(model.folder / "tensorboard", model.labels) if config.tensorboard else None

    def report(event: str, record: dict) -> None:
        if event in ("epoch", "resumed"):
            _write_history(model, loop.progress.history)
        if event == "epoch":
            print(_epoch_line(record), flush=True)
            if board:
                board.write(record)
        if event == "unreadable":
            print(record["reason"], flush=True)
        tell(model, event, **record)

    return report


def _start(engine: Engine, model: SavedModel, config: TrainConfig, images: np.ndarray) -> None:
    """Give the network the weights of the saved model that the run starts from, or those learned on ImageNet."""
    if parent := open_start(config):
        check_same(parent, model.record["parent"])
        same_classes = parent.labels == get_scheme(engine.config.scheme).labels
        start_from(engine.network, load_network(parent), images, same_classes=same_classes)
    else:
        start_from_imagenet(engine.network)
    engine.averaged.set_weights(engine.network.get_weights())


def _dataset(model: SavedModel) -> FaceDataset:
    expected = model.record["dataset"]
    dataset = load_dataset(expected["source"], skip_bad=expected["skip_bad"], progress=print)
    if dataset.fingerprint != expected["fingerprint"]:
        raise RunError(
            f"{expected['source']}: expected the dataset the run was created with, found other faces; create a new run"
        )
    check_version(model.record)
    votes = votes_sha256(dataset)
    uses = any(model.record["settings"].get(name) for name in VOTES_SETTINGS)
    if uses and expected.get("votes_sha256", votes) != votes:
        raise RunError(
            f"{expected['source']}: expected the annotators' votes as they were when the run was created, "
            f"{'found others or none' if expected['votes_sha256'] else 'none, found some'}; "
            "bring fer2013new.csv back to that, or create a new run"
        )
    return dataset


def _save(
    model: SavedModel, config: TrainConfig, dataset: FaceDataset, rows, pixels: tuple[float, float], loop: Loop
) -> None:
    (mean, std), scheme, history = pixels, get_scheme(config.scheme), loop.progress.history
    form = partial(
        saved_network,
        loop.engine.averaged,
        config.network,
        len(scheme),
        mean=mean,
        std=std,
        width=config.width,
        side=history[loop.progress.best_epoch]["side"],  # not all sizes were reached by a run that was cut short
        mirror=config.mirror,
        soft=config.soft,
    )
    if config.prior_correction:
        _correct_prior(loop, form())
    network = form()
    predictions = predict_dataset(network, dataset, scheme)
    if not np.isfinite(predictions.y_prob).all():
        raise RunError(f"run {model.id!r}: expected probabilities, found that it diverged; lower the learning rate")
    _write_history(model, history)
    save_trained(
        model,
        network,
        predictions,
        pixels={"mean": mean, "std": std},
        rows={"train": len(rows), "left_out": len(np.setdiff1d(dataset.rows("train", scheme), rows))},
        best_epoch=loop.progress.best_epoch + 1,
        training_seconds=round(sum(row["seconds"] for row in history), 1),
        precision=config.precision,
    )
    remove_states(model.folder)


def _correct_prior(loop: Loop, network: Callable) -> None:
    """Shift the biases of the head as `network`, its saved form, asks for by what it says of the validation faces.

    What the loss weighted, the prior holds weighted.
    """
    engine, faces = loop.engine, loop.validation
    said = probabilities(network, faces.images, np.arange(len(faces)))
    prior = np.bincount(loop.train.label, minlength=engine.classes) * engine.weights.numpy()
    head = engine.averaged.get_layer("label")
    kernel, bias = head.get_weights()
    shift = correction(said, faces.label, prior / prior.sum())
    head.set_weights([kernel, bias + shift])


def _write_history(model: SavedModel, history: list[dict]) -> None:
    if not history:
        return
    table = pd.DataFrame(history).to_csv(index=False)
    write_text(model.folder / "history.csv", table)


def _epoch_line(record: dict) -> str:
    return (
        f"epoch {record['epoch']}: {record['side']} px, loss {record['loss']:.3f}, recall {record['recall']:.3f}; "
        f"validation loss {record['val_loss']:.3f}, recall {record['val_recall']:.3f}, {record['seconds']:.0f} s"
    )
