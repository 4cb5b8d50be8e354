"""The loop: measured epochs, patience, and going on exactly after an interruption."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from fer_core.training.config import TrainConfig
from fer_core.training.data import Faces
from fer_core.training.engine import Engine
from fer_core.training.loop import Loop

CONFIG = TrainConfig(
    network="compact", width=2, epochs=3, batch_size=8, sides=(32, 48), averaging=0.9, votes_weight=0.5, erasing=0.5
)


def faces(n: int = 32) -> Faces:
    """Random faces of six classes; every other one has votes."""
    rng = np.random.default_rng(0)
    votes = np.eye(10, dtype=np.float32)[np.arange(n) % 10] * (np.arange(n) % 2)[:, np.newaxis]
    images = rng.integers(0, 256, (n, 48, 48)).astype(np.uint8)
    taught = np.zeros((n, 6), np.float32)
    return Faces(images, (np.arange(n) % 6).astype(np.int32), votes.astype(np.float32), taught, taught)


def loop_in(folder, config: TrainConfig = CONFIG, stopping=lambda: False, reports: list | None = None) -> Loop:
    folder.mkdir(exist_ok=True)
    heard = [] if reports is None else reports
    engine = Engine(config, 6, 0.5, 0.25)
    return Loop(config, engine, faces(), faces(), folder, lambda event, record: heard.append((event, record)), stopping)


@pytest.fixture
def _deterministic():
    """Sums in a fixed order, so that equal runs are equal bit by bit."""
    from tensorflow.python.framework.config import disable_op_determinism, enable_op_determinism

    enable_op_determinism()
    yield
    disable_op_determinism()


@pytest.mark.usefixtures("_deterministic")
def test_resumed_run_equals_the_uninterrupted_one_bit_by_bit(tmp_path):
    """Stopped in the middle of the second epoch and gone on by a new engine: same weights, same curve."""
    whole = loop_in(tmp_path / "whole")
    assert whole.run()
    answers = iter([False] * 5 + [True])
    stopped = loop_in(tmp_path / "parts", stopping=lambda: next(answers))
    assert not stopped.run()
    assert (stopped.progress.epoch, stopped.progress.batch) == (1, 2)
    resumed = loop_in(tmp_path / "parts")
    assert resumed.resume()
    assert resumed.run()
    for one, other in zip(whole.engine.variables, resumed.engine.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    without_time = [{key: value for key, value in row.items() if key != "seconds"} for row in whole.progress.history]
    for row, expected in zip(resumed.progress.history, without_time, strict=True):
        assert {key: value for key, value in row.items() if key != "seconds"} == expected


def test_run_stopped_at_the_last_batch_of_an_epoch_resumes(tmp_path):
    """Nothing but the epoch's measurement is left to do then."""
    answers = iter([False] * 3 + [True])
    stopped = loop_in(tmp_path, stopping=lambda: next(answers))
    assert not stopped.run()
    assert stopped.progress.batch == stopped.batches
    resumed = loop_in(tmp_path)
    assert resumed.resume()
    assert resumed.run()
    assert [row["epoch"] for row in resumed.progress.history] == [1, 2, 3]


def test_best_epoch_is_one_of_the_final_size(tmp_path):
    """However well it went with small faces, the weights that are kept saw faces of 48 pixels last."""
    loop = loop_in(tmp_path, replace(CONFIG, learning_rate=1e-7, averaging=0.0))
    assert loop.run()
    assert loop.progress.history[loop.progress.best_epoch]["side"] == 48


def test_every_epoch_is_measured_and_told(tmp_path):
    """Three epochs give three records with the recall of each class, at the sizes of the config."""
    reports: list = []
    loop_in(tmp_path, reports=reports).run()
    epochs = [record for event, record in reports if event == "epoch"]
    assert [record["epoch"] for record in epochs] == [1, 2, 3]
    assert [record["side"] for record in epochs] == [32, 32, 48]
    assert all(np.sum(record["confusion"]) == 32 for record in epochs)
    recalls = [epochs[-1][f"val_recall_{label}"] for label in ("Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral")]
    assert np.mean(recalls) == pytest.approx(epochs[-1]["val_recall"], abs=1e-5)


def test_patience_ends_the_run_and_the_best_weights_are_kept(tmp_path):
    """With a rate too small to change an answer no epoch beats the first, so patience 2 ends after the third."""
    loop = loop_in(tmp_path, replace(CONFIG, epochs=9, patience=2, learning_rate=1e-7, sides=(48,), averaging=0.0))
    assert loop.run()
    assert loop.progress.epoch == 3
    assert loop.progress.best_epoch == 0


def test_averaged_weights_follow_the_network(tmp_path):
    """Without averaging the averaged network is the network; with it, it lags behind."""
    still = loop_in(tmp_path / "still", replace(CONFIG, averaging=0.0, epochs=1, sides=(48,)))
    slow = loop_in(tmp_path / "slow", replace(CONFIG, averaging=0.9, epochs=1, sides=(48,)))
    for loop in (still, slow):
        for batch in range(4):
            loop.engine.train_batch(loop.train, np.arange(8), (1, batch), 0.1, 48)

    def distance(engine: Engine) -> float:
        pairs = zip(engine.averaged.weights, engine.network.weights, strict=True)
        return sum(float(keras.ops.sum(keras.ops.abs(average - weight))) for average, weight in pairs)

    assert distance(still.engine) == pytest.approx(0, abs=1e-2)
    assert distance(slow.engine) > 1
