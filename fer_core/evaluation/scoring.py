"""Runs a network over the validation and test faces of a dataset: the step from a model to its predictions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fer_core.data.copies import audit
from fer_core.data.dataset import FaceDataset
from fer_core.errors import DatasetError
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import PARTS, Predictions, predictions_frame
from fer_core.integrity import SCORED
from fer_core.labels import ClassScheme

BATCH = 256
AT_ONCE = 2
"""Batches: in the process of a run that computes in two parts, TensorFlow gives each only half of the cores."""


def predict_dataset(network: Callable, dataset: FaceDataset, scheme: ClassScheme) -> Predictions:
    """Ask `network` about every validation and test face of `dataset` that has a class of `scheme`."""
    rows = scored_rows(dataset, scheme)
    return answered(dataset, scheme, rows, probabilities(network, dataset.images, rows))


def scored_rows(dataset: FaceDataset, scheme: ClassScheme) -> np.ndarray:
    """The rows that models are scored on: validation and test faces with a class of `scheme`; int64, ascending."""
    rows = np.sort(np.concatenate([dataset.rows(split, scheme) for split in SCORED]))
    if not len(rows):
        raise DatasetError(
            f"{dataset.source}: expected PrivateTest or PublicTest faces of {', '.join(scheme.labels)}, found none"
        )
    return rows


def answered(dataset: FaceDataset, scheme: ClassScheme, rows: np.ndarray, y_prob: np.ndarray) -> Predictions:
    """The predictions of a network that answered `y_prob`, `(len(rows), k)`, to the faces at `rows`."""
    usage, label, leak = dataset.usage[rows], scheme.classes(dataset.emotion[rows]), audit(dataset).leak[rows]
    return Predictions(predictions_frame(rows, usage, label, leak, y_prob, scheme.labels), scheme.labels)


def probabilities(network: Callable, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What `network`, a Keras model, answers to `images[rows]`, uint8 `(n, 48, 48)`: float32 `(len(rows), k)`.

    It is told that this is no training: behind a `Resizing` layer a network inside would take it for one (Keras 3.15).
    """

    def answer(start: int) -> np.ndarray:
        return np.asarray(network(pixels(images[rows[start : start + BATCH]]), training=False))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return np.concatenate(list(threads.map(answer, range(0, len(rows), BATCH))))


def headline(predictions: Predictions) -> dict:
    """The scores that stand in `model.json`: split → part → n, accuracy and macro recall with their intervals."""
    return {split: {part: summary(predictions.select(split, part)).to_json() for part in PARTS} for split in SCORED}


def pixels(images: np.ndarray) -> np.ndarray:
    """Faces, uint8 `(n, 48, 48)`, as networks take them: float32 `(n, 48, 48, 1)`, 0 to 255."""
    return images[..., np.newaxis].astype(np.float32)  # (n, 48, 48, 1)
