"""Tuning: one run for each combination of the values that are tried, and what the validation faces say of each.

They are runs like any other: they queue, resume, and stand on the page Train. What is tried has a name of its own, so
the same, asked for again, goes on with the runs that there are. Nothing here looks at the test split.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from fer_core import store
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError
from fer_core.paths import models_dir
from fer_core.store import SavedModel
from fer_core.training import runs
from fer_core.training.config import TrainConfig
from fer_core.training.settings import as_word

MOST = 16
"""Runs at a time: each waits in a process of its own."""
FEW = 2
"""Settings in which runs may differ that are set beside each other."""


def variations(config: TrainConfig, tried: Mapping[str, Sequence]) -> list[TrainConfig]:
    """`config` with every combination of the values `tried`, setting → values.

    Settings vary in the order of `TrainConfig`, the last one fastest, whoever names them in which order. Raises
    `ValueError` where there are fewer than two or more than `MOST`, two alike, or one that cannot work.
    """
    tried = {setting: tried[setting] for setting in _DEFAULTS if setting in tried}
    combinations = list(itertools.product(*tried.values()))
    if not 2 <= len(combinations) <= MOST:
        raise ValueError(f"values to try: expected 2 to {MOST} combinations, found {len(combinations)}")
    configs = [replace(config, **dict(zip(tried, values, strict=True))) for values in combinations]
    if len(set(configs)) < len(configs):
        raise ValueError("values to try: expected each value once, found one twice")
    return configs


def create(
    configs: Sequence[TrainConfig], dataset: FaceDataset, name: str | None = None, *, skip_bad: bool = False
) -> list[SavedModel]:
    """The runs of `configs`, called `name` and a number each; those that were missing are made, not started.

    Without `name` it is the network's and four hexadecimal digits that tell these settings and faces from others.
    Raises as `runs.create_run`, and `ModelError` where a run of that name has other settings or faces; then none is
    made.
    """
    records = [runs.new_record(config, dataset, skip_bad=skip_bad) for config in configs]
    stem = name or f"{configs[0].network}-{_key(records)}"
    wishes = {store.check_name(f"{stem}-{number}"): record for number, record in enumerate(records, 1)}
    with runs.naming():
        missing = [name for name, record in wishes.items() if not _there(name, record)]
        for name in missing:
            store.create_model(name, wishes[name])
        return [store.open_model(name) for name in wishes]


def beside(model: SavedModel, others: Iterable[SavedModel]) -> list[SavedModel]:
    """Of `others` those of the same classes and faces whose settings differ from those of `model` in `FEW` at most."""
    return [
        other
        for other in others
        if other.id != model.id
        and not other.problem
        and other.was_run
        and other.labels == model.labels
        and other.record["dataset"]["fingerprint"] == model.record["dataset"]["fingerprint"]
        and len(_varied([model, other])) <= FEW
    ]


def results(models: Sequence[SavedModel]) -> pd.DataFrame:
    """What became of each run on the validation faces, the best of the trained ones first.

    Columns: `run`; each setting in which they differ, as `settings.as_word`; `status`; epochs `done`; `recall`, the
    macro recall, in [0, 1], of the saved model or else of the best epoch so far; and of a saved model `low`, `high`,
    its 95 % interval, and `n` faces. NaN where there is no number yet.
    """
    varied = _varied(models)
    rows = [
        {"run": model.id} | {key: as_word(_settings(model)[key]) for key in varied} | _result(model) for model in models
    ]
    columns = ["run", *varied, "status", "done", "recall", "low", "high", "n"]
    results = pd.DataFrame(rows, columns=columns)
    ranks = results.assign(trained=results["n"].notna())  # the best epoch of one that goes on is no score of a model
    return results.loc[ranks.sort_values(["trained", "recall"], ascending=False).index].reset_index(drop=True)


def _result(model: SavedModel) -> dict:
    history = model.history()
    result = {"status": model.status, "done": len(history)}
    if not model.trained:
        return result | ({"recall": history["val_recall"].max()} if len(history) else {})
    scores = model.scores["validation"]["raw"]
    return result | {
        "recall": scores["macro_recall"],
        "low": scores["macro_recall_low"],
        "high": scores["macro_recall_high"],
        "n": scores["n"],
    }


def _varied(models: Sequence[SavedModel]) -> list[str]:
    """The settings in which `models` differ, in the order of `TrainConfig`."""
    return [key for key in _DEFAULTS if len({as_word(_settings(model).get(key)) for model in models}) > 1]


def _settings(model: SavedModel) -> dict:
    return _DEFAULTS | model.record["settings"]


_DEFAULTS = TrainConfig().to_json()


def _there(name: str, record: dict) -> bool:
    """Whether the run is there already; `ModelError` where one of that name learns something else."""
    if not (models_dir() / name).exists():
        return False
    if _learns(store.open_model(name).record) != _learns(record):
        raise ModelError(
            f"model name: expected {name!r} to be free or the run that is asked for, found another; choose another name"
        )
    return True


def _learns(record: dict) -> list:
    """What decides what a run becomes: its settings, faces and labels, and the models that it starts or learns from."""
    settings = {key: value for key, value in record["settings"].items() if value != _DEFAULTS.get(key)}
    data = [record["dataset"].get(key) for key in ("fingerprint", "votes_sha256", "version_sha256")]
    others = [record.get("parent", {}), *record.get("teachers", [])]
    return [settings, data, [other.get("sha256") for other in others]]


def _key(records: Sequence[dict]) -> str:
    told = json.dumps([_learns(record) for record in records], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:4]
