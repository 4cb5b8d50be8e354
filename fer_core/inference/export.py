"""A saved model in the format of another runtime."""

import shutil
from pathlib import Path

import numpy as np

from fer_core.data.dataset import SIDE
from fer_core.errors import ModelError
from fer_core.store import SavedModel, load_network

SUFFIX = {"keras": ".keras", "litert": ".tflite", "onnx": ".onnx"}


def export_network(model: SavedModel, kind: str, path: Path | None = None) -> Path:
    """Write the network of `model` as `keras`, `litert` or `onnx`; returns the file, by default `<id><suffix>` here.

    Each takes raw pixels 0 to 255 and returns probabilities, as `model.keras` does. Raises `ModelError` where the
    format's library is missing or the file cannot be written.
    """
    path = path or Path(model.id + SUFFIX[kind])
    network = load_network(model)
    try:
        if kind == "keras":
            shutil.copyfile(model.weights_file, path)
        else:
            network(np.zeros((1, SIDE, SIDE, 1), np.float32))  # Keras exports what was called only
            network.export(path, format=kind, verbose=False)
    except ImportError as error:
        raise ModelError(
            f"{kind}: expected its library, found none ({error}); install it, or export as keras"
        ) from error
    except OSError as error:
        raise ModelError(f"{path}: expected a file that can be written, found: {error.strerror}") from error
    return path
