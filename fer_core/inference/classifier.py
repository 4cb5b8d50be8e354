"""A network that is ready to look at faces."""

from collections.abc import Callable

import numpy as np

from fer_core.data.dataset import SIDE
from fer_core.errors import ModelError
from fer_core.store import load_network, open_trained

BATCH = 256
"""Faces shown at a time, so that the memory for a large folder stays bounded."""


class Classifier:
    """Probabilities of expressions from faces, traced once for any number of them (2.7 ms instead of 150 for one face).

    `network` is a Keras model or another TensorFlow function that maps float32 `(n, 48, 48, 1)`, 0 to 255, to
    probabilities `(n, k)`; `labels` names the k classes. Raises `ModelError` where k differs. Safe to share between
    threads.
    """

    def __init__(self, network: Callable, labels: tuple[str, ...]) -> None:
        import tensorflow as tf

        self.labels = tuple(labels)
        signature = tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32)
        # without autograph, which a network of layers doesn't need, and which writes what it makes to a file
        answer = tf.function(lambda faces: network(faces, training=False), autograph=False)
        self._network = answer.get_concrete_function(signature)
        outputs = tuple(self._network.structured_outputs.shape)
        if outputs != (None, len(self.labels)):
            raise ModelError(
                f"expected probabilities of shape (n, {len(self.labels)}) from the network, found {outputs}"
            )

    @classmethod
    def load(cls, model_id: str) -> "Classifier":
        """The saved model called `model_id`; `ModelError` where it is missing, unfinished or damaged."""
        model = open_trained(model_id)
        return cls(load_network(model), model.labels)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """What `images`, uint8 `(n, 48, 48)`, show: float32 `(n, k)`, each row summing to 1.

        Raises `ValueError` for any other array.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"images: expected uint8 of shape (n, 48, 48), found {images.dtype} of shape {images.shape}"
            )
        result = np.empty((len(images), len(self.labels)), np.float32)
        for start in range(0, len(images), BATCH):
            faces = images[start : start + BATCH, ..., None].astype(np.float32)  # (b, 48, 48, 1)
            result[start : start + BATCH] = self._run(faces)
        return result

    def _run(self, faces: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        return self._network(tf.constant(faces)).numpy()
