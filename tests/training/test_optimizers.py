"""The optimizers, held against Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_core.training.optimizers import FusedAdam, FusedSGD


@pytest.mark.parametrize(
    ("fused", "stock", "settings"),
    [(FusedSGD, keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}), (FusedAdam, keras.optimizers.Adam, {})],
)
def test_three_steps_end_where_those_of_keras_end(fused, stock, settings):
    """Momentum, decoupled decay that leaves a bias alone, and a rate that changes on the way."""

    def after_three_steps(kind) -> list[np.ndarray]:
        optimizer = kind(0.1, weight_decay=0.01, **settings)
        weights = [keras.Variable([[0.5, -2.0]], name="kernel"), keras.Variable([1.0], name="bias")]
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        for rate, slope in ((0.1, 1.0), (0.2, -3.0), (0.05, 0.5)):
            optimizer.learning_rate.assign(rate)
            optimizer.apply([tf.constant([[slope, 2 * slope]]), tf.constant([slope])], weights)
        return [weight.numpy() for weight in weights]

    for found, expected in zip(after_three_steps(fused), after_three_steps(stock), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
