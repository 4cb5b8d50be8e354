"""One step of a run."""

import numpy as np
import pytest
import tensorflow as tf

from fer_core.training.config import TrainConfig
from fer_core.training.engine import Engine


@pytest.fixture
def engine():
    return Engine(TrainConfig(width=2, sharpness=0.5), 6, mean=0.5, std=0.25)


def loss_of(outputs) -> tf.Tensor:
    return tf.reduce_mean(outputs["label"][:, 0])


def gradient_at(engine: Engine, x: tf.Tensor) -> list:
    with tf.GradientTape() as tape:
        loss = loss_of(engine.network(x, training=True))
    return tape.gradient(loss, engine.network.trainable_variables)


def test_uphill_gradient_is_that_of_weights_half_a_unit_further(engine):
    """Half a unit along the gradient; the network itself is as it was, its statistics and its dropout too."""
    x = tf.constant(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 1)), tf.float32)
    gradient = gradient_at(engine, x)
    before = [weight.numpy() for weight in engine.network.weights]
    found = engine._uphill_gradient(gradient, x, loss_of)
    for weight, value in zip(engine.network.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    length = np.sqrt(sum(np.sum(slope.numpy() ** 2) for slope in gradient))
    for weight, slope in zip(engine.network.trainable_variables, gradient, strict=True):
        weight.assign_add(0.5 * slope / length)
    for one, other in zip(found, gradient_at(engine, x), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert any(np.abs(one - other).max() > 1e-4 for one, other in zip(found, gradient, strict=True))
