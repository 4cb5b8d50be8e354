"""Every network by name: size, form, folding, and the file it is saved to."""

from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf
from shaken_networks import PIXELS, as_input, checks, probabilities, shaken

from fer_core import machine
from fer_core.networks import NETWORKS, get_network, saved_network, softened, training_network
from fer_core.networks.layers import Convolution, FusedNorm, convolve

IMAGES = checks(4)
FACES = as_input(IMAGES)
PARAMETERS = {  # for six classes, without what normalisation adds while training
    "baseline": 320 + 9_248 + 48 * 48 * 32 * 6 + 6,  # two convolutions and the Dense layer
    "study": 3_842_630,  # as the study tells
    "compact": 1_072_070,
    "mobilenet": 939_120 + 576 * 6 + 6,  # Keras's own count without its top, and the head
    "efficientnet": 5_919_312 + 1_280 * 6 + 6,
}


@dataclass
class Forms:
    """A network for training, and its form for the file with the same weights."""

    name: str
    trained: keras.Model
    saved: keras.Model


@pytest.fixture(scope="module", params=NETWORKS)
def forms(request) -> Forms:
    """A network in both forms, with the same weights; built once for all tests."""
    trained = shaken(request.param)
    return Forms(request.param, trained, saved_network(trained, request.param, 6, **PIXELS))


def test_saved_form_has_the_parameters_that_are_told(forms):
    """Each network's size is pinned; the study's is the published one, compact's about a million."""
    assert forms.saved.count_params() == PARAMETERS[forms.name]


def test_saved_form_answers_as_the_trained_one(forms):
    """Folding the normalisation away, or copying layers by name, changes no probability."""
    expected = probabilities(forms.trained, IMAGES)
    np.testing.assert_allclose(forms.saved(FACES), expected, atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 1e-3  # answers differ between faces, so equality says something


def test_saved_file_holds_stock_layers_only(forms, tmp_path):
    """The file loads in safe mode, none of its layers is ours, and it answers the same."""
    forms.saved.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    modules = {type(layer).__module__ for layer in loaded._flatten_layers()}
    assert all(module.startswith("keras.") for module in modules)
    np.testing.assert_allclose(loaded(FACES), forms.saved(FACES), atol=1e-6)


def test_network_learns_from_faces_of_any_size(forms):
    """The smallest size that growing starts with gives logits, and a gradient for every weight, at training."""
    side = get_network(forms.name).side or 32
    faces = FACES[:, :side, :side]
    if forms.name == "efficientnet":  # its gradient takes long to build, and is Keras's own
        assert forms.trained(faces)["label"].shape == (4, 6)
        return
    with tf.GradientTape() as tape:
        logits = forms.trained(faces, training=True)["label"]
    gradients = tape.gradient(logits, forms.trained.trainable_variables)
    assert logits.shape == (4, 6)
    assert all(gradient is not None for gradient in gradients)


def test_a_network_trained_on_smaller_faces_makes_them_smaller_itself(tmp_path):
    """The saved form takes 48 pixels and answers what the trained one answers to the face at 32."""
    trained = training_network("compact", 6, width=2, **PIXELS)
    saved_network(trained, "compact", 6, width=2, side=32, **PIXELS).save(tmp_path / "model.keras")
    saved = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    expected = keras.ops.softmax(trained(keras.ops.image.resize(FACES, (32, 32)))["label"])
    np.testing.assert_allclose(saved(FACES), expected, atol=1e-5)


def test_mirror_averages_a_face_and_its_mirror_image_seen_closer(tmp_path):
    """The mirrored form, saved and loaded, gives the mean of what the plain form says of both."""
    trained = shaken("compact")
    plain = saved_network(trained, "compact", 6, **PIXELS)
    saved_network(trained, "compact", 6, mirror=True, **PIXELS).save(tmp_path / "model.keras")
    mirrored = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    closer = np.asarray(keras.ops.image.resize(FACES[:, 2:-2, 2:-2], (48, 48)))
    both = (np.asarray(plain(FACES)) + np.asarray(plain(closer[:, :, ::-1]))) / 2
    np.testing.assert_allclose(mirrored(FACES), both, atol=1e-6)


def test_softened_as_interpolation_softens():
    """A white point keeps 28 of 36 parts; each of its eight neighbours gets one. No brightness is lost at an edge."""
    point = np.zeros((1, 48, 48, 1), np.float32)
    point[0, 20, 30] = 36
    soft = np.asarray(softened(point))[0, ..., 0]
    expected = np.ones((3, 3))
    expected[1, 1] = 28
    np.testing.assert_allclose(soft[19:22, 29:32], expected, atol=1e-5)
    assert soft.sum() == pytest.approx(36)
    np.testing.assert_allclose(softened(np.full((1, 48, 48, 1), 7.0, np.float32)), 7, atol=1e-5)


@pytest.mark.parametrize("mirror", [False, True])
def test_the_soft_form_softens_the_face_where_nothing_else_does(mirror):
    """Faces that are resized, as the closer look and those of smaller networks are, stay as they are."""
    trained = shaken("compact")
    plain, soft = (saved_network(trained, "compact", 6, soft=soft, mirror=mirror, **PIXELS) for soft in (False, True))
    one = saved_network(trained, "compact", 6, **PIXELS)
    looks = 2 if mirror else 1
    expected = np.asarray(plain(FACES)) + (np.asarray(one(softened(FACES))) - np.asarray(one(FACES))) / looks
    np.testing.assert_allclose(soft(FACES), expected, atol=1e-5)
    small = [saved_network(trained, "compact", 6, side=40, soft=soft, **PIXELS)(FACES) for soft in (False, True)]
    np.testing.assert_array_equal(*small)


def test_the_mirrored_form_of_smaller_faces_is_no_training():
    """Called as it is it answers twice the same, and what it predicts: a layer that resizes wakes no dropout."""
    saved = saved_network(shaken("compact"), "compact", 6, side=40, mirror=True, **PIXELS)
    found = np.asarray(saved(FACES))
    np.testing.assert_array_equal(saved(FACES), found)
    np.testing.assert_allclose(saved.predict(FACES, verbose=0), found, atol=1e-5)


def test_unknown_network_lists_the_known_ones():
    """A wrong name says which would be right."""
    with pytest.raises(ValueError, match=r"expected one of .*compact"):
        get_network("resnet")


def test_width_of_a_network_that_has_but_one_is_refused():
    """A width that would be ignored is refused in words."""
    with pytest.raises(ValueError, match="width: expected none, as mobilenet comes in one width only, found 16"):
        training_network("mobilenet", 6, width=16, **PIXELS)


def test_fused_norm_is_batch_normalisation():
    """In training it gives zero mean and unit variance, and moves its statistics a tenth of the way."""
    layer = FusedNorm()
    x = np.random.default_rng(2).normal(3, 2, (8, 5, 5, 2)).astype(np.float32)
    y = np.asarray(layer(x, training=True))
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std((0, 1, 2)), 1, atol=1e-3)
    np.testing.assert_allclose(layer.mean, 0.1 * x.mean((0, 1, 2)), rtol=1e-5)


