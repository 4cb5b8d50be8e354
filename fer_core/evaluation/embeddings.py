"""Embeddings: what a saved model's last hidden layer says of each face of a dataset, the input of its head.

Where a network looks at the face and at its mirror image, the mean of both; where several networks are combined, theirs
side by side, in the order in which Keras calls them. A layer wider than `WIDEST`, such as the study's first network
has, is brought to that width by a sparse random projection, which keeps distances within a few percent (Li, Hastie &
Church 2006, doi:10.1145/1150402.1150436).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from fer_core.arrays import read_arrays
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError
from fer_core.evaluation.inner import last_with_weights, with_inner
from fer_core.evaluation.scoring import BATCH, pixels
from fer_core.paths import data_dir, write_atomic
from fer_core.store import SavedModel, check_trained, load_network

WIDEST = 2048
"""Values a face at most: 294 MB for FER2013."""

Progress = Callable[[int, int], None]
"""Told how many faces are done, and of how many."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Of every row of a dataset: `vectors` float32 `(n, d)`, and `probabilities` of the classes float32 `(n, k)`."""

    vectors: np.ndarray
    probabilities: np.ndarray


def find_embeddings(model: SavedModel, dataset: FaceDataset, progress: Progress = lambda done, n: None) -> Embeddings:
    """`Embedder.measure` of all faces, kept in the data folder under the model's sha256 and the fingerprint.

    Only where there are none yet, TensorFlow is loaded. Raises `ModelError` for a model that is not trained or damaged.
    """
    path = kept_as("embeddings", check_trained(model), dataset)
    if kept := read_arrays(path, [field.name for field in fields(Embeddings)]):
        return Embeddings(**kept)
    network = load_network(model)
    try:
        found = Embedder(network).measure(dataset.images, progress)
    except ModelError as error:
        raise ModelError(f"model {model.id!r}: {error}") from error
    with suppress(OSError):  # on a full disk they are measured anew the next time
        write_atomic(path, lambda file: np.savez(file, **vars(found)))
    return found


def kept_as(what: str, model: SavedModel, dataset: FaceDataset) -> Path:
    """Where `what` (`embeddings`, `atlas`), measured with this network on these faces, is kept."""
    return data_dir() / "cache" / f"{what}-{model.record['sha256'][:16]}-{dataset.fingerprint[:16]}.npz"


class Embedder:
    """A Keras model of raw pixels `(n, 48, 48, 1)` that tells what its last hidden layer says.

    Raises `ModelError` for a network that doesn't end in a Dense layer.
    """

    def __init__(self, network) -> None:
        self._network, origins = with_inner(network, _head, inputs=True)
        self._parts = [str(id(origin.network)) for origin in origins]  # both halves of a mirrored model are the same

    def measure(self, images: np.ndarray, progress: Progress = lambda done, n: None) -> Embeddings:
        """Of `images`, uint8 `(n, 48, 48)`, asked in batches."""
        vectors, probabilities = [], []
        progress(0, len(images))
        for start in range(0, len(images), BATCH):
            *features, answers = self._network(pixels(images[start : start + BATCH]), training=False)
            side_by_side = np.concatenate(_means(list(map(np.asarray, features)), self._parts), axis=1)
            vectors.append(_narrowing(side_by_side.shape[1])(side_by_side))
            probabilities.append(np.asarray(answers))
            progress(min(start + BATCH, len(images)), len(images))
        return Embeddings(np.concatenate(vectors), np.concatenate(probabilities))


def _head(network) -> list | None:
    """The last layer of a network that learned something; None where its end are networks inside."""
    import keras

    head = last_with_weights(network)
    if isinstance(head, keras.Model):
        return None
    if not isinstance(head, keras.layers.Dense) or len(head.input.shape) != 2:
        found = "no layer that learns" if head is None else type(head).__name__
        raise ModelError(f"expected a network that ends in a Dense layer, found {found}: it has no last hidden layer")
    return [head]


def _means(features: list[np.ndarray], parts: list[str]) -> list[np.ndarray]:
    """The mean of the arrays of each part, in the order of the first ones."""
    of_part = ([one for one, its in zip(features, parts, strict=True) if its == part] for part in dict.fromkeys(parts))
    return [np.mean(arrays, axis=0) for arrays in of_part]


@cache
def _narrowing(width: int) -> Callable[[np.ndarray], np.ndarray]:
    """What brings float32 `(n, width)` to at most `WIDEST` values a row; itself where that is so."""
    if width <= WIDEST:
        return np.asarray
    from sklearn.random_projection import SparseRandomProjection

    projection = SparseRandomProjection(WIDEST, random_state=0).fit(np.zeros((1, width), np.float32))
    return lambda features: projection.transform(features).astype(np.float32)
