"""The process of one run: `python -m fer_core.training.worker RUN`. Started by `runs.start_run`.

It holds the run's lock for its whole life, and one slot lock for the machine, for which it waits before it loads
TensorFlow: runs queue by waiting.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from fer_core import store
from fer_core.data import FaceDataset, load_dataset
from fer_core.data.preparation import training_statistics
from fer_core.errors import FerError, RunError
from fer_core.labels import get_scheme
from fer_core.paths import models_dir, write_atomic
from fer_core.store import SavedModel
from fer_core.training.config import TrainConfig
from fer_core.training.data import gather, training_rows
from fer_core.training.runs import open_run, stop_requested, tell

CHECKS = 2.0
"""Seconds to wait for the run's lock: whoever looks at a run's status takes it for an instant."""


def work(run_id: str) -> None:
    """Train the run to its end, or until it is asked to stop; `RunError` where another worker has it."""
    model = open_run(run_id)
    try:
        lock = model.lock.acquire(timeout=CHECKS)
    except Timeout:
        raise RunError(f"run {run_id!r}: expected no worker, found one at work on it; watch it instead") from None
    with lock:
        model = open_run(run_id)  # as it stands now that nobody else changes it
        if model.trained:
            raise RunError(f"run {run_id!r}: expected one that can go on, found it finished; start a new run instead")
        try:
            with _slot(model):
                finished = not stop_requested(model) and _train(model)
        except BaseException as error:
            tell(model, "failed", reason=_one_line(error))
            raise
        tell(model, "finished" if finished else "stopped")
        (model.folder / "stop").unlink(missing_ok=True)


@contextlib.contextmanager
def _slot(model: SavedModel) -> Iterator[None]:
    """Wait until no other run uses the machine, or until this one is asked to stop."""
    slot = FileLock(models_dir() / ".slot")
    tell(model, "queued", pid=os.getpid())
    while not stop_requested(model):
        try:
            slot.acquire(timeout=0.5)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        slot.release()


def _train(model: SavedModel) -> bool:
    tell(model, "started")
    config = TrainConfig.from_json(model.record["settings"])
    dataset = _dataset(model)
    rows = training_rows(dataset, config)
    train = gather(dataset, rows, config.scheme)
    validation = gather(dataset, dataset.rows("validation", get_scheme(config.scheme)), config.scheme)
    mean, std = training_statistics(train.images)

    from fer_core.training.engine import Engine  # loads TensorFlow
    from fer_core.training.loop import Loop

    classes = len(model.labels)
    engine = Engine(config, classes, mean, std)
    board = None
    if config.tensorboard:
        from fer_core.training.board import Board

        board = Board(model.folder / "tensorboard", model.labels)

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
    print(f"{len(train):,} training faces, {engine.network.count_params():,} parameters", flush=True)
    if not loop.run():
        return False
    _finish(model, config, dataset, rows, engine, (mean, std), loop.progress)
    return True


def _dataset(model: SavedModel) -> FaceDataset:
    expected = model.record["dataset"]
    dataset = load_dataset(expected["source"], progress=print)
    if dataset.fingerprint != expected["fingerprint"]:
        raise RunError(
            f"{expected['source']}: expected the dataset the run was created with, found other faces; create a new run"
        )
    return dataset


def _finish(model, config, dataset, rows, engine, pixels, progress) -> None:
    """Save network, predictions and scores; the record comes last, so that it never speaks of a missing file."""
    from fer_core.evaluation.scoring import headline, predict_dataset
    from fer_core.networks import saved_network

    mean, std = pixels
    network = saved_network(
        engine.averaged, config.network, len(model.labels), mean=mean, std=std, width=config.width, mirror=config.mirror
    )
    _save_network(network, model.weights_file)
    predictions = predict_dataset(network, dataset, get_scheme(config.scheme))
    write_atomic(model.folder / "predictions.parquet", predictions.frame.to_parquet)
    _write_history(model, progress.history)
    source = model.record["dataset"]["source"]
    store.update_record(
        model,
        parameters=network.count_params(),
        pixels={"mean": mean, "std": std},
        rows={"train": len(rows), "left_out": len(dataset.rows("train", get_scheme(config.scheme))) - len(rows)},
        best_epoch=progress.best_epoch + 1,
        training_seconds=round(sum(row["seconds"] for row in progress.history), 1),
        sha256=store.sha256_of(model.weights_file),
        scores=headline(predictions),
        dataset=model.record["dataset"] | {"source": Path(source).name},  # a finished model travels; a path would not
    )
    (model.folder / "state.npz").unlink(missing_ok=True)


def _save_network(network, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        network.save(whole)
        with whole.open("rb") as source:
            write_atomic(path, lambda file: shutil.copyfileobj(source, file))


def _write_history(model: SavedModel, history: list[dict]) -> None:
    table = pd.DataFrame(history).to_csv(index=False)
    write_atomic(model.folder / "history.csv", lambda file: file.write(table.encode()))


def _epoch_line(record: dict) -> str:
    return (
        f"epoch {record['epoch']}: {record['side']} px, loss {record['loss']:.3f}, recall {record['recall']:.3f}; "
        f"validation loss {record['val_loss']:.3f}, recall {record['val_recall']:.3f}, {record['seconds']:.0f} s"
    )


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or "no further word"
    return text if isinstance(error, FerError) else f"{type(error).__name__}: {text[:300]}"


def main(argv: list[str]) -> int:
    """Run the worker; exit code 0, 2 for a refused run, 1 for an unforeseen failure, traced back in `log.txt`."""
    try:
        work(argv[0])
    except FerError as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
