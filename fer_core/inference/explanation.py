"""Where a network looked: the parts of a face that raise the probability of a class.

Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) of the last feature map: its channels, weighted by the gradient of
the class's score, summed, negative sums cut off. Two things differ from the paper, and on its own kind of network,
one that averages its last map, change nothing but the score:

- The gradient isn't averaged over the map's positions first (HiResCAM, Draelos & Carin 2020, arXiv:2011.08891). Where a
  network flattens its map, as the study's do, the average marks places that the network doesn't look at.
- The score is the logarithm of the probability, not the logit: so it says what speaks for this class rather than
  another, and a model made of several networks, whose probabilities are multiplied or averaged, has one too.
"""

import threading
from collections.abc import Iterator
from itertools import dropwhile

import numpy as np

from fer_core.data.dataset import SIDE
from fer_core.errors import ModelError
from fer_core.evaluation.inner import Look, last_with_weights, with_inner
from fer_core.store import load_network, open_trained

BATCH = 64
"""Faces explained at a time, so that memory stays bounded."""
COARSE, FINE = 2, 10
"""The last feature map with at least so many cells a side is drawn: the very last, mostly 3 × 3, or a finer one."""
HEADS = 5
"""Random heads that a heat map is compared with."""

_SMALLEST = 1e-30  # a probability below has no logarithm that float32 could tell


