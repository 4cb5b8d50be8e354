"""The recurrent network that reads a face over time, and its files beside the model whose embeddings it reads.

| file | what |
|---|---|
| `timeline.keras` | stock layers: `(n, t, d + 1)`, an embedding and 1, or zeros in a gap, to `(n, t, k)` |
| `timeline.json` | `format` 1, the `network`'s sha256 (that of `model.keras`), its own `sha256`, settings, `scores` |

It reads forwards and backwards, so that a change is seen from both sides; it needs the whole recording.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_core.errors import ModelError
from fer_core.integrity import sha256_of
from fer_core.paths import write_atomic
from fer_core.store import SavedModel

FORMAT = 1
UNITS = 48
"""Of the GRU in either direction."""


@dataclass(frozen=True, eq=False)
class SavedRecurrent:
    """The recurrent network's file beside a model, and what `timeline.json` says of it."""

    path: Path
    record: dict


def build(features: int, classes: int, mean: np.ndarray, std: np.ndarray, *, units: int = UNITS, drop: float = 0.3):
    """A GRU (Cho et al. 2014, arXiv:1406.1078) in both directions over standardised embeddings.

    `mean` and `std`, float `(features,)`, are those of the embeddings that it learns from.
    """
    import keras
    from keras import layers

    inputs = keras.Input((None, features + 1), name="embeddings")
    # what says whether a face is seen stays as it is; in a gap it is 0, and so is all of the step
    scale = layers.Normalization(mean=np.append(mean, 0), variance=np.append(std, 1) ** 2, name="standardise")
    seen = inputs[..., -1:]
    x = layers.Multiply(name="gaps")([scale(inputs), seen])
    x = layers.Dropout(drop, name="drop")(x)
    x = layers.Bidirectional(layers.GRU(units, return_sequences=True), name="gru")(x)
    x = layers.Dropout(drop, name="drop_after")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax", name="probabilities")(x), name="timeline")


def with_gaps(vectors: np.ndarray) -> np.ndarray:
    """Embeddings `(…, t, d)`, NaN where no face is seen, as the network takes them: float32 `(…, t, d + 1)`."""
    seen = ~np.isnan(vectors[..., :1])
    return np.concatenate([np.where(seen, vectors, 0), seen], axis=-1, dtype=np.float32)


def save_recurrent(model: SavedModel, network, record: dict) -> SavedRecurrent:
    """Put `network` beside `model`; the record comes last, so that it never speaks of a missing file."""
    saved = SavedRecurrent(model.folder / "timeline.keras", record)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / saved.path.name
        network.save(whole)
        data = whole.read_bytes()
    write_atomic(saved.path, lambda file: file.write(data))
    record |= {"format": FORMAT, "network": model.record["sha256"], "sha256": sha256_of(saved.path)}
    text = json.dumps(record, indent=2) + "\n"
    write_atomic(saved.path.with_suffix(".json"), lambda file: file.write(text.encode()))
    return saved


def find_recurrent(model: SavedModel) -> SavedRecurrent | None:
    """The recurrent network that lies beside `model`; None where there is none.

    Raises `ModelError` where its record cannot be read, or it was trained for another network.
    """
    saved = model.folder / "timeline.keras"
    record_file = saved.with_suffix(".json")
    if not record_file.exists():
        return None
    try:
        record = json.loads(record_file.read_text(encoding="utf-8"))
        known = record["format"] == FORMAT and isinstance(record["sha256"], str)
        network = record["network"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{model.id}/timeline.json: expected a readable record, found: {error}; remove it") from error
    if not known or network != model.record.get("sha256"):
        raise ModelError(f"{model.id}/timeline.json: expected one trained for this network, found another's; remove it")
    return SavedRecurrent(saved, record)


def load_recurrent(saved: SavedRecurrent):
    """The Keras model, loaded in safe mode; `ModelError` where it isn't the one that was saved."""
    if not saved.path.exists() or sha256_of(saved.path) != saved.record["sha256"]:
        raise ModelError(
            f"{saved.path}: expected the file of which timeline.json speaks, found another or none; train it again"
        )
    import keras

    return keras.saving.load_model(saved.path, safe_mode=True, compile=False)
