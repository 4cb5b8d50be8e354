"""The recurrent network and its files beside a model."""

import json

import numpy as np
import pytest
from networked import save_constant

from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.networks.recurrent import build, with_gaps
from fer_core.recurrent import find_recurrent, load_recurrent, save_recurrent


@pytest.fixture
def model():
    return save_constant("seen", draw_dataset(), "negative", (0.2, 0.3, 0.5))


@pytest.fixture(scope="module")
def network():
    return build(4, 3, np.array([1.0, 2, 3, 4]), np.ones(4))


def test_gaps_are_zeros_and_say_so():
    """NaN at a step becomes zeros, and 0 for 'seen'."""
    vectors = np.array([[1.0, 2], [np.nan, np.nan]])
    assert with_gaps(vectors).tolist() == [[1, 2, 1], [0, 0, 0]]
    assert with_gaps(vectors).dtype == np.float32


def test_it_gives_probabilities_for_any_number_of_steps(network):
    """Gaps included; each row sums to 1."""
    vectors = np.random.default_rng(0).normal(size=(2, 7, 4))
    vectors[0, 3] = np.nan
    y_prob = np.asarray(network(with_gaps(vectors)))
    assert y_prob.shape == (2, 7, 3)
    np.testing.assert_allclose(y_prob.sum(axis=2), 1, rtol=1e-5)


def test_embeddings_are_standardised_by_those_it_learned_from(network):
    """The mean of what it learned from comes out as zeros, as does a gap."""
    inner = network.get_layer("standardise")(with_gaps(np.array([[[1.0, 2, 3, 4]]])))
    np.testing.assert_allclose(np.asarray(inner)[0, 0, :4], 0, atol=1e-6)


def test_it_is_found_again_as_it_was_saved(model, network):
    """None at first; then the same answers and the record."""
    assert find_recurrent(model) is None
    save_recurrent(model, network, {"scores": {}})
    saved = find_recurrent(model)
    assert saved.record["network"] == model.record["sha256"]
    inputs = with_gaps(np.ones((1, 6, 4)))
    np.testing.assert_allclose(load_recurrent(saved)(inputs), network(inputs), atol=1e-6)


def test_one_of_another_network_is_refused(model, network):
    """It reads the embeddings of the network it was trained for, and of no other."""
    saved = save_recurrent(model, network, {})
    record = saved.path.with_suffix(".json")
    record.write_text(json.dumps(saved.record | {"network": "0" * 64}))
    with pytest.raises(ModelError, match="expected one trained for this network"):
        find_recurrent(model)
    record.write_text("{")
    with pytest.raises(ModelError, match="expected a readable record"):
        find_recurrent(model)


def test_a_damaged_one_is_refused(model, network):
    """Other bytes than those of which the record speaks aren't opened."""
    saved = save_recurrent(model, network, {})
    saved.path.write_bytes(saved.path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"expected the file of which timeline\.json speaks"):
        load_recurrent(saved)
