"""Saved models for tests: real folders of the store whose predictions and curves are drawn from a seed, not learned."""

import numpy as np
import pandas as pd

from fer_core import store
from fer_core.data import FaceDataset
from fer_core.data.copies import audit
from fer_core.evaluation.predictions import Predictions, predictions_frame
from fer_core.evaluation.scoring import headline
from fer_core.labels import get_scheme
from fer_core.training.config import TrainConfig

CURVES = 6
"""Epochs in the history."""


def start_model(name: str, dataset: FaceDataset, scheme: str = "study") -> store.SavedModel:
    """A run that has told nothing yet."""
    record = {
        "scheme": scheme,
        "labels": list(get_scheme(scheme).labels),
        "network": "compact",
        "settings": TrainConfig(scheme=scheme).to_json(),
        "dataset": {"source": dataset.source, "fingerprint": dataset.fingerprint, "drawn": dataset.drawn},
        "versions": {},
    }
    return store.create_model(name, record)


def save_model(
    name: str, dataset: FaceDataset, seed: int = 0, skill: float = 1.5, scheme: str = "study"
) -> store.SavedModel:
    """A finished model that is right the more often the larger `skill`; its network file is no network."""
    model = start_model(name, dataset, scheme)
    predictions = _draw(dataset, seed, skill, scheme)
    predictions.frame.to_parquet(model.folder / "predictions.parquet")
    _history(predictions.labels, seed).to_csv(model.folder / "history.csv", index=False)
    model.weights_file.write_bytes(b"no network")
    return store.update_record(
        model,
        parameters=4_700_000,
        pixels={"mean": 0.5, "deviation": 0.25},
        rows={"train": int((dataset.usage == "Training").sum()), "left_out": 0},
        sha256=store.sha256_of(model.weights_file),
        scores=headline(predictions),
    )


def answers(dataset: FaceDataset, seed: int = 0, skill: float = 1.5, scheme: str = "study") -> pd.DataFrame:
    """The table that somebody brings of what a network elsewhere answered, as right as that of `save_model`."""
    frame = _draw(dataset, seed, skill, scheme).frame
    return frame.drop(columns=["usage", "label", "leak"]).rename(columns=lambda name: name.removeprefix("p_"))


def _draw(dataset: FaceDataset, seed: int, skill: float, scheme_name: str) -> Predictions:
    scheme, rng = get_scheme(scheme_name), np.random.default_rng(seed)
    rows = np.sort(np.concatenate([dataset.rows(split, scheme) for split in ("validation", "test")]))
    classes = scheme.classes(dataset.emotion[rows])
    skills = skill * rng.uniform(0.6, 1.4, len(scheme))
    logit = rng.normal(size=(len(rows), len(scheme))) + np.diag(skills)[classes]
    y_prob = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
    leak = audit(dataset).leak[rows]
    return Predictions(
        predictions_frame(rows, dataset.usage[rows], classes, leak, y_prob, scheme.labels), scheme.labels
    )


def _history(labels: tuple[str, ...], seed: int) -> pd.DataFrame:
    rng, epoch = np.random.default_rng(seed), np.arange(1, CURVES + 1)
    rise = 1 - np.exp(-epoch / 2)
    history = {"epoch": epoch, "side": 48}
    for prefix, top in (("", 0.75), ("val_", 0.65)):
        history |= {f"{prefix}loss": 1.8 - top * rise, f"{prefix}accuracy": top * rise, f"{prefix}recall": top * rise}
    history |= {f"val_recall_{label}": rng.uniform(0.4, 0.9) * rise for label in labels}
    return pd.DataFrame(history | {"learning_rate": 0.06 * (1 - epoch / CURVES), "seconds": 12.5})
