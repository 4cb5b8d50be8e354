"""The layers our own networks share: a convolution and a normalisation that are fast to train."""

import math

import keras
import tensorflow as tf

from fer_core import machine

EPSILON = 1e-3
NARROW = 8
"""Columns of a map up to which its kernel's gradient gains by `_interleaved`."""
ABREAST = 8
"""Maps that are interleaved, at most."""


class Convolution(keras.layers.Conv2D):
    """A `Conv2D` of stride 1, padded to the same size, whose kernel's gradient is fast on narrow maps too.

    What oneDNN has for it in bfloat16 multiplies along the rows of a map, up to 32 columns at a time: with rows of six
    this one gradient took a third of a training step.
    """

    def convolution_op(self, inputs, kernel):
        """As in Keras; the gradient is ours where the map is narrow and the processor multiplies bfloat16.

        On others TensorFlow leaves oneDNN aside, and has no gradient of a dilated kernel then.
        """
        if self.compute_dtype != "bfloat16" or inputs.shape[2] > NARROW or not machine.multiplies_bfloat16():
            return super().convolution_op(inputs, kernel)
        return convolve(inputs, tf.convert_to_tensor(kernel))


@tf.custom_gradient
def convolve(x: tf.Tensor, kernel: tf.Tensor):
    """`x` `(n, h, w, c)` by `kernel` `(k, k, c, f)`, stride 1: `(n, h, w, f)`, in the dtype of both."""
    same = {"strides": [1, 1, 1, 1], "padding": "SAME"}

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        abreast = math.gcd(x.shape[0] or 1, ABREAST)  # 1 where n isn't known yet
        of_x = tf.raw_ops.Conv2DBackpropInput(input_sizes=tf.shape(x), filter=kernel, out_backprop=upstream, **same)
        of_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=_interleaved(x, abreast),
            filter_sizes=kernel.shape,
            out_backprop=_interleaved(upstream, abreast),
            dilations=[1, 1, abreast, 1],  # so that each column meets those of its own map
            **same,
        )
        return of_x, of_kernel

    return tf.nn.conv2d(x, kernel, **same), gradient


def _interleaved(x: tf.Tensor, abreast: int) -> tf.Tensor:
    """Maps `(n, h, w, c)` as `(n / abreast, h, w · abreast, c)`: the first columns of some, their second ones, …"""
    return tf.batch_to_space(x, [1, abreast], [[0, 0], [0, 0]])


class FusedNorm(keras.layers.Layer):
    """Batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) in one fused kernel, over the last axis.

    Keras 3 computes it from elementary operations, which costs half of a training step on a CPU. `non_negative` keeps
    the scale so, and the layer then commutes with the max pooling before it and can be folded into the convolution
    before that.
    """

    def __init__(self, momentum: float = 0.9, non_negative: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.momentum, self.non_negative = momentum, non_negative

    def build(self, input_shape):
        """Make one scale, offset, mean and variance a channel, float32 whatever the layer computes in."""

        def weight(name: str, initializer: str, **kwargs):
            return self.add_weight(
                name=name, shape=(input_shape[-1],), initializer=initializer, dtype="float32", autocast=False, **kwargs
            )

        non_negative = keras.constraints.NonNeg() if self.non_negative else None
        self.gamma = weight("gamma", "ones", constraint=non_negative, aggregation="only_first_replica")
        self.beta = weight("beta", "zeros")
        self.mean = weight("mean", "zeros", trainable=False, aggregation="mean")
        self.variance = weight("variance", "ones", trainable=False, aggregation="mean")

    def call(self, x, training=False):
        """Normalise by the batch's statistics while training, by the moving ones otherwise."""
        if training and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            normalised, mean, variance = self._synchronised(x)
        else:
            normalised, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=x,
                scale=self.gamma,
                offset=self.beta,
                mean=[] if training else self.mean,
                variance=[] if training else self.variance,
                epsilon=EPSILON,
                is_training=training,
            )
        if training:
            for moving, batch in ((self.mean, mean), (self.variance, variance)):
                moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return normalised

    def _synchronised(self, x):
        """The same over the parts of the batch on all devices, for which there is no fused kernel."""
        x32 = tf.cast(x, tf.float32)
        parts = [tf.reduce_mean(x32, (0, 1, 2)), tf.reduce_mean(x32**2, (0, 1, 2))]
        mean, square = tf.distribute.get_replica_context().all_reduce("MEAN", parts)
        variance = square - mean**2
        normalised = tf.nn.batch_normalization(x32, mean, variance, self.beta, self.gamma, EPSILON)
        # the fused kernel keeps the unbiased variance of the whole batch
        size = tf.cast(tf.size(x) // x.shape[-1], tf.float32) * tf.distribute.get_strategy().num_replicas_in_sync
        return tf.cast(normalised, x.dtype), mean, variance * size / (size - 1)


def norm_name(convolution: str) -> str:
    """The name of the normalisation that follows the convolution of that name."""
    return f"{convolution}_norm"


def pool_name(convolution: str) -> str:
    """The name of the pooling between the convolution of that name and its normalisation, if there is one."""
    return f"{convolution}_pool"


def convolution(x, filters: int, name: str, *, pool: bool = False, fused: bool):
    """3 × 3 convolution, 2 × 2 max pooling where `pool`, normalisation; without the activation.

    `fused=True` gives the form for training. `fused=False` gives the form for the saved file: stock layers,
    the normalisation inside the convolution's kernel and bias (see `folding`).
    """
    layer = Convolution if fused else keras.layers.Conv2D
    x = layer(filters, 3, padding="same", use_bias=not fused, kernel_initializer="he_normal", name=name)(x)
    if pool:
        x = keras.layers.MaxPooling2D(name=pool_name(name))(x)
    return FusedNorm(name=norm_name(name))(x) if fused else x
