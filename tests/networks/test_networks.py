"""Every network by name: size, form, folding, and the file it is saved to."""

import keras
import numpy as np
import pytest

from fer_core.networks import NETWORKS, get_network, saved_network, training_network
from fer_core.networks.layers import FusedNorm

PIXELS = {"mean": 0.5, "std": 0.25}
FACES = np.random.default_rng(0).integers(0, 256, (4, 48, 48, 1)).astype(np.float32)


def shaken(name: str) -> keras.Model:
    """A network for training whose normalisations are not the identity, as after some steps."""
    keras.utils.set_random_seed(0)
    network = training_network(name, 6, **PIXELS)
    rng = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, FusedNorm):
            layer.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return network


def softmax(logits) -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits))


def test_study_has_the_published_number_of_parameters():
    """The study tells 3,842,630 parameters for six classes."""
    assert training_network("study", 6, **PIXELS).count_params() == 3_842_630


def test_baseline_is_two_convolutions_and_a_dense_layer():
    """320 + 9,248 weights in the convolutions, 48 · 48 · 32 · 6 + 6 in the Dense layer."""
    assert training_network("baseline", 6, **PIXELS).count_params() == 320 + 9_248 + 48 * 48 * 32 * 6 + 6


def test_compact_has_about_a_million_parameters():
    """What is promised of it: about a million, and a file of at most 5 MB."""
    assert 0.9e6 < saved_network(shaken("compact"), "compact", 6, **PIXELS).count_params() < 1.2e6


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_form_answers_as_the_trained_one(name):
    """Folding the normalisation away changes no probability."""
    trained = shaken(name)
    saved = saved_network(trained, name, 6, **PIXELS)
    np.testing.assert_allclose(saved(FACES), softmax(trained(FACES, training=False)["label"]), atol=1e-4)


def test_mirror_averages_a_face_and_its_mirror_image():
    """The mirrored form gives the mean of what the plain form says of both."""
    trained = shaken("compact")
    plain = saved_network(trained, "compact", 6, **PIXELS)
    mirrored = saved_network(trained, "compact", 6, mirror=True, **PIXELS)
    both = (np.asarray(plain(FACES)) + np.asarray(plain(FACES[:, :, ::-1]))) / 2
    np.testing.assert_allclose(mirrored(FACES), both, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_file_holds_stock_layers_only(name, tmp_path):
    """The file loads in safe mode, and none of its layers is ours."""
    saved = saved_network(shaken(name), name, 6, mirror=True, **PIXELS)
    saved.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    modules = {type(layer).__module__ for layer in loaded._flatten_layers()}
    assert all(module.startswith("keras.") for module in modules)
    np.testing.assert_allclose(loaded(FACES), saved(FACES), atol=1e-6)


def test_unknown_network_lists_the_known_ones():
    """A wrong name says which would be right."""
    with pytest.raises(ValueError, match=r"expected one of .*compact"):
        get_network("resnet")


def test_fused_norm_is_batch_normalisation():
    """In training it gives zero mean and unit variance, and moves its statistics a tenth of the way."""
    layer = FusedNorm()
    x = np.random.default_rng(2).normal(3, 2, (8, 5, 5, 2)).astype(np.float32)
    y = np.asarray(layer(x, training=True))
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std((0, 1, 2)), 1, atol=1e-3)
    np.testing.assert_allclose(layer.mean, 0.1 * x.mean((0, 1, 2)), rtol=1e-5)
