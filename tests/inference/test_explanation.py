"""Heat maps where it is known by hand which part of a face a network looks at."""

import numpy as np
import pytest

from fer_core.errors import ModelError
from fer_core.inference.explanation import Explainer

pytestmark = pytest.mark.slow

LABELS = ("Sad", "Happy")
FACES = np.random.default_rng(0).integers(50, 206, (6, 48, 48), np.uint8)
HAPPY, SAD = np.ones(6, int), np.zeros(6, int)
CORNER = (slice(None), slice(0, 16), slice(32, 48))  # top right


def looks_at_a_corner():
    """Happy where the top right ninth is bright; the map of 48 × 48 is flattened, as the study's networks do."""
    import keras

    inputs = keras.Input((48, 48, 1))
    convolution = keras.layers.Conv2D(1, 1, kernel_initializer="ones", activation="relu")
    head = keras.layers.Dense(2)
    logits = head(keras.layers.Flatten()(convolution(inputs)))
    model = keras.Model(inputs, keras.layers.Softmax()(logits))
    kernel = np.zeros((48, 48, 2), np.float32)
    kernel[:16, 32:, 1] = 1e-4
    head.set_weights([kernel.reshape(-1, 2), np.zeros(2)])
    return model


def mirrored(network):
    import keras

    faces = keras.Input((48, 48, 1))
    both = [network(faces), network(keras.ops.flip(faces, axis=2))]
    return keras.Model(faces, keras.layers.Average()(both))


