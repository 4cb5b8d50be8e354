from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fer_core.errors import ModelError
from fer_core.evaluation.scoring import probabilities
from fer_core.inference.classifier import BATCH, Classifier

pytestmark = pytest.mark.slow

LABELS = ("Sad", "Happy")


@pytest.fixture(scope="module")
def network():
    """Happy where the face is bright: probability of class 1 is sigmoid((mean - 128) / 16), from raw pixels."""
    import keras

    inputs = keras.Input((48, 48, 1))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    weights = keras.layers.Dense(2, activation="softmax")
    model = keras.Model(inputs, weights(keras.layers.Dropout(0.5)(mean)))
    weights.set_weights([np.array([[0, 1 / 16]]), np.array([0, -8.0])])
    return model


@pytest.fixture(scope="module")
def classifier(network) -> Classifier:
    return Classifier(network, LABELS)


def flat(*values: int) -> np.ndarray:
    return np.stack([np.full((48, 48), value, np.uint8) for value in values])


def test_probabilities_are_those_of_the_formula(classifier):
    """Raw pixels 0 to 255 go in, one row a face comes out, dropout asleep."""
    expected = 1 / (1 + np.exp(-(np.array([96, 128, 160]) - 128) / 16))
    result = classifier.probabilities(flat(96, 128, 160))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result[:, 1], expected, rtol=1e-5)
    np.testing.assert_allclose(result.sum(1), 1, rtol=1e-6)


def test_a_network_behind_a_layer_that_resizes_is_asleep(network):
    """Keras takes the call of a model inside for training there, unless it is told."""
    import keras

    faces = keras.Input((48, 48, 1))
    resized = keras.Model(faces, network(keras.layers.Resizing(48, 48)(faces)))
    found = Classifier(resized, LABELS).probabilities(flat(96, 160))
    np.testing.assert_allclose(found[:, 1], 1 / (1 + np.exp([2, -2])), rtol=1e-5)
    np.testing.assert_array_equal(found, probabilities(resized, flat(96, 160), np.arange(2)))


@pytest.mark.parametrize("n", [0, 1, 2, BATCH, BATCH + 3])
def test_any_number_of_faces(classifier, n):
    """None, one, a full batch and a little more keep their order."""
    values = np.arange(n) % 256
    result = classifier.probabilities(flat(*values) if n else np.empty((0, 48, 48), np.uint8))
    assert result.shape == (n, 2)
    np.testing.assert_allclose(result[:, 1], 1 / (1 + np.exp(-(values - 128) / 16)), rtol=1e-4)


def test_threads_share_one_classifier(classifier):
    """Eight threads get what one gets."""
    faces = [flat(value) for value in range(0, 256, 4)]
    with ThreadPoolExecutor(8) as pool:
        shared = list(pool.map(classifier.probabilities, faces))
    np.testing.assert_array_equal(shared, [classifier.probabilities(face) for face in faces])


@pytest.mark.parametrize("bad", [np.zeros((1, 48, 48)), np.zeros((48, 48), np.uint8), np.zeros((1, 64, 64), np.uint8)])
def test_other_arrays_are_refused(classifier, bad):
    """Floats, a single face without its axis, or another size are the caller's mistake."""
    with pytest.raises(ValueError, match=r"expected uint8 of shape \(n, 48, 48\)"):
        classifier.probabilities(bad)


def test_labels_must_fit_the_network(network):
    """Three names for two outputs are refused when the classifier is made."""
    with pytest.raises(ModelError, match=r"\(n, 3\).*\(None, 2\)"):
        Classifier(network, ("Sad", "Happy", "Neutral"))
