"""Weights from ImageNet: what is copied, and what is said where they cannot be had."""

import keras
import numpy as np
import pytest
from shaken_networks import PIXELS, as_input, checks

from fer_core.errors import RunError
from fer_core.networks import start_from_imagenet, training_network
from fer_core.networks.imagenet import copy_weights


@pytest.fixture(scope="module")
def mobilenet():
    return training_network("mobilenet", 6, **PIXELS)


@pytest.fixture
def _offline(tmp_path, monkeypatch):
    """No weights on disk, and a proxy that nobody answers at."""
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setattr("urllib.request._opener", None)  # it would remember the proxies of its first use
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)


def test_weights_are_carried_into_the_layers_of_the_same_name(mobilenet):
    """Keras's own network on enlarged grey faces gives the features that ours then gives."""
    keras.utils.set_random_seed(3)
    source = keras.applications.MobileNetV3Small(
        weights=None, include_top=False, pooling="avg", input_shape=(96, 96, 3)
    )
    copy_weights(source, mobilenet)
    faces = as_input(checks(2))
    enlarged = keras.ops.repeat(keras.ops.image.resize(faces, (96, 96)), 3, axis=-1)
    features = keras.Model(mobilenet.input, mobilenet.get_layer("label").input)
    np.testing.assert_allclose(features(faces), source(enlarged), atol=1e-5)


@pytest.mark.usefixtures("_offline")
def test_offline_is_told_in_a_line(mobilenet):
    """Without network and without a kept file it says what was expected and what can be done."""
    with pytest.raises(RunError, match=r"weights of mobilenet under ~/\.keras/models or a connection") as refused:
        start_from_imagenet(mobilenet)
    assert "\n" not in str(refused.value)


def test_network_without_imagenet_weights_is_refused():
    """Only those of keras.applications have them."""
    with pytest.raises(ValueError, match="expected network mobilenet or efficientnet, found compact"):
        start_from_imagenet(training_network("compact", 6, width=2, **PIXELS))