def test_the_map_is_hot_where_the_network_looks():
    """All heat lies in the corner; what speaks for Sad there is nothing."""
    explainer = Explainer(looks_at_a_corner(), LABELS)
    heat = explainer.heat(FACES, HAPPY)
    assert heat.shape == (6, 48, 48)
    assert heat.dtype == np.float32
    assert explainer.cells == (48, 48)
    np.testing.assert_allclose(heat[CORNER].sum(axis=(1, 2)), heat.sum(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_allclose(heat.max(axis=(1, 2)), 1)
    assert not explainer.heat(FACES, SAD).any()


def test_the_heat_is_the_contribution_of_each_pixel():
    """Each pixel of the corner counts by its grey level, so the map is the corner itself, divided by its brightest."""
    heat = Explainer(looks_at_a_corner(), LABELS).heat(FACES, HAPPY)
    corner = FACES[CORNER].astype(float)
    np.testing.assert_allclose(heat[CORNER], corner / corner.max(axis=(1, 2), keepdims=True), rtol=1e-4)


def test_classes_differ_from_face_to_face():
    """A batch may ask for a class a face; none at all is an empty answer."""
    heat = Explainer(looks_at_a_corner(), LABELS).heat(FACES, np.array([0, 1, 0, 1, 0, 1]))
    assert (heat.max(axis=(1, 2)) > 0).tolist() == [False, True] * 3
    assert Explainer(looks_at_a_corner(), LABELS).heat(FACES[:0], HAPPY[:0]).shape == (0, 48, 48)


def test_where_a_network_averages_its_map_it_is_the_papers_formula():
    """Channels weighted by the averaged gradient, summed, cut off at 0, enlarged: equation 2 of the paper."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    inputs = keras.Input((48, 48, 1))
    maps = keras.layers.Conv2D(4, 5, strides=8, activation="relu")(keras.layers.Rescaling(1 / 255)(inputs))
    logits = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps))
    network = keras.Model(inputs, keras.layers.Softmax()(logits))
    faces = FACES[..., None].astype(np.float32)
    with tf.GradientTape() as tape:
        found, probability = keras.Model(inputs, [maps, network.output])(faces)
        score = tf.math.log(probability[:, 1])
    weights = tf.reduce_mean(tape.gradient(score, found), axis=(1, 2), keepdims=True)
    expected = tf.image.resize(tf.nn.relu(tf.reduce_sum(weights * found, -1, keepdims=True)), (48, 48)).numpy()[..., 0]
    expected = expected / np.maximum(expected.max(axis=(1, 2), keepdims=True), 1e-30)
    np.testing.assert_allclose(Explainer(network, LABELS).heat(FACES, HAPPY), expected, atol=1e-5)


def test_a_mirrored_model_looks_at_both_corners():
    """The half that sees the mirror image looks at the other side of the face itself; by grey levels alike."""
    heat = Explainer(mirrored(looks_at_a_corner()), LABELS).heat(FACES, HAPPY)
    corners = FACES.astype(float)[:, :16]
    own, other = heat[:, :16, 32:], heat[:, :16, :16]
    np.testing.assert_allclose(own.sum() + other.sum(), heat.sum(), rtol=1e-6)
    for face in range(6):  # each corner is a multiple of its grey levels
        for found, grey in ((own[face], corners[face, :, 32:]), (other[face], corners[face, :, :16])):
            assert np.corrcoef(found.ravel(), grey.ravel())[0, 1] == pytest.approx(1, abs=1e-4)


def test_a_look_at_the_middle_is_drawn_in_the_middle():
    """The corner that such a half sees lies two pixels further in, on the face itself."""
    import keras

    network = looks_at_a_corner()
    faces = keras.Input((48, 48, 1))
    closer = keras.layers.Resizing(48, 48)(keras.layers.Cropping2D(2)(faces))
    explainer = Explainer(keras.Model(faces, network(keras.ops.flip(closer, axis=2))), LABELS)
    warm = np.argwhere(explainer.heat(FACES, HAPPY).any(axis=0))
    assert warm.min(axis=0).tolist() == [2, 2]
    assert warm.max(axis=0).tolist() == [
        2 + 44 // 3,
        2 + 44 // 3,
    ]  # the corner is a third of 44 pixels, enlarged smoothly


def test_a_two_stage_model_is_explained_by_both_of_its_stages():
    """The side and the class within it: specialists of the other side have no say."""
    from fer_core.training.combine import _two_stage_network

    networks = [_of_column(column, k) for column, k in ((0, 2), (1, 3), (2, 3))]
    explainer = Explainer(_two_stage_network(*networks), ("Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"))
    heat = explainer.heat(FACES, np.full(6, 0))  # Angry: negative, and the first there
    thirds = heat.reshape(6, 48, 3, 16).sum(axis=(1, 3))
    assert (thirds[:, :2] > 0).all()
    assert not thirds[:, 2].any()


def _of_column(column: int, k: int):
    """A network whose first class is brighter the brighter the given third of the face."""
    import keras

    inputs = keras.Input((48, 48, 1))
    found = keras.layers.Conv2D(1, 1, kernel_initializer="ones")(inputs)
    head = keras.layers.Dense(k)
    network = keras.Model(inputs, keras.layers.Softmax()(head(keras.layers.Flatten()(found))))
    kernel = np.zeros((48, 48, k), np.float32)
    kernel[:, 16 * column : 16 * (column + 1), 0] = 1e-5
    head.set_weights([kernel.reshape(-1, k), np.zeros(k)])
    return network


@pytest.mark.parametrize(
    ("name", "mirror"),
    [("baseline", False), ("compact", False), ("compact", True), ("study", False), ("mobilenet", False)],
)
def test_each_network_has_maps_that_depend_on_its_weights(name, mirror, saved_network_of):
    """In [0, 1], with some heat; under random last layers they are others, and afterwards the same as before."""
    explainer = Explainer(saved_network_of(name, mirror), tuple("abcdef"))
    classes = np.arange(6)
    heat = explainer.heat(FACES, classes)
    assert heat.min() >= 0
    assert heat.max() == pytest.approx(1)
    correlations = [explainer.correlation_with_random_heads(FACES, classes)]
    np.testing.assert_array_equal(explainer.heat(FACES, classes), heat)
    for seed in (3, 4):  # of one random network the maps may happen to be alike
        another = Explainer(saved_network_of(name, mirror, seed), tuple("abcdef"))
        correlations.append(another.correlation_with_random_heads(FACES, classes))
    assert np.nanmean(correlations) < 0.8  # 1: they would not


def test_efficientnet_has_a_map(saved_network_of):
    """By structure, not by name: its excitation's averages in between are no end of the maps."""
    from fer_core.inference.explanation import COARSE, _with_maps

    with_maps, looks = _with_maps(saved_network_of("efficientnet", False), COARSE)
    assert with_maps.outputs[0].shape == (None, 3, 3, 1280)
    assert looks == [(False, 0)]


def test_a_finer_map(saved_network_of):
    """Compact's last map has 3 × 3 cells, the finer one 12 × 12."""
    network = saved_network_of("compact", True)
    assert Explainer(network, tuple("abcdef")).cells == (3, 3)
    assert Explainer(network, tuple("abcdef"), fine=True).cells == (12, 12)


@pytest.fixture
def saved_network_of():
    """A network of width 4 in its saved form, with random weights."""
    import keras

    from fer_core.networks import get_network, saved_network, training_network

    def saved_network_of(name: str, mirror: bool, seed: int = 2):
        keras.utils.set_random_seed(seed)
        sizes = {"mean": 0.5, "std": 0.25, "width": 4 if get_network(name).width else None}
        return saved_network(training_network(name, 6, **sizes), name, 6, mirror=mirror, **sizes)

    return saved_network_of


def test_heat_that_no_weight_could_change_is_found_out():
    """Where the last layer has one weight a class and the map is one channel, the place of the heat is the face's."""
    import keras

    inputs = keras.Input((48, 48, 1))
    found = keras.layers.Conv2D(1, 1, kernel_initializer="ones")(keras.layers.Rescaling(1 / 255)(inputs))
    head = keras.layers.Dense(2, activation="softmax")
    network = keras.Model(inputs, head(keras.layers.GlobalAveragePooling2D()(found)))
    head.set_weights([np.array([[-1.0, 1.0]]), np.zeros(2)])
    assert Explainer(network, LABELS).correlation_with_random_heads(FACES, HAPPY) == pytest.approx(1)


def test_networks_without_a_map_or_of_other_classes_are_refused():
    """In one line each."""
    import keras

    inputs = keras.Input((48, 48, 1))
    network = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(inputs)))
    with pytest.raises(ModelError, match="expected a network with convolutions, found none"):
        Explainer(network, LABELS)
    with pytest.raises(ModelError, match=r"expected probabilities of shape \(n, 3\), found \(None, 2\)"):
        Explainer(looks_at_a_corner(), ("a", "b", "c"))


