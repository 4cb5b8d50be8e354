"""One run from its record to its saved model."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from fer_core import store
from fer_core.data import FaceDataset, load_dataset
from fer_core.data.preparation import training_statistics
from fer_core.errors import RunError
from fer_core.evaluation.scoring import headline, predict_dataset
from fer_core.labels import get_scheme
from fer_core.networks import saved_network
from fer_core.paths import write_atomic
from fer_core.store import SavedModel
from fer_core.training.board import Board
from fer_core.training.config import TrainConfig
from fer_core.training.data import gather, training_rows, validation_rows
from fer_core.training.engine import Engine
from fer_core.training.loop import Loop
from fer_core.training.runs import stop_requested, tell
from fer_core.training.state import NAME as STATE


def fit(model: SavedModel) -> bool:
    """Train `model` to its end and save it; False where it was asked to stop. Goes on where a saved state stands."""
    config = TrainConfig.from_json(model.record["settings"])
    dataset = _dataset(model)
    rows = training_rows(dataset, config)
    train = gather(dataset, rows, config.scheme)
    validation = gather(dataset, validation_rows(dataset, config), config.scheme)
    pixels = training_statistics(train.images)
    engine = Engine(config, len(model.labels), *pixels)
    board = Board(model.folder / "tensorboard", model.labels) if config.tensorboard else None

    def report(event: str, record: dict) -> None:
        if event == "epoch":
            _write_history(model, loop.progress.history)
            print(_epoch_line(record), flush=True)
            if board:
                board.write(record)
        tell(model, event, **record)

    loop = Loop(config, engine, train, validation, model.folder, report, lambda: stop_requested(model))
    if loop.resume():
        tell(model, "resumed", epoch=loop.progress.epoch)
        _write_history(model, loop.progress.history)
    elif (model.folder / STATE).exists():
        print("the saved state cannot be read: the run begins again at its first epoch", flush=True)
    print(f"{len(train):,} training faces, {engine.network.count_params():,} parameters", flush=True)
    if not loop.run():
        return False
    _save(model, config, dataset, rows, pixels, loop)
    return True


def _dataset(model: SavedModel) -> FaceDataset:
    expected = model.record["dataset"]
    dataset = load_dataset(expected["source"], skip_bad=expected["skip_bad"], progress=print)
    if dataset.fingerprint != expected["fingerprint"]:
        raise RunError(
            f"{expected['source']}: expected the dataset the run was created with, found other faces; create a new run"
        )
    return dataset


def _save(model: SavedModel, config: TrainConfig, dataset: FaceDataset, rows, pixels, loop: Loop) -> None:
    """Save network, predictions and scores; the record comes last, so that it never speaks of a missing file."""
    mean, std = pixels
    network = saved_network(
        loop.engine.averaged,
        config.network,
        len(model.labels),
        mean=mean,
        std=std,
        width=config.width,
        mirror=config.mirror,
    )
    _save_network(network, model.weights_file)
    predictions = predict_dataset(network, dataset, get_scheme(config.scheme))
    write_atomic(model.folder / "predictions.parquet", predictions.frame.to_parquet)
    history = loop.progress.history
    _write_history(model, history)
    all_rows = len(dataset.rows("train", get_scheme(config.scheme)))
    store.update_record(
        model,
        parameters=network.count_params(),
        pixels={"mean": mean, "std": std},
        rows={"train": len(rows), "left_out": all_rows - len(rows)},
        best_epoch=loop.progress.best_epoch + 1,
        training_seconds=round(sum(row["seconds"] for row in history), 1),
        sha256=store.sha256_of(model.weights_file),
        scores=headline(predictions),
        # a finished model travels; the path of a dataset would not
        dataset=model.record["dataset"] | {"source": Path(model.record["dataset"]["source"]).name},
    )
    (model.folder / STATE).unlink(missing_ok=True)


def _save_network(network, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        network.save(whole)
        with whole.open("rb") as source:
            write_atomic(path, lambda file: shutil.copyfileobj(source, file))


def _write_history(model: SavedModel, history: list[dict]) -> None:
    if not history:
        return
    table = pd.DataFrame(history).to_csv(index=False)
    write_atomic(model.folder / "history.csv", lambda file: file.write(table.encode()))


def _epoch_line(record: dict) -> str:
    return (
        f"epoch {record['epoch']}: {record['side']} px, loss {record['loss']:.3f}, recall {record['recall']:.3f}; "
        f"validation loss {record['val_loss']:.3f}, recall {record['val_recall']:.3f}, {record['seconds']:.0f} s"
    )
