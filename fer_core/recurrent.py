"""The files of the recurrent network that lies beside the model whose embeddings it reads; `networks.recurrent` is it.

| file | what |
|---|---|
| `timeline.keras` | stock layers: `(n, t, d + 1)`, an embedding and 1, or zeros in a gap, to `(n, t, k)` |
| `timeline.json` | `format` 1, the `network`'s sha256 (that of `model.keras`), its own `sha256`, settings, `scores` |
"""

import json
from dataclasses import dataclass
from pathlib import Path

from fer_core.errors import ModelError
from fer_core.integrity import sha256_of
from fer_core.paths import write_text
from fer_core.store import SavedModel, write_network

FORMAT = 1
SINGLE_FACES = (
    "The temperature or operating point of this model was fitted for its answers to single faces, and isn't used here: "
    "the recurrent network has probabilities of its own."
)


@dataclass(frozen=True, eq=False)
class SavedRecurrent:
    """The recurrent network's file beside a model, and what `timeline.json` says of it."""

    path: Path
    record: dict


def save_recurrent(model: SavedModel, network, record: dict) -> SavedRecurrent:
    """Put `network` beside `model`; the record comes last, so that it never speaks of a missing file."""
    path = model.folder / "timeline.keras"
    write_network(network, path)
    whole = record | {"format": FORMAT, "network": model.record["sha256"], "sha256": sha256_of(path)}
    text = json.dumps(whole, indent=2) + "\n"
    write_text(path.with_suffix(".json"), text)
    return SavedRecurrent(path, whole)


def has_recurrent(model: SavedModel) -> bool:
    """Whether one lies beside `model`, whatever its record says."""
    return (model.folder / "timeline.json").exists()


def find_recurrent(model: SavedModel) -> SavedRecurrent | None:
    """The recurrent network that lies beside `model`; None where there is none.

    Raises `ModelError` where its record cannot be read, or it was trained for another network.
    """
    if not has_recurrent(model):
        return None
    saved = model.folder / "timeline.keras"
    record_file = saved.with_suffix(".json")
    try:
        record = json.loads(record_file.read_text(encoding="utf-8"))
        known = record["format"] == FORMAT and isinstance(record["sha256"], str)
        network = record["network"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{model.id}/timeline.json: expected a readable record, found: {error}; remove it") from error
    if not known or network != model.record.get("sha256"):
        raise ModelError(f"{model.id}/timeline.json: expected one trained for this network, found another's; remove it")
    return SavedRecurrent(saved, record)


def check_recurrent(saved: SavedRecurrent) -> SavedRecurrent:
    """Return `saved` if its file is the one that was saved, else raise `ModelError`."""
    if not saved.path.exists() or sha256_of(saved.path) != saved.record["sha256"]:
        raise ModelError(
            f"{saved.path}: expected the file of which timeline.json speaks, found another or none; train it again"
        )
    return saved


def load_recurrent(saved: SavedRecurrent):
    """The Keras model, loaded in safe mode; `ModelError` where it isn't the one that was saved."""
    check_recurrent(saved)
    import keras  # costs seconds: only who reads a recording pays for it

    return keras.saving.load_model(saved.path, safe_mode=True, compile=False)
