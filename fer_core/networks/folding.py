"""Normalisation folded into the convolutions before it, and the way back."""

import keras
import numpy as np

from fer_core.networks.layers import EPSILON, norm_name, pool_name


def fold(trained: keras.Model, saved: keras.Model) -> None:
    """Carry the weights of `trained` over to `saved`, layer by layer of the same name.

    A convolution that a `FusedNorm` follows takes that normalisation into its kernel and bias, so both networks give
    the same answers at inference.
    """
    names = {layer.name for layer in trained.layers}
    for layer in saved.layers:
        if not layer.weights:
            continue
        weights = trained.get_layer(layer.name).get_weights()
        if norm_name(layer.name) in names:
            gamma, beta, mean, variance = trained.get_layer(norm_name(layer.name)).get_weights()
            scale = gamma / np.sqrt(variance + EPSILON)
            weights = [weights[0] * scale, beta - mean * scale]
        layer.set_weights(weights)


def unfold(saved: keras.Model, trained: keras.Model, images: np.ndarray) -> None:
    """Carry the weights of `saved` over to `trained`, layer by layer of the same name: the way back from `fold`.

    `trained` then gives the same answers at inference, and nearly the same in training. What a normalisation was is
    not in the file; any gives the same answers whose scale and offset undo what its mean and variance do, and those
    are measured on `images`, uint8 `(n, 48, 48)`, a few hundred. Filters are brought to the mean length of the fresh
    ones in `trained`: before a normalisation it changes no answer, but the longer one is, the less a step turns it
    (van Laarhoven 2017, arXiv:1706.05350), and what `fold` left is anything.
    """
    names = {layer.name for layer in trained.layers}
    outputs = _before_norms(saved, [layer.name for layer in saved.layers if norm_name(layer.name) in names], images)
    for layer in saved.layers:
        weights = layer.get_weights()
        if layer.name in outputs:
            kernel, bias = weights
            fresh = trained.get_layer(layer.name).get_weights()[0]
            stretch = _lengths(kernel) / _lengths(fresh).mean()
            stretch[stretch == 0] = 1
            mean = outputs[layer.name].mean((0, 1, 2), dtype=np.float64)
            variance = outputs[layer.name].var((0, 1, 2), dtype=np.float64) / stretch**2
            norm = trained.get_layer(norm_name(layer.name))
            norm.set_weights([stretch * np.sqrt(variance + EPSILON), mean, (mean - bias) / stretch, variance])
            weights = [kernel / stretch]
        if weights:
            trained.get_layer(layer.name).set_weights(weights)


def _lengths(kernel: np.ndarray) -> np.ndarray:
    """Of each filter of a kernel `(k, k, c, f)`: float64 `(f,)`."""
    return np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]).astype(np.float64), axis=0)


def _before_norms(saved: keras.Model, convolutions: list[str], images: np.ndarray) -> dict[str, np.ndarray]:
    """What each convolution, pooled where it is, gives for `images`: `(n, height, width, filters)`, by its name."""
    if not convolutions:
        return {}
    layers = {layer.name: layer for layer in saved.layers}
    ends = {name: layers.get(pool_name(name), layers[name]).output for name in convolutions}
    outputs = keras.Model(saved.input, ends)(images[..., np.newaxis].astype(np.float32))
    return {name: keras.ops.convert_to_numpy(output) for name, output in outputs.items()}
