"""A network that starts from a saved one answers as it did, and refuses one that does not fit."""

import keras
import numpy as np
import pytest
from shaken_networks import PIXELS, as_input, checks, probabilities, shaken

from fer_core.errors import RunError
from fer_core.networks import saved_network, start_from, training_network

IMAGES = checks(64)
FACES = as_input(IMAGES)


@pytest.fixture
def saved(tmp_path):
    """Save a shaken network, mirrored or not, and load its file."""

    def make(name: str, mirror: bool = False, width: int | None = None) -> keras.Model:
        trained = shaken(name, width=width)
        saved_network(trained, name, 6, mirror=mirror, width=width, **PIXELS).save(tmp_path / "model.keras")
        return keras.saving.load_model(tmp_path / "model.keras")

    return make


@pytest.mark.parametrize("name", ["compact", "study"])
def test_start_answers_as_the_saved_model(name, saved):
    """For the same classes the probabilities are the same, whether normalisation was folded away or copied."""
    source = saved(name, width=8)
    network = training_network(name, 6, width=8, votes=True, **PIXELS)
    start_from(network, source, IMAGES, same_classes=True)
    expected = np.asarray(source(FACES))
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(probabilities(network, IMAGES), expected, atol=1e-4)


def test_start_answers_alike_in_training(saved):
    """Normalising by the batch that the statistics were measured on changes nothing either; only dropout may."""
    source = saved("compact", width=8)
    network = training_network("compact", 6, width=8, **PIXELS)
    start_from(network, source, IMAGES, same_classes=True)
    network.get_layer("drop").rate = 0.0
    np.testing.assert_allclose(probabilities(network, IMAGES, training=True), source(FACES), atol=1e-3)
    np.testing.assert_allclose(probabilities(network, IMAGES), source(FACES), atol=1e-3)  # the statistics hardly moved


def test_filters_are_as_long_as_fresh_ones(saved):
    """Whatever folding made of them: a step would turn short ones too far, and long ones hardly."""
    source = saved("compact", width=8)
    network = training_network("compact", 6, width=8, **PIXELS)
    lengths = {layer.name: _lengths(layer) for layer in network.layers if isinstance(layer, keras.layers.Conv2D)}
    start_from(network, source, IMAGES, same_classes=True)
    assert len(lengths) > 5
    for name, fresh in lengths.items():
        np.testing.assert_allclose(_lengths(network.get_layer(name)), fresh.mean(), rtol=1e-5)
        assert np.ptp(_lengths(source.get_layer(name))) > 1e-3


def _lengths(layer: keras.layers.Conv2D) -> np.ndarray:
    return np.sqrt((layer.kernel.numpy() ** 2).sum((0, 1, 2)))


def test_mirrored_model_gives_its_network(saved):
    """What is started from is the network inside, whose answers the mirrored one averages."""
    source = saved("compact", mirror=True, width=8)
    network = training_network("compact", 6, width=8, **PIXELS)
    start_from(network, source, IMAGES, same_classes=True)
    closer = keras.ops.image.resize(FACES[:, 2:-2, 2:-2], (48, 48))
    flipped = keras.ops.softmax(network(keras.ops.flip(closer, 2))["label"])
    np.testing.assert_allclose((probabilities(network, IMAGES) + flipped) / 2, source(FACES), atol=1e-4)


def test_other_classes_leave_the_heads_fresh(saved):
    """With another number of classes, or other classes of the same number, heads keep their own weights."""
    source = saved("compact", width=8)
    for classes in (3, 6):
        network = training_network("compact", classes, width=8, votes=True, **PIXELS)
        heads = [network.get_layer(name).get_weights() for name in ("label", "votes")]
        start_from(network, source, IMAGES, same_classes=False)
        for before, name in zip(heads, ("label", "votes"), strict=True):
            np.testing.assert_array_equal(network.get_layer(name).kernel, before[0])
        found, expected = (model.get_layer("stage2_pair1a") for model in (network, source))
        np.testing.assert_allclose(found.kernel / _lengths(found), expected.kernel / _lengths(expected), atol=1e-6)


def test_saved_model_of_another_network_or_width_is_refused(saved):
    """The line names what the run has and what the file holds."""
    network = training_network("compact", 6, width=4, **PIXELS)
    with pytest.raises(RunError, match="expected a saved compact, found baseline; choose"):
        start_from(network, saved("baseline", width=2), IMAGES, same_classes=True)
    with pytest.raises(RunError, match=r"expected a saved compact of width 4 \(.*\), found compact of width 8 \("):
        start_from(network, saved("compact", width=8), IMAGES, same_classes=True)
