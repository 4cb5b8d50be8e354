"""What a batch is to learn, and how far its answers are from it."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from fer_core.training.config import TrainConfig


class Batch(NamedTuple):
    """`images` uint8 `(n, 48, 48)`, `label` int32 `(n,)`, `votes` `(n, 10)`, `taught` and `heard` `(n, k)`.

    As in `data.Faces`; `place`, int32 `(n,)`, is a face's place in the whole batch, of which a device may hold a part.
    """

    images: tf.Tensor
    label: tf.Tensor
    votes: tf.Tensor
    taught: tf.Tensor
    heard: tf.Tensor
    place: tf.Tensor


class Lesson(NamedTuple):
    """Faces `x` float32 `(n, side, side, 1)` as the network sees them, and what it is to learn of them.

    `target` `(n, k)`, shares of the classes; `weight` `(n,)`, how much each face counts; `votes` `(n, 10)`.
    """

    x: tf.Tensor
    target: tf.Tensor
    weight: tf.Tensor
    votes: tf.Tensor


def class_weights(label: np.ndarray, classes: int, balance: float) -> np.ndarray:
    """Weight of a face of each class, float32 `(k,)`: frequency to the power of -`balance`, mean 1 over `label`."""
    frequency = np.maximum(np.bincount(label, minlength=classes), 1) / len(label)
    weights = frequency**-balance
    return (weights / weights[label].mean()).astype(np.float32)


def label_targets(batch: Batch, config: TrainConfig, classes: int) -> tf.Tensor:
    """Shares of the classes, `(n, k)`: the label, smoothed, and where there is one the teachers' answer."""
    smoothing = config.label_smoothing
    target = tf.one_hot(batch.label, classes) * (1 - smoothing) + smoothing / classes
    return with_teachers(target, informed(batch.taught, batch.heard), config)


def with_teachers(target: tf.Tensor, taught: tf.Tensor, config: TrainConfig) -> tf.Tensor:
    """`target` and beside it, where there is one, the teachers' answer; both `(n, k)`."""
    share = config.distillation * tf.reduce_sum(taught, 1, keepdims=True)  # 0 where nobody teaches
    return target * (1 - share) + config.distillation * taught


def informed(taught: tf.Tensor, heard: tf.Tensor) -> tf.Tensor:
    """What teachers who answer `taught` would if they knew what the votes tell, `heard`; all `(n, k)`.

    The product, as if both had seen the face independently. No answer, a row of zeros, stays one.
    """
    product = taught * tf.exp(heard)
    shares = tf.math.divide_no_nan(product, tf.reduce_sum(product, 1, keepdims=True))
    return shares * tf.reduce_sum(taught, 1, keepdims=True)


def votes_loss(votes: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy `(n,)` with the annotators' shares; 0 for a face without votes, a row of zeros.

    The kernel takes its gradient as softmax - target, which for a row that doesn't sum to 1 would push all logits down.
    """
    voted = tf.reduce_sum(votes, 1)
    shares = tf.math.divide_no_nan(votes, voted[:, tf.newaxis])
    return voted * tf.nn.softmax_cross_entropy_with_logits(shares, logits)
