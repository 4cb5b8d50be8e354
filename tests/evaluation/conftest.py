"""A small model's predictions, drawn from a seed."""

import numpy as np
import pytest

from fer_core.evaluation.predictions import Predictions, predictions_frame
from fer_core.labels import SCHEMES

LABELS = SCHEMES["study"].labels


def _draw(seed: int) -> Predictions:
    """600 faces of six classes; only the probabilities depend on the seed, not rows, splits, labels and leaks."""
    rng, n, k = np.random.default_rng(99), 600, len(LABELS)
    label = rng.integers(k, size=n)
    usage = rng.choice(["PrivateTest", "PublicTest"], size=n)
    leak = rng.choice(["", "", "", "exact", "near"], size=n)
    logit = np.random.default_rng(seed).normal(size=(n, k)) + 1.5 * np.eye(k)[label]
    y_prob = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
    return Predictions(predictions_frame(np.arange(n) * 3, usage, label, leak, y_prob, LABELS), LABELS)


@pytest.fixture
def predictions() -> Predictions:
    """600 faces, six classes, about half of them right."""
    return _draw(seed=0)


@pytest.fixture
def other() -> Predictions:
    """Another model on the same faces."""
    return _draw(seed=1)


@pytest.fixture
def hand_made() -> Predictions:
    """Four test faces of two classes: Negative right and wrong, Positive right, and one leaked Positive wrong."""
    y_prob = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    leak = np.array(["", "", "", "exact"])
    labels = ("Negative", "Positive")
    frame = predictions_frame(np.arange(4), np.full(4, "PublicTest"), np.array([0, 0, 1, 1]), leak, y_prob, labels)
    return Predictions(frame, labels)
