"""The training faces that a saved model takes for most alike to a face.

Alike is told by the cosine between embeddings, what the model's last hidden layer says: 1 for the same direction.
"""

import threading

import numpy as np

from fer_core.data.dataset import FaceDataset
from fer_core.errors import DatasetError, FerError
from fer_core.evaluation.embeddings import Embedder, find_embeddings
from fer_core.store import SavedModel, load_network


class Nearest:
    """Looks faces up among the training faces of `dataset`, whose embeddings are measured, or read where they are kept.

    `progress` is told how many are done, and of how many. Safe to share between threads. Raises `DatasetError` where
    there is no training face, `ModelError` for a damaged model or one without a last hidden layer.
    """

    def __init__(self, model: SavedModel, dataset: FaceDataset, progress=lambda done, n: None) -> None:
        self.rows = np.flatnonzero(dataset.of_usage("Training"))
        if not len(self.rows):
            raise DatasetError(f"{dataset.source}: expected Training faces to look among, found none")
        self._embedder, self._lock = Embedder(load_network(model)), threading.Lock()
        self._directions = _directions(find_embeddings(model, dataset, progress).vectors[self.rows])

    def find(self, images: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the `n` nearest to each of `images`, uint8 `(m, 48, 48)`, the nearest first; and their cosines.

        int64 and float32, `(m, n)`; fewer where there are fewer training faces.
        """
        with self._lock:
            asked = _directions(self._embedder.measure(images).vectors)
        cosines = asked @ self._directions.T  # (m, training faces)
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
        return self.rows[order], np.take_along_axis(cosines, order, axis=1)


class Measuring:
    """Makes a `Nearest` in a thread of its own, so that nobody has to wait who doesn't look at it.

    `nearest` is None until it is there; `problem` says what came between; `done` of `n` faces are looked at.
    """

    def __init__(self, model: SavedModel, dataset: FaceDataset) -> None:
        self.done, self.n = 0, len(dataset)
        self.nearest: Nearest | None = None
        self.problem = ""
        self._thread = threading.Thread(target=self._measure, args=(model, dataset), daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until it has ended, but no longer than `seconds`."""
        self._thread.join(seconds)

    def _measure(self, model: SavedModel, dataset: FaceDataset) -> None:
        try:
            self.nearest = Nearest(model, dataset, self._tell)
        except Exception as error:
            self.problem = str(error) if isinstance(error, FerError) else f"{type(error).__name__}: {error}"
            if not isinstance(error, FerError):
                raise

    def _tell(self, done: int, n: int) -> None:
        self.done, self.n = done, n


def _directions(vectors: np.ndarray) -> np.ndarray:
    """Float32 `(n, d)`, each row of length 1; one of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
