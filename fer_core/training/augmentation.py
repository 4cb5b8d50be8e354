"""A whole batch turned, moved, zoomed, mirrored and partly erased at once, inside the compiled step.

The random numbers are a pure function of `seed`, so a resumed run sees the same faces as an uninterrupted one.
"""

import math

import tensorflow as tf

from fer_core.data.dataset import SIDE
from fer_core.training.config import TrainConfig


def augment(images: tf.Tensor, seed: tf.Tensor, config: TrainConfig, side: int) -> tf.Tensor:
    """Disturb faces as `config` says, each in its own way, and bring them to `side` pixels.

    `images` uint8 `(n, 48, 48)`, `seed` int32 `(2,)`; returns float32 `(n, side, side, 1)`, still 0 to 255.
    Outside the picture the edge is repeated.
    """
    x = tf.cast(images, tf.float32)[..., tf.newaxis]  # (n, 48, 48, 1)
    x = tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=_transforms(tf.shape(images)[0], seed, config, side),
        output_shape=(side, side),
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    return _erase(x, seed, config.erasing) if config.erasing else x


def resized(images: tf.Tensor, side: int) -> tf.Tensor:
    """Faces as they are, uint8 `(n, 48, 48)`, as float32 `(n, side, side, 1)`, 0 to 255."""
    x = tf.cast(images, tf.float32)[..., tf.newaxis]
    return x if side == SIDE else tf.image.resize(x, (side, side))


def _uniform(n: tf.Tensor, seed: tf.Tensor, stream: int, low: float, high: float) -> tf.Tensor:
    """Numbers `(n,)` from `low` to `high`; each of the streams 0 to 15 of a seed is independent of the others."""
    return tf.random.stateless_uniform((n,), seed * [16, 1] + [stream, 0], low, high)


def _transforms(n: tf.Tensor, seed: tf.Tensor, config: TrainConfig, side: int) -> tf.Tensor:
    """Rows `a0 a1 a2 b0 b1 b2 0 0` that map an output pixel (x, y) to its place in the input, about the centre."""
    turn, shift = math.radians(config.rotation), config.shift * SIDE
    angle = _uniform(n, seed, 0, -turn, turn)
    zoom = _uniform(n, seed, 1, 1 - config.zoom, 1 + config.zoom) * (SIDE / side)
    mirror = tf.where(_uniform(n, seed, 2, -1, 1) < 0, -1.0, 1.0) if config.flip else tf.ones((n,))
    across, down = (_uniform(n, seed, stream, -shift, shift) for stream in (3, 4))
    a0, a1 = zoom * tf.cos(angle) * mirror, -zoom * tf.sin(angle)
    b0, b1 = zoom * tf.sin(angle) * mirror, zoom * tf.cos(angle)
    centre_in, centre_out = (SIDE - 1) / 2, (side - 1) / 2
    a2 = centre_in + across - (a0 + a1) * centre_out
    b2 = centre_in + down - (b0 + b1) * centre_out
    zero = tf.zeros((n,))
    return tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)  # (n, 8)


def _erase(x: tf.Tensor, seed: tf.Tensor, probability: float) -> tf.Tensor:
    """Grey a random rectangle of each chosen face (random erasing, Zhong et al. 2017, arXiv:1708.04896)."""
    n, side = tf.shape(x)[0], x.shape[1]
    height, width = (_uniform(n, seed, stream, 0.1, 0.4) for stream in (5, 6))  # shares of the side
    top, left = (_uniform(n, seed, stream, 0, 1) * (1 - length) for stream, length in ((7, height), (8, width)))
    place = (tf.range(side, dtype=tf.float32) + 0.5) / side  # (side,)

    def inside(start, length):
        return (place >= start[:, tf.newaxis]) & (place < (start + length)[:, tf.newaxis])  # (n, side)

    hole = inside(top, height)[:, :, tf.newaxis] & inside(left, width)[:, tf.newaxis, :]  # (n, side, side)
    chosen = _uniform(n, seed, 9, 0, 1) < probability
    hole &= chosen[:, tf.newaxis, tf.newaxis]
    return tf.where(hole[..., tf.newaxis], tf.reduce_mean(x, axis=(1, 2), keepdims=True), x)
