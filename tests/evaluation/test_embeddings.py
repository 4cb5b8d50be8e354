"""Embeddings of small networks: times the head the probabilities; mirrored, combined, wide, none; kept."""

import numpy as np
import pytest
from networked import save_network
from saved import save_model

from fer_core import store
from fer_core.data import load_dataset
from fer_core.errors import ModelError
from fer_core.evaluation.embeddings import WIDEST, Embedder, find_embeddings
from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import get_scheme

pytestmark = pytest.mark.slow

LOOKS = {"mean": 0.5, "std": 0.25}


@pytest.fixture
def drawn():
    return load_dataset("demo")


def built(name: str, classes: int = 6, seed: int = 1, *, mirror: bool = False):
    """A network of random weights in its saved form."""
    import keras

    from fer_core.networks import get_network, saved_network, training_network

    keras.utils.set_random_seed(seed)
    width = 4 if get_network(name).width else None
    trained = training_network(name, classes, **LOOKS, width=width)
    return saved_network(trained, name, classes, **LOOKS, width=width, mirror=mirror)


def answers(network, vectors: np.ndarray) -> np.ndarray:
    """What the head of a network that isn't mirrored makes of embeddings."""
    kernel, bias = network.get_layer("label").get_weights()
    odds = np.exp(vectors @ kernel + bias - (vectors @ kernel + bias).max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["compact", "study", "mobilenet", "efficientnet"])
def test_embeddings_times_the_head_are_the_probabilities(name, drawn):
    """Of each network that we build and that isn't wide: to 1e-4, of faces in an order across batches."""
    network = built(name)
    images = drawn.images[:300]
    found = Embedder(network).measure(images)
    assert found.vectors.dtype == found.probabilities.dtype == np.float32
    assert found.vectors.std(axis=0).max() > 0
    np.testing.assert_allclose(answers(network, found.vectors), found.probabilities, atol=1e-4)
    np.testing.assert_allclose(np.asarray(network(images[290:, ..., None])), found.probabilities[290:], atol=1e-4)


def test_a_mirrored_network_gives_the_mean_of_both_looks(drawn):
    """Of the network inside, at the face and at its mirror image, seen closer."""
    import keras

    mirrored = built("compact", mirror=True)
    network = next(layer for layer in mirrored.layers if isinstance(layer, keras.Model))
    face = drawn.images[:20]
    middle = face[:, 2:-2, 2:-2, np.newaxis].astype(np.float32)
    closer = np.asarray(keras.ops.image.resize(middle, (48, 48)))[..., 0]
    looks = [Embedder(network).measure(images) for images in (face, closer[:, :, ::-1])]
    found = Embedder(mirrored).measure(face)
    np.testing.assert_allclose(found.vectors, (looks[0].vectors + looks[1].vectors) / 2, atol=1e-5)
    halves = [answers(network, look.vectors) for look in looks]
    np.testing.assert_allclose(np.mean(halves, axis=0), found.probabilities, atol=1e-4)


def test_a_sequential_network_is_looked_into(drawn):
    """As imported ones may be; here the input of the head are the means of patches."""
    import keras

    layers = [keras.layers.AveragePooling2D(8), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    network = keras.Sequential([keras.Input((48, 48, 1)), *layers])
    found = Embedder(network).measure(drawn.images[:5])
    means = drawn.images[:5].reshape(5, 6, 8, 6, 8).mean(axis=(2, 4)).reshape(5, 36)
    np.testing.assert_allclose(found.vectors, means, rtol=1e-5)
    np.testing.assert_allclose(found.probabilities, network(drawn.images[:5, ..., None].astype(float)), atol=1e-5)


def test_combined_models_stand_side_by_side(drawn):
    """Two_stage and ensemble: the parts' embeddings beside each other, in any order, and the saved probabilities."""
    from fer_core.training.combine import STAGES, ensemble, two_stage

    networks = {
        scheme: built("compact", len(get_scheme(scheme)), seed, mirror=True) for seed, scheme in enumerate(STAGES)
    }
    parts = {scheme: save_network(scheme, drawn, scheme, network) for scheme, network in networks.items()}
    vectors = {scheme: Embedder(network).measure(drawn.images).vectors for scheme, network in networks.items()}
    both = two_stage(*parts.values(), "both", drawn)
    found = find_embeddings(both, drawn)
    assert found.vectors.shape[1] == sum(of_part.shape[1] for of_part in vectors.values())
    assert all(stands_in(of_part, found.vectors) for of_part in vectors.values())
    saved = read_predictions(both.folder / "predictions.parquet", both.labels)
    np.testing.assert_allclose(found.probabilities[saved.frame["row"]], saved.y_prob, atol=1e-4)
    again = save_network("again", drawn, "negative", built("compact", 3, 9))
    mean = find_embeddings(ensemble([parts["negative"], again], "mean", drawn), drawn)
    assert mean.vectors.shape[1] == 2 * vectors["negative"].shape[1]
    assert stands_in(vectors["negative"], mean.vectors)


def stands_in(part: np.ndarray, whole: np.ndarray) -> bool:
    """Whether the columns of `part` stand in `whole` beside each other."""
    width = part.shape[1]
    return any(np.allclose(part, whole[:, i : i + width], atol=1e-4) for i in range(0, whole.shape[1], width))


def test_a_wide_layer_is_projected(drawn):
    """The study's first network flattens its map: distances between faces stay within some percent."""
    from scipy.spatial.distance import pdist

    network = built("baseline")
    images = drawn.images[:40]
    found = Embedder(network).measure(images)
    assert found.vectors.shape == (40, WIDEST)
    assert found.vectors.dtype == np.float32
    import keras

    flat = keras.Model(network.input, network.get_layer("flat").output)
    ratio = pdist(found.vectors) / pdist(np.asarray(flat(images[..., None].astype(np.float32))))
    assert np.abs(ratio - 1).max() < 0.15


def test_networks_without_a_last_hidden_layer_are_refused(drawn):
    """One line that names the model and says what was found."""
    import keras

    faces = keras.Input((48, 48, 1))
    maps = keras.layers.Conv2D(6, 5, strides=8)(faces)
    network = keras.Model(faces, keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(maps)))
    model = save_network("convolved", drawn, "study", network)
    with pytest.raises(
        ModelError, match=r"^model 'convolved': expected a network that ends in a Dense layer, found Conv"
    ):
        find_embeddings(model, drawn)
    nothing = keras.Model(faces, keras.layers.GlobalAveragePooling2D()(faces))
    with pytest.raises(ModelError, match="found no layer that learns"):
        Embedder(nothing).measure(drawn.images[:2])


def test_kept_for_the_second_time(drawn):
    """The file in the data folder is of this network and these faces; the network isn't opened again."""
    model = save_network("mine", drawn, "study", built("compact"))
    told = []
    first = find_embeddings(model, drawn, lambda done, n: told.append((done, n)))
    assert told == [(0, 778), (256, 778), (512, 778), (768, 778), (778, 778)]
    model.weights_file.unlink()
    second = find_embeddings(model, drawn, lambda done, n: told.append("again"))
    assert told[-1] == (778, 778)
    np.testing.assert_array_equal(first.vectors, second.vectors)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    with pytest.raises(ModelError, match=r"expected model\.keras"):
        find_embeddings(store.update_record(model, sha256="0" * 64), drawn)


def test_a_damaged_model_is_refused(drawn):
    """The file isn't the one that was saved."""
    model = save_model("mine", drawn)
    model.weights_file.write_bytes(b"other")
    with pytest.raises(ModelError, match=r"expected model\.keras with the sha256"):
        find_embeddings(model, drawn)
