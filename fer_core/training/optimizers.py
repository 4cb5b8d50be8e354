"""Keras's optimizers, each in TensorFlow's one kernel for it instead of seven to ten operations a weight."""

import keras
import tensorflow as tf

from fer_core.training.config import TrainConfig


class FusedSGD(keras.optimizers.SGD):
    """Keras's `SGD` with momentum."""

    def update_step(self, gradient, variable, learning_rate):
        """As in Keras."""
        momentum = self.momentums[self._get_variable_index(variable)]
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=momentum.value.handle,
            lr=tf.cast(learning_rate, tf.float32),
            grad=gradient,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )


class FusedAdam(keras.optimizers.Adam):
    """Keras's `Adam` (Kingma & Ba 2015, arXiv:1412.6980)."""

    def update_step(self, gradient, variable, learning_rate):
        """As in Keras."""
        index, step = self._get_variable_index(variable), tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def build_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """The optimizer of `config`; its weight decay leaves normalisation and biases alone."""
    decay = config.weight_decay or None
    if config.optimizer == "adam":
        optimizer = FusedAdam(config.learning_rate, weight_decay=decay)
    else:
        optimizer = FusedSGD(config.learning_rate, momentum=0.9, nesterov=True, weight_decay=decay)
    if decay:
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
