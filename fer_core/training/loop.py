"""The loop of a run: epochs of batches, each epoch measured, the whole resumable after any batch.

The order of the faces and the seed of their disturbance are pure functions of (seed, epoch, batch).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_core.errors import RunError
from fer_core.labels import get_scheme
from fer_core.training.config import TrainConfig
from fer_core.training.data import Faces
from fer_core.training.devices import is_chief
from fer_core.training.engine import Engine
from fer_core.training.state import load_state, save_state


@dataclass
class Progress:
    """Where a run stands. `history` holds one record an epoch, the rows of `history.csv`."""

    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0  # training time of the epoch under way, before an interruption
    history: list[dict] = field(default_factory=list)
    best_epoch: int = -1  # none yet


class Loop:
    """Runs `config` on `train`, measured on `validation`; its state lives in `folder`.

    `report(kind, record)` hears of `progress` every second or so and of each `epoch`. `stopping()` is asked after every
    batch; where it is true, the state is saved and `run` returns False.
    """

    def __init__(
        self,
        config: TrainConfig,
        engine: Engine,
        train: Faces,
        validation: Faces,
        folder: Path,
        report: Callable = lambda event, record: None,
        stopping: Callable = lambda: False,
    ):
        self.config, self.engine, self.train, self.validation, self.folder = config, engine, train, validation, folder
        self.report, self.stopping = report, stopping
        self.batches = max(len(train) // config.batch_size, 1)
        self.progress = Progress()
        self.best = [weight.numpy() for weight in engine.averaged.weights]

    def resume(self) -> bool:
        """Go on from the newest state that can be read; whether there was one. Reports `unreadable` where one is not.

        Raises `RunError` where the state is whole but another network's.
        """
        state = load_state(self.folder, lambda line: self.report("unreadable", {"reason": line}))
        if state is None:
            return False
        arrays, record = state
        variables = self.engine.variables
        if [array.shape for array in arrays] != [tuple(weight.shape) for weight in [*variables, *self.best]]:
            raise RunError(
                f"{self.folder.name}: expected a saved state of this run's network, found another's; start a new run"
            )
        for variable, array in zip(variables, arrays[: len(variables)], strict=True):
            variable.assign(array)
        self.best = arrays[len(variables) :]
        self.progress = Progress(**record)
        return True

    def save(self) -> None:
        """Save the state as it stands after the last batch; of a cluster, the chief saves for all."""
        if not is_chief():
            return
        arrays = [variable.numpy() for variable in self.engine.variables]
        save_state(self.folder, arrays + self.best, vars(self.progress))

    def run(self) -> bool:
        """Train until epochs, minutes or patience end, then load the best averaged weights; False where stopped."""
        while not self._ended():
            measured = self._epoch()
            self.save()
            if measured is None:
                return False
            self.report("epoch", measured)  # only now: a kill before this line repeats nothing
        self.engine.averaged.set_weights(self.best)
        return True

    def _ended(self) -> bool:
        at = self.progress
        waited = at.epoch - 1 - at.best_epoch
        return self._share() >= 1 or (self.config.patience > 0 and at.epoch > 0 and waited >= self.config.patience)

    def _share(self) -> float:
        """How much of the run lies behind, 0 to 1: the larger share of epochs and of minutes."""
        shares = [self.progress.epoch / self.config.epochs]
        if self.config.minutes:
            shares.append(sum(row["seconds"] for row in self.progress.history) / (60 * self.config.minutes))
        return min(max(shares), 1.0)

    def _share_of_epoch(self) -> float:
        """How much of the run an epoch is; where minutes count, by the time that the last one took."""
        share = 1 / self.config.epochs
        if self.config.minutes and self.progress.history:
            share = max(share, self.progress.history[-1]["seconds"] / (60 * self.config.minutes))
        return share

    def _epoch(self) -> dict | None:
        """Train and measure one epoch, or the rest of it; None where it was stopped."""
        at, started = self.progress, time.monotonic()
        told = counted = started
        share, first = self._share(), at.batch
        side = self.config.side(int(share * self.config.epochs + 1e-9))  # a share of 29 / 100 is still epoch 29
        order = np.random.default_rng((self.config.seed, at.epoch)).permutation(len(self.train))
        while at.batch < self.batches:
            rows = order[at.batch * self.config.batch_size :][: self.config.batch_size]
            seed = (self.config.seed, at.epoch * self.batches + at.batch)
            rate, frozen = self._rate(share, at.batch), at.epoch < self.config.frozen_epochs
            self.engine.train_batch(self.train, rows, seed, rate, side, frozen=frozen)
            at.batch += 1
            now = time.monotonic()
            if self.engine.agree(self.stopping()):
                at.seconds += now - started
                return None
            if at.batch == first + 1 < self.batches:
                counted = now  # the first batch may compile, which says nothing of the others
            elif now - told >= 1:
                told = now
                speed = max(at.batch - first - 1, 1) * self.config.batch_size / (now - counted)
                where = {"epoch": at.epoch + 1, "batch": at.batch, "batches": self.batches}
                # never 0: `standing` divides by it
                self.report("progress", where | {"images_per_second": max(round(speed, 1), 0.1)})
        seconds = self.engine.agree(at.seconds + time.monotonic() - started)
        return self._measure(side, self._rate(share, self.batches - 1), seconds)

    def _rate(self, share: float, batch: int) -> float:
        """Learning rate of a batch in the epoch that begins after `share` of the run."""
        return learning_rate(self.config, share + batch / self.batches * self._share_of_epoch())

    def _measure(self, side: int, rate: float, seconds: float) -> dict:
        """Measure the averaged network after an epoch and move on to the next."""
        at = self.progress
        record: dict[str, float] = {"epoch": at.epoch + 1, "side": side}
        record |= _scores("", self.engine.take_sums(), ())
        validation = self.engine.evaluate(self.validation, side)
        record |= _scores("val_", validation, get_scheme(self.config.scheme).labels)
        record |= {"learning_rate": rate, "seconds": round(seconds, 3)}
        at.history.append(record)
        if self._is_best(record):
            at.best_epoch = at.epoch
            self.best = [weight.numpy() for weight in self.engine.averaged.weights]
        at.epoch, at.batch, at.seconds = at.epoch + 1, 0, 0.0
        return record | {"confusion": validation["confusion"].tolist()}

    def _is_best(self, record: dict) -> bool:
        """Whether no epoch with faces of the same size was better; a new size begins anew."""
        best = self.progress.best_epoch
        if best < 0 or self.progress.history[best]["side"] != record["side"]:
            return True
        return record["val_recall"] > self.progress.history[best]["val_recall"]


def learning_rate(config: TrainConfig, share: float) -> float:
    """The rate after `share` (0 to 1) of the run: linear warm-up, then constant or half a cosine down to 0."""
    if share < config.warmup:
        return config.learning_rate * min(max(share, 1e-3) / config.warmup, 1)
    if config.schedule == "constant":
        return config.learning_rate
    after = min((share - config.warmup) / (1 - config.warmup), 1.0)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * after))


def _scores(prefix: str, measured: dict, labels: tuple[str, ...]) -> dict[str, float]:
    """Loss, accuracy and macro recall, and the recall of each of `labels`, as columns of the history."""
    confusion = measured["confusion"]
    faces, right = confusion.sum(1), np.diag(confusion)
    recall = np.divide(right, faces, out=np.zeros(len(faces)), where=faces > 0)
    scores = {
        f"{prefix}loss": measured["loss"],
        f"{prefix}accuracy": right.sum() / max(faces.sum(), 1),
        f"{prefix}recall": recall[faces > 0].mean() if faces.any() else 0.0,
    }
    scores |= {f"{prefix}recall_{label}": value for label, value in zip(labels, recall, strict=False)}
    return {name: round(float(value), 6) for name, value in scores.items()}
