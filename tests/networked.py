"""Saved models for tests that hold a network, which learned nothing."""

import numpy as np
import pandas as pd
from saved import start_model

from fer_core import store
from fer_core.data import FaceDataset
from fer_core.evaluation.scoring import predict_dataset
from fer_core.integrity import CURVES
from fer_core.labels import get_scheme
from fer_core.training.saving import save_trained


def save_network(name: str, dataset: FaceDataset, scheme_name: str, network) -> store.SavedModel:
    """A finished model of `network`, scored on `dataset`."""
    scheme = get_scheme(scheme_name)
    model = start_model(name, dataset, scheme_name)
    curves = dict.fromkeys([*CURVES, *(f"val_recall_{label}" for label in scheme.labels)], 1)
    pd.DataFrame([curves]).to_csv(model.folder / "history.csv", index=False)
    rows = {"train": len(dataset.rows("train", scheme)), "left_out": 0}
    pixels = {"mean": 0.5, "std": 0.25}
    return save_trained(model, network, predict_dataset(network, dataset, scheme), pixels=pixels, rows=rows)


def save_constant(name: str, dataset: FaceDataset, scheme: str, probabilities: tuple[float, ...]) -> store.SavedModel:
    """A finished model that answers `probabilities` to every face: weights of 0, and their logarithms as biases."""
    import keras

    faces = keras.Input((48, 48, 1))
    head = keras.layers.Dense(len(probabilities), activation="softmax")
    network = keras.Model(faces, head(keras.layers.GlobalAveragePooling2D()(faces)), name="compact")
    head.set_weights([np.zeros((1, len(probabilities))), np.log(probabilities)])
    return save_network(name, dataset, scheme, network)


def learned_network(dataset: FaceDataset, scheme_name: str, *, largest: int = 255, order: list[int] | None = None):
    """A Keras model of one layer that knows the drawn faces by heart: least squares on their coarse pixels.

    It takes pixels from 0 to `largest`, a larger one for that, and gives its classes in `order`, else the scheme's.
    """
    import keras

    scheme = get_scheme(scheme_name)
    rows = np.concatenate([dataset.rows(split, scheme) for split in ("train", "validation", "test")])
    coarse = dataset.images[rows].reshape(-1, 24, 2, 24, 2).mean(axis=(2, 4)).reshape(len(rows), -1) / 255
    logits = 8 * np.eye(len(scheme))[scheme.classes(dataset.emotion[rows])]
    *kernel, bias = np.linalg.lstsq(np.c_[coarse, np.ones(len(rows))], logits, rcond=1e-4)[0]
    order = order or list(range(len(scheme)))
    network = keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            keras.layers.ReLU(max_value=largest),
            keras.layers.AveragePooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(len(scheme), activation="softmax"),
        ]
    )
    network.layers[-1].set_weights([np.array(kernel)[:, order] / largest, bias[order]])
    return network
