"""Networks for training that are as after some steps, and pictures that they tell apart."""

import keras
import numpy as np

from fer_core.networks import training_network
from fer_core.networks.layers import FusedNorm

PIXELS = {"mean": 0.5, "std": 0.25}


def checks(n: int) -> np.ndarray:
    """Random checks of 8 px, uint8 `(n, 48, 48)`: unlike noise, they differ after many poolings."""
    return np.random.default_rng(0).integers(0, 256, (n, 6, 6), np.uint8).repeat(8, 1).repeat(8, 2)


def as_input(images: np.ndarray) -> np.ndarray:
    """Images as networks take them: float32 `(n, 48, 48, 1)`, 0 to 255."""
    return images[..., np.newaxis].astype(np.float32)


def shaken(name: str, **kwargs) -> keras.Model:
    """A network of six classes whose normalisations have scales, offsets, and the statistics of some checks."""
    keras.utils.set_random_seed(0)
    network = training_network(name, 6, **PIXELS, **kwargs)
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, (FusedNorm, keras.layers.BatchNormalization)):
            layer.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
            layer.momentum = 0.0
    network(as_input(checks(16)), training=True)
    return network


def probabilities(network: keras.Model, images: np.ndarray, **kwargs) -> np.ndarray:
    """What a network for training says of `images`, uint8 `(n, 48, 48)`."""
    return keras.ops.convert_to_numpy(keras.ops.softmax(network(as_input(images), **kwargs)["label"]))
