"""The layers our own networks share: a convolution and a fast normalisation for training."""

import keras
import tensorflow as tf

EPSILON = 1e-3


class FusedNorm(keras.layers.Layer):
    """Batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) in one fused kernel, over the last axis.

    Keras 3 computes it from elementary operations, which costs half of a training step on a CPU. The scale
    is kept non-negative, so that the layer commutes with the max pooling before it and can be folded into the
    convolution before that.
    """

    def __init__(self, momentum: float = 0.9, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape):
        """Make one scale, offset, mean and variance a channel, float32 whatever the layer computes in."""

        def weight(name: str, initializer: str, **kwargs):
            return self.add_weight(
                name=name, shape=(input_shape[-1],), initializer=initializer, dtype="float32", autocast=False, **kwargs
            )

        non_negative = keras.constraints.NonNeg()
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
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=not fused, kernel_initializer="he_normal", name=name)(
        x
    )
    if pool:
        x = keras.layers.MaxPooling2D(name=pool_name(name))(x)
    return FusedNorm(name=norm_name(name))(x) if fused else x