@pytest.mark.skipif(
    not machine.multiplies_bfloat16(), reason="a processor without bfloat16 instructions has none of it"
)
@pytest.mark.parametrize("n", [16, 5])
def test_gradients_on_narrow_maps_are_those_of_a_convolution(n):
    """Of a number of maps that can be interleaved, and of an odd one."""
    rng = np.random.default_rng(n)
    x, kernel, weight = (
        rng.normal(size=shape).astype(np.float32) for shape in ((n, 6, 5, 3), (3, 3, 3, 4), (n, 6, 5, 4))
    )

    def answer_and_gradients(convolution):
        inputs = [tf.constant(x), tf.constant(kernel)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            answer = convolution(*inputs)
            loss = tf.reduce_sum(answer * weight)
        return [answer, *tape.gradient(loss, inputs)]

    stock = answer_and_gradients(lambda x, kernel: tf.nn.conv2d(x, kernel, 1, "SAME"))
    for ours, expected in zip(answer_and_gradients(convolve), stock, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-4)


@pytest.mark.parametrize("side", [6, 12])
def test_a_convolution_in_bfloat16_learns_as_the_stock_one(side):
    """Answer and gradient, on maps narrow and wide; within what eight bits of a number hold."""
    x = np.random.default_rng(side).normal(size=(8, side, side, 3)).astype(np.float32)

    def answer_and_gradient(kind):
        layer = kind(4, 3, padding="same", use_bias=False, dtype="mixed_bfloat16")
        layer.build(x.shape)
        layer.set_weights([np.linspace(-1, 1, 108, dtype=np.float32).reshape(3, 3, 3, 4)])
        with tf.GradientTape() as tape:
            answer = tf.cast(layer(x), tf.float32)
            loss = tf.reduce_sum(answer**2)
        return answer.numpy(), tape.gradient(loss, layer.kernel).numpy()

    for ours, expected in zip(answer_and_gradient(Convolution), answer_and_gradient(keras.layers.Conv2D), strict=True):
        np.testing.assert_allclose(ours, expected, atol=0.02 * np.abs(expected).max())