@pytest.mark.parametrize("classes", [np.array([0]), np.array([0, 1, 2, 0, 1, 0]), np.array([0, 1, -1, 0, 1, 0])])
def test_other_classes_are_refused(classes):
    """One a face, and one that the network knows."""
    with pytest.raises(ValueError, match="classes: expected one from 0 to 1 a face, 6 in all"):
        Explainer(looks_at_a_corner(), LABELS).heat(FACES, classes)


def test_other_images_are_refused():
    """As the classifier refuses them."""
    with pytest.raises(ValueError, match=r"images: expected uint8 of shape \(n, 48, 48\)"):
        Explainer(looks_at_a_corner(), LABELS).heat(FACES / 255, HAPPY)


def _sequential(*before):
    import keras

    return keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            *before,
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


def _inside(network):
    import keras

    faces = keras.Input((48, 48, 1))
    return keras.Model(faces, network(faces))


def _augmentation():
    import keras

    return keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.1)])


@pytest.mark.parametrize(
    "build",
    [
        _sequential,
        lambda: _inside(_sequential()),
        lambda: _sequential(_augmentation()),
        lambda: _inside(_sequential(_augmentation())),
    ],
    ids=["sequential", "one inside another network", "with a block of augmentation", "both"],
)
def test_a_saved_sequential_network_has_the_maps_of_the_same_in_one_piece(build, tmp_path):
    """Loading one calls its layers several times over, on no way to its output; networks inside need not have maps."""
    import keras

    keras.utils.set_random_seed(3)
    network = build()
    network.save(tmp_path / "saved.keras")
    plain = _sequential()  # just built, so that each of its layers was called once
    plain.set_weights(network.get_weights())
    loaded = keras.saving.load_model(tmp_path / "saved.keras", compile=False)
    expected = Explainer(plain, LABELS).heat(FACES, HAPPY)
    assert expected.any()
    np.testing.assert_allclose(Explainer(loaded, LABELS).heat(FACES, HAPPY), expected, atol=1e-5)
