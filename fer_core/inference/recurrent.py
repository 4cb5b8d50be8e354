"""The recurrent network of a saved model, at work on a timeline."""

import numpy as np

from fer_core.errors import ModelError
from fer_core.evaluation.embeddings import Embedder
from fer_core.inference.timeline import Timeline, Watched
from fer_core.networks.recurrent import with_gaps
from fer_core.recurrent import find_recurrent, load_recurrent
from fer_core.store import SavedModel, load_network


class Reader:
    """Reads each face forwards and backwards over the whole recording. Safe to share between threads.

    Raises `ModelError` where `model` has no recurrent network, or it is damaged.
    """

    def __init__(self, model: SavedModel) -> None:
        saved = find_recurrent(model)
        if saved is None:
            raise ModelError(
                f"{model.id}: expected a recurrent network beside it, found none; run recurrent {model.id}"
            )
        self._embedder, self._over_time = Embedder(load_network(model)), load_recurrent(saved)

    def read(self, watched: Watched, timeline: Timeline) -> Timeline:
        """`timeline`, which was made of `watched`, with the probabilities of the recurrent network."""
        if not len(watched.face):
            return timeline
        vectors = self._embedder.measure(watched.crops).vectors
        return timeline.read_again(self._ask, vectors)

    def _ask(self, vectors: np.ndarray) -> np.ndarray:
        seen = np.flatnonzero(~np.isnan(vectors[:, 0]))
        first, last = seen[0], seen[-1] + 1  # before and after, it would read nothing but gaps
        y_prob = np.full((len(vectors), self._over_time.output_shape[-1]), np.nan)
        y_prob[first:last] = np.asarray(self._over_time(with_gaps(vectors[None, first:last])))[0]
        return y_prob