class Explainer:
    """Heat maps of a Keras model that maps float32 `(n, 48, 48, 1)`, 0 to 255, to probabilities `(n, k)`.

    Networks inside it, such as the halves of a mirrored model and the parts of a combined one, are explained
    together. `cells` is the height and width of the map that is enlarged to the face, of its finest part. Give it a
    network of its own: `correlation_with_random_heads` changes weights for a moment. Safe to share between threads.
    Raises `ModelError` for a network without a feature map, or of other than k = `len(labels)` classes.
    """

    def __init__(self, network, labels: tuple[str, ...], *, fine: bool = False) -> None:
        self.labels = tuple(labels)
        if network.output_shape != (None, len(self.labels)):
            raise ModelError(f"expected probabilities of shape (n, {len(self.labels)}), found {network.output_shape}")
        with_maps, looks = _with_maps(network, FINE if fine else COARSE)
        if not looks:
            raise ModelError("expected a network with convolutions, found none: there is no feature map to draw")
        self.cells = max(tuple(found.shape[1:3]) for found in with_maps.outputs[:-1])
        self._heads = list(_heads(network))
        self._heat = _traced(with_maps, looks)
        self._lock = threading.Lock()

    @classmethod
    def load(cls, model_id: str, *, fine: bool = False) -> "Explainer":
        """The saved model called `model_id`. Raises `ModelError` where it is missing, unfinished or damaged."""
        model = open_trained(model_id)
        return cls(load_network(model), model.labels, fine=fine)

    def heat(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """How warm each pixel is for a class: float32 `(n, 48, 48)` in [0, 1], 1 the warmest of its face.

        `images` is uint8 `(n, 48, 48)`, `classes` int `(n,)`, one a face. All 0 where nothing in the face speaks for
        the class. Raises `ValueError` for other arrays.
        """
        _check(images, classes, len(self.labels))
        with self._lock:
            return self._all(images, np.asarray(classes))

    def correlation_with_random_heads(self, images: np.ndarray, classes: np.ndarray, seed: int = 0) -> float:
        """Mean correlation of the heat maps with those of the same network under `HEADS` random last layers.

        In [-1, 1]; near 1 would mean that the maps don't depend on what the network learned (Adebayo et al. 2018,
        arXiv:1810.03292). NaN where no map has any heat. Arguments as in `heat`.
        """
        _check(images, classes, len(self.labels))
        rng = np.random.default_rng(seed)
        with self._lock:
            own = self._all(images, np.asarray(classes))
            learned = [head.get_weights() for head in self._heads]
            try:
                found = [_correlation(own, self._randomised(images, classes, learned, rng)) for _ in range(HEADS)]
            finally:
                for head, weights in zip(self._heads, learned, strict=True):
                    head.set_weights(weights)
        found = [value for value in found if not np.isnan(value)]
        return float(np.mean(found)) if found else np.nan

    def _randomised(self, images: np.ndarray, classes: np.ndarray, learned: list, rng) -> np.ndarray:
        """The maps under last layers drawn from a normal distribution as wide as what they had learned."""
        for head, weights in zip(self._heads, learned, strict=True):
            head.set_weights([rng.normal(0, weight.std() or 1, weight.shape) for weight in weights])
        return self._all(images, np.asarray(classes))

    def _all(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        result = np.empty((len(images), SIDE, SIDE), np.float32)
        for start in range(0, len(images), BATCH):
            some = slice(start, start + BATCH)
            faces = images[some, ..., None].astype(np.float32)  # (b, 48, 48, 1)
            result[some] = self._heat(faces, classes[some].astype(np.int32)).numpy()
        return result


def _check(images: np.ndarray, classes: np.ndarray, k: int) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"images: expected uint8 of shape (n, 48, 48), found {images.dtype} of shape {images.shape}")
    classes = np.asarray(classes)
    if classes.shape != (len(images),) or not ((classes >= 0) & (classes < k)).all():
        raise ValueError(f"classes: expected one from 0 to {k - 1} a face, {len(images)} in all, found {classes}")


def _with_maps(network, cells: int):
    """`network` with its last feature maps of at least `cells` a side as outputs before its own, and what look at the
    face each map is of. Several where networks stand inside it; none where it has no such map.
    """
    whole, origins = with_inner(network, lambda innermost: _maps(innermost, cells))
    return whole, [origin.look for origin in origins]


def _maps(network, cells: int) -> list | None:
    """The layer that gives the last feature map, if there is one; None where networks with such stand inside."""
    import keras

    if any(isinstance(layer, keras.Model) and _convolves(layer) for layer in network.layers):
        return None
    from_convolution = dropwhile(lambda layer: not _convolves(layer), network.layers)
    return [layer for layer in from_convolution if _is_map(layer, cells)][-1:]


def _convolves(layer) -> bool:
    return any(len(weight.shape) == 4 for weight in layer.weights)


def _is_map(layer, cells: int) -> bool:
    """Whether the layer gives a picture's feature map; a padded one would lie askew."""
    import keras

    shape = layer.output.shape
    return len(shape) == 4 and min(shape[1:3]) >= cells and not isinstance(layer, keras.layers.ZeroPadding2D)


def _heads(network) -> Iterator:
    """The last layers with weights, one a network inside."""
    import keras

    last = last_with_weights(network)
    if not isinstance(last, keras.Model):
        yield last
        return
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _heads(layer)


def _traced(with_maps, looks: list[Look]):
    """The function from faces and classes to heat, traced once for any number of them."""
    import tensorflow as tf

    k = with_maps.outputs[-1].shape[1]

    def heat(faces, classes):
        with tf.GradientTape() as tape:
            *maps, probabilities = with_maps(faces, training=False)
            of_class = tf.reduce_sum(probabilities * tf.one_hot(classes, k), axis=1)
            score = tf.math.log(tf.maximum(of_class, _SMALLEST))
        total = tf.zeros((SIDE, SIDE))
        for found, gradient, look in zip(maps, tape.gradient(score, maps), looks, strict=True):
            warm = tf.nn.relu(tf.reduce_sum(found * gradient, axis=-1, keepdims=True))  # (n, h, w, 1)
            warm = tf.reverse(warm, [2]) if look.mirrored else warm
            seen = SIDE - 2 * look.cut
            total += tf.pad(tf.image.resize(warm, (seen, seen)), [[0, 0], *2 * [2 * [look.cut]], [0, 0]])[..., 0]
        return tf.math.divide_no_nan(total, tf.reduce_max(total, axis=(1, 2), keepdims=True))

    signature = tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32), tf.TensorSpec((None,), tf.int32)
    return tf.function(heat, autograph=False).get_concrete_function(*signature)  # as in `classifier`


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over faces of Pearson's correlation over pixels; faces where either map is flat are left out."""
    a, b = (maps.reshape(len(maps), -1).astype(float) for maps in (a, b))
    a, b = (maps - maps.mean(axis=1, keepdims=True) for maps in (a, b))
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    told = size > 0
    return float(((a * b).sum(axis=1)[told] / size[told]).mean()) if told.any() else np.nan
