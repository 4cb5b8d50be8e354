"""A whole batch turned, moved, zoomed, mirrored, partly erased and blended at once, inside the compiled step."""

import math
from dataclasses import dataclass

import tensorflow as tf

from fer_core.data.dataset import SIDE
from fer_core.training.config import TrainConfig


@dataclass(frozen=True)
class Chance:
    """The random numbers of a batch: a pure function of its seed and of a face's place in it.

    So a resumed run sees the same faces as an uninterrupted one, and several devices see together what one would.
    `seed` int32 `(2,)`, `place` int32 `(n,)`, each below `size`, the faces of a whole batch.
    """

    seed: tf.Tensor
    place: tf.Tensor
    size: int

    def uniform(self, stream: int, low: float, high: float) -> tf.Tensor:
        """Numbers `(n,)` from `low` to `high`; each of the streams 0 to 15 is independent of the others."""
        whole = tf.random.stateless_uniform((self.size,), self._stream(stream), low, high)
        return tf.gather(whole, self.place)

    def beta(self, stream: int, alpha: float) -> tf.Tensor:
        """Numbers `(n,)` of the Beta(alpha, alpha) distribution; takes two streams."""
        one, other = (tf.random.stateless_gamma((self.size,), self._stream(stream + i), alpha) for i in (0, 1))
        return tf.gather(tf.math.divide_no_nan(one, one + other), self.place)

    def _stream(self, stream: int) -> tf.Tensor:
        return self.seed * [16, 1] + [stream, 0]


def augment(images: tf.Tensor, chance: Chance, config: TrainConfig, side: int) -> tf.Tensor:
    """Disturb faces as `config` says, each in its own way, and bring them to `side` pixels.

    `images` uint8 `(n, 48, 48)`; returns float32 `(n, side, side, 1)`, still 0 to 255. Outside the picture the edge is
    repeated.
    """
    x = tf.cast(images, tf.float32)[..., tf.newaxis]  # (n, 48, 48, 1)
    x = tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=_transforms(chance, config, side),
        output_shape=(side, side),
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    return _erase(x, chance, config.erasing) if config.erasing else x


def mixup_shares(chance: Chance, alpha: float) -> tf.Tensor:
    """How much of itself each face keeps when it is blended with its neighbour: float32 `(n,)`, 0.5 to 1."""
    share = chance.beta(10, alpha)
    return tf.maximum(share, 1 - share)


def mixup(x: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Blend each of `x`, `(n, …)`, with its neighbour, the first with the second and so on, and the other way round.

    mixup, Zhang et al. 2017, arXiv:1710.09412. Of an odd number the last stays as it is.
    """
    n = tf.shape(x)[0]
    neighbour = tf.gather(x, tf.minimum(tf.bitwise.bitwise_xor(tf.range(n), 1), n - 1))
    share = tf.reshape(share, [-1] + [1] * (len(x.shape) - 1))
    return share * x + (1 - share) * neighbour


def resized(images: tf.Tensor, side: int) -> tf.Tensor:
    """Faces as they are, uint8 `(n, 48, 48)`, as float32 `(n, side, side, 1)`, 0 to 255."""
    x = tf.cast(images, tf.float32)[..., tf.newaxis]
    return x if side == SIDE else tf.image.resize(x, (side, side))


def _transforms(chance: Chance, config: TrainConfig, side: int) -> tf.Tensor:
    """Rows `a0 a1 a2 b0 b1 b2 0 0` that map an output pixel (x, y) to its place in the input, about the centre."""
    turn, shift = math.radians(config.rotation), config.shift * SIDE
    angle = chance.uniform(0, -turn, turn)
    zoom = chance.uniform(1, 1 - config.zoom, 1 + config.zoom) * (SIDE / side)
    mirror = tf.where(chance.uniform(2, -1, 1) < 0, -1.0, 1.0) if config.flip else tf.ones_like(angle)
    across, down = (chance.uniform(stream, -shift, shift) for stream in (3, 4))
    a0, a1 = zoom * tf.cos(angle) * mirror, -zoom * tf.sin(angle)
    b0, b1 = zoom * tf.sin(angle) * mirror, zoom * tf.cos(angle)
    centre_in, centre_out = (SIDE - 1) / 2, (side - 1) / 2
    a2 = centre_in + across - (a0 + a1) * centre_out
    b2 = centre_in + down - (b0 + b1) * centre_out
    zero = tf.zeros_like(angle)
    return tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)  # (n, 8)


def _erase(x: tf.Tensor, chance: Chance, probability: float) -> tf.Tensor:
    """Grey a random rectangle of each chosen face (random erasing, Zhong et al. 2017, arXiv:1708.04896)."""
    side = x.shape[1]
    height, width = (chance.uniform(stream, 0.1, 0.4) for stream in (5, 6))  # shares of the side
    top, left = (chance.uniform(stream, 0, 1) * (1 - length) for stream, length in ((7, height), (8, width)))
    place = (tf.range(side, dtype=tf.float32) + 0.5) / side  # (side,)

    def inside(start, length):
        return (place >= start[:, tf.newaxis]) & (place < (start + length)[:, tf.newaxis])  # (n, side)

    hole = inside(top, height)[:, :, tf.newaxis] & inside(left, width)[:, tf.newaxis, :]  # (n, side, side)
    chosen = chance.uniform(9, 0, 1) < probability
    hole &= chosen[:, tf.newaxis, tf.newaxis]
    return tf.where(hole[..., tf.newaxis], tf.reduce_mean(x, axis=(1, 2), keepdims=True), x)
