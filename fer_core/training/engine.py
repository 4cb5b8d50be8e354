"""The engine of a run: a network, its running average, its optimizer, and one compiled step over a batch.

Everything that changes while it runs is a variable of `Engine.variables`, so that a run saved and loaded goes on as if
it had not been interrupted.
"""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from fer_core.networks import training_network
from fer_core.training.augmentation import augment, resized
from fer_core.training.config import TrainConfig
from fer_core.training.data import Faces

EVALUATION_BATCH = 256


class Engine:
    """Trains the network of `config`, with `classes` outputs, on faces with those pixel statistics (÷ 255)."""

    def __init__(self, config: TrainConfig, classes: int, mean: float, std: float):
        keras.utils.set_random_seed(config.seed)
        self.config, self.classes = config, classes
        build = partial(
            training_network,
            config.network,
            classes,
            mean=mean,
            std=std,
            width=config.width,
            votes=config.votes_weight > 0,
        )
        self.network = build()
        self.averaged = build()
        self.averaged.set_weights(self.network.get_weights())
        self.optimizer = _optimizer(config)
        self.optimizer.build(self.network.trainable_variables)
        self.confusion = tf.Variable(tf.zeros((classes, classes), tf.int64), name="confusion")
        self.loss_sum = tf.Variable(0.0, name="loss_sum")
        self._compiled: dict[tuple[str, int], Callable] = {}

    @property
    def variables(self) -> list:
        """All that a resumed run needs to go on exactly, in a fixed order."""
        return [
            *self.network.variables,
            *self.averaged.variables,
            *self.optimizer.variables,
            self.confusion,
            self.loss_sum,
        ]

    def train_batch(
        self, faces: Faces, rows: np.ndarray, seed: tuple[int, int], learning_rate: float, side: int
    ) -> None:
        """Take one step on the faces at `rows`; adds to `confusion` and `loss_sum`."""
        step = self._compile("train", self._step, side)
        batch = (faces.images[rows], faces.label[rows], faces.votes[rows])
        step(*map(tf.constant, batch), tf.constant(seed), tf.constant(learning_rate, tf.float32))

    def evaluate(self, faces: Faces, side: int) -> dict[str, np.ndarray]:
        """Loss (mean cross-entropy) and confusion `(k, k)` of the averaged network on faces as they are."""
        forward = self._compile("evaluate", lambda images, side: self.averaged(resized(images, side))["label"], side)
        parts = [forward(tf.constant(batch)) for batch in _batches(faces.images)]
        logits = tf.concat(parts, 0)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(faces.label, logits)
        confusion = tf.math.confusion_matrix(faces.label, tf.argmax(logits, 1), self.classes)
        return {"loss": float(tf.reduce_mean(loss)), "confusion": confusion.numpy()}

    def take_sums(self) -> dict[str, np.ndarray]:
        """Training loss and confusion since the last call, which starts them anew."""
        confusion, loss = self.confusion.numpy(), float(self.loss_sum.numpy())
        self.confusion.assign(tf.zeros_like(self.confusion))
        self.loss_sum.assign(0.0)
        return {"loss": loss / max(confusion.sum(), 1), "confusion": confusion}

    def _compile(self, name: str, function: Callable, side: int) -> Callable:
        """One compiled function for each size of the faces."""
        if (name, side) not in self._compiled:
            self._compiled[name, side] = tf.function(partial(function, side=side), reduce_retracing=True)
        return self._compiled[name, side]

    def _step(self, images, label, votes, seed, learning_rate, *, side: int) -> None:
        self.optimizer.learning_rate.assign(learning_rate)
        x = augment(images, seed, self.config, side)
        with tf.GradientTape() as tape:
            outputs = self.network(x, training=True)
            loss = tf.reduce_mean(self._losses(outputs, label, votes))
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self._average()
        plain = tf.nn.sparse_softmax_cross_entropy_with_logits(label, outputs["label"])  # as validation measures it
        self.loss_sum.assign_add(tf.reduce_sum(plain))
        predicted = tf.argmax(outputs["label"], 1)
        self.confusion.assign_add(tf.math.confusion_matrix(label, predicted, self.classes, dtype=tf.int64))

    def _losses(self, outputs, label, votes):
        """Cross-entropy of each face, `(n,)`; with the votes' head, plus its own, masked where nobody voted."""
        smoothing = self.config.label_smoothing
        target = tf.one_hot(label, self.classes) * (1 - smoothing) + smoothing / self.classes
        losses = tf.nn.softmax_cross_entropy_with_logits(target, outputs["label"])
        if "votes" in outputs:
            voted = tf.reduce_sum(votes, 1)
            losses += (
                self.config.votes_weight * voted * tf.nn.softmax_cross_entropy_with_logits(votes, outputs["votes"])
            )
        return losses

    def _average(self) -> None:
        """Move the averaged weights, normalisation statistics included, towards the network's; faster at the start."""
        step = tf.cast(self.optimizer.iterations, tf.float32)
        decay = tf.minimum(self.config.averaging, (1 + step) / (10 + step))
        for average, weight in zip(self.averaged.weights, self.network.weights, strict=True):
            average.assign_add((weight - average) * (1 - decay))


def _optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    decay = config.weight_decay or None
    if config.optimizer == "adam":
        optimizer = keras.optimizers.Adam(config.learning_rate, weight_decay=decay)
    else:
        optimizer = keras.optimizers.SGD(config.learning_rate, momentum=0.9, nesterov=True, weight_decay=decay)
    if decay:
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + EVALUATION_BATCH] for start in range(0, len(images), EVALUATION_BATCH)]
