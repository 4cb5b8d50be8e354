"""How runs stand: what their events and histories say, in numbers and as a table."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from fer_core.errors import ModelError
from fer_core.store import SavedModel
from fer_core.training.config import TrainConfig
from fer_core.training.speed import FORWARD, VALIDATION


@dataclass(frozen=True)
class Standing:
    """Where a running run is: `epochs` done, with the part of the one under way; `seconds_left` at most."""

    epochs: float
    images_per_second: float
    seconds_left: float


def settings(model: SavedModel) -> TrainConfig:
    """The settings of a run; what it did not know yet has its default. `ModelError` where they cannot be read."""
    try:
        return TrainConfig.from_json(model.record["settings"])
    except (TypeError, ValueError) as error:
        raise ModelError(f"model {model.id!r}: {error}; it was made by another version") from error


def standing(model: SavedModel) -> Standing | None:
    """Where the run is by the newest `progress` event of its worker; None before there is one."""
    events = model.recent_events()
    begun = max((i for i, event in enumerate(events) if event["event"] == "started"), default=0)
    last = next((event for event in reversed(events[begun:]) if event["event"] == "progress"), None)
    if last is None:
        return None
    config, history = settings(model), model.history()
    epochs = max(last["epoch"] - 1 + last["batch"] / last["batches"], len(history))
    an_epoch = last["batches"] * config.batch_size / last["images_per_second"]
    spent = (history["seconds"].sum() if len(history) else 0) + (epochs - len(history)) * an_epoch
    return Standing(epochs, last["images_per_second"], _seconds_left(config, epochs, an_epoch, spent))


def _seconds_left(config: TrainConfig, epochs: float, an_epoch: float, spent: float) -> float:
    """The time of the epochs that are left, each as long as the present one by its pixels, or of the minutes.

    An epoch that begins before these are over ends after them.
    """
    limit = 60 * config.minutes if config.minutes else float("inf")
    share = max(epochs / config.epochs, spent / limit)
    pixels = [config.side(epoch) ** 2 for epoch in range(config.epochs)]
    now = pixels[min(int(share * config.epochs), config.epochs - 1)]
    whole = int(epochs)
    left = sum(pixels[whole:]) - (epochs - whole) * pixels[min(whole, config.epochs - 1)]
    present = (math.ceil(epochs) - epochs) * an_epoch
    after = math.ceil(max(limit - spent - present, 0) / an_epoch) * an_epoch if config.minutes else float("inf")
    return min(left / now * an_epoch, present + after) * (1 + FORWARD * VALIDATION)


def runs_table(models: Iterable[SavedModel]) -> pd.DataFrame:
    """One row a run, in the order of `models`; models that were combined or imported were not run and are left out.

    Columns: `run, status, network, scheme, epochs` done, `at_most, recall` (best macro recall on the validation faces,
    in [0, 1]), `started` (UTC), `seconds` of training. NaN where there is no number yet, or the model is damaged.
    """
    columns = ["run", "status", "network", "scheme", "epochs", "at_most", "recall", "started", "seconds"]
    rows = [_row(model) for model in models if model.was_run]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(started=pd.to_datetime(table["started"], utc=True, format="ISO8601"))


def _row(model: SavedModel) -> dict:
    row = {"run": model.id, "status": model.status, "epochs": 0}
    if model.problem:
        return row
    history = model.history()
    row |= {key: model.record[key] for key in ("network", "scheme")}
    row |= {"at_most": model.record["settings"].get("epochs"), "started": model.record["created"]}
    if len(history):
        row |= {"epochs": len(history), "recall": history["val_recall"].max(), "seconds": history["seconds"].sum()}
    return row
