"""Saved models for tests that hold a network, which learned nothing."""

import numpy as np
import pandas as pd
from saved import start_model

from fer_core import store
from fer_core.data import FaceDataset
from fer_core.evaluation.scoring import predict_dataset
from fer_core.labels import get_scheme
from fer_core.training.saving import save_trained


def save_network(name: str, dataset: FaceDataset, scheme_name: str, network) -> store.SavedModel:
    """A finished model of `network`, scored on `dataset`."""
    scheme = get_scheme(scheme_name)
    model = start_model(name, dataset, scheme_name)
    pd.DataFrame({"epoch": [1]}).to_csv(model.folder / "history.csv", index=False)
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
