"""The layers our own networks share: a fast normalisation for training, and how it is folded away when saved."""

import keras
import numpy as np
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
        """Make one scale, offset, mean and variance a channel."""
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(
            name="gamma", shape=shape, initializer="ones", constraint=keras.constraints.NonNeg()
        )
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")
        self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
        self.variance = self.add_weight(name="variance", shape=shape, initializer="ones", trainable=False)

    def call(self, x, training=False):
        """Normalise by the batch's statistics while training, by the moving ones otherwise."""
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


def norm_name(convolution: str) -> str:
    """The name of the normalisation that follows the convolution of that name."""
    return f"{convolution}_norm"


def convolution(x, filters: int, name: str, *, pool: bool = False, fused: bool):
    """3 × 3 convolution, 2 × 2 max pooling where `pool`, normalisation; without the activation.

    `fused=True` gives the form for training. `fused=False` gives the form for the saved file: stock layers,
    the normalisation inside the convolution's kernel and bias (see `fold`).
    """
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=not fused, kernel_initializer="he_normal", name=name)(
        x
    )
    if pool:
        x = keras.layers.MaxPooling2D(name=f"{name}_pool")(x)
    return FusedNorm(name=norm_name(name))(x) if fused else x


def fold(trained: keras.Model, saved: keras.Model) -> None:
    """Carry the weights of `trained` over to `saved`, layer by layer of the same name.

    A convolution that a `FusedNorm` follows takes that normalisation into its kernel and bias, so both networks give
    the same answers at inference.
    """
    names = {layer.name for layer in trained.layers}
    for layer in saved.layers:
        if not layer.weights or isinstance(layer, keras.layers.Normalization):
            continue
        weights = trained.get_layer(layer.name).get_weights()
        if norm_name(layer.name) in names:
            gamma, beta, mean, variance = trained.get_layer(norm_name(layer.name)).get_weights()
            scale = gamma / np.sqrt(variance + EPSILON)
            weights = [weights[0] * scale, beta - mean * scale]
        layer.set_weights(weights)
