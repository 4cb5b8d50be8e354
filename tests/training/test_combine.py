"""Models combined into one: the product of the stages, a file of stock layers, refusals."""

import errno
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from networked import save_constant, save_network

from fer_core import store
from fer_core.errors import ModelError
from fer_core.evaluation.agreement import mean_prediction
from fer_core.evaluation.leaderboard import leaderboard
from fer_core.evaluation.predictions import read_predictions
from fer_core.inference.classifier import Classifier
from fer_core.labels import get_scheme
from fer_core.lineage import origin
from fer_core.training import runs
from fer_core.training.combine import STAGES, combine_apart, ensemble, soup, two_stage
from fer_core.training.config import get_preset

pytestmark = pytest.mark.slow

CONSTANT = {"valence": (0.6, 0.4), "negative": (0.5, 0.3, 0.2), "positive": (0.7, 0.2, 0.1)}
PRODUCT = {"Angry": 0.30, "Fear": 0.18, "Happy": 0.28, "Sad": 0.12, "Surprise": 0.08, "Neutral": 0.04}


@pytest.fixture
def parts(drawn) -> list[store.SavedModel]:
    """Three constant models, in the order of `two_stage`."""
    return [save_constant(scheme, drawn, scheme, CONSTANT[scheme]) for scheme in STAGES]


def test_two_stage_is_the_product(parts, drawn):
    """P(class) = P(side) · P(class | side), by hand, in the study's order; a finished model like any other."""
    model = two_stage(*parts, "both", drawn)
    assert store.open_trained("both") == model
    assert (model.status, model.labels) == ("finished", tuple(PRODUCT))
    found = Classifier.load("both").probabilities(drawn.images[:2])
    np.testing.assert_allclose(found, [list(PRODUCT.values())] * 2, atol=1e-6)
    assert list(leaderboard(store.list_models())["network"]).count("two_stage") == 1


def test_record_tells_the_parts(parts, drawn):
    """No settings and no curve of its own; each part as its record tells it."""
    model = two_stage(*parts, None, drawn)
    record = model.record
    assert model.id == "two_stage-1"
    assert (record["network"], record["settings"], record["rows"]) == ("two_stage", {}, {})
    assert record["parts"] == list(map(origin, parts))
    assert [part["sha256"] for part in record["parts"]] == [store.sha256_of(part.weights_file) for part in parts]
    assert record["parameters"] == sum(part.record["parameters"] for part in parts)
    assert model.history().empty


def seeing(scheme: str, drawn, name: str | None = None, seed: int = 1, *, mirror: bool = True) -> store.SavedModel:
    """A small network of random weights, which averages a face and its mirror image, or doesn't."""
    import keras

    from fer_core.networks import saved_network, training_network

    keras.utils.set_random_seed(seed)
    about = {"mean": 0.5, "std": 0.25, "width": 4}
    classes = len(get_scheme(scheme))
    network = training_network("compact", classes, **about)
    head = network.get_layer("label")
    head.set_weights([weight / 100 for weight in head.get_weights()])  # else one class has it all
    return save_network(
        name or scheme, drawn, scheme, saved_network(network, "compact", classes, **about, mirror=mirror)
    )


def test_networks_come_out_as_they_went_in(drawn):
    """Of networks that look at the face: the file gives the saved predictions, the parts' product; stock layers."""
    model = two_stage(*(seeing(scheme, drawn) for scheme in STAGES), "both", drawn)
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    images = drawn.images[predictions.frame["row"].to_numpy()]
    found = Classifier.load("both").probabilities(images)
    np.testing.assert_allclose(found, predictions.y_prob, atol=1e-4)
    valence, negative, positive = (Classifier.load(scheme).probabilities(images) for scheme in STAGES)
    angry, surprise = valence[:, 0] * negative[:, 0], valence[:, 1] * positive[:, 1]
    np.testing.assert_allclose(found[:, [0, 4]], np.stack([angry, surprise], 1), atol=1e-5)
    assert found.std(0).min() > 0.001
    assert all(module.split(".")[0] in ("keras", "builtins") for module in modules(model))


def modules(model: store.SavedModel) -> set[str]:
    """Of everything that the file's configuration names."""
    found = set()

    def collect(pairs: list) -> dict:
        found.update(value for key, value in pairs if key == "module" and value)
        return dict(pairs)

    with zipfile.ZipFile(model.weights_file) as file:
        json.loads(file.read("config.json"), object_pairs_hook=collect)
    return found


def test_parts_in_another_order_are_refused(parts, drawn):
    """The line says which scheme stands where."""
    valence, negative, positive = parts
    with pytest.raises(ModelError, match="'positive': expected one of scheme negative, found positive"):
        two_stage(valence, positive, negative, "both", drawn)


def test_parts_of_another_dataset_are_refused(parts, drawn):
    """Predictions on faces that a part was trained on elsewhere would tell nothing."""
    other = replace(drawn, fingerprint="0" * 64)
    with pytest.raises(ModelError, match="'valence': expected one trained on demo"):
        two_stage(*parts, "both", other)
    odd = store.update_record(parts[2], dataset=parts[2].record["dataset"] | {"fingerprint": "1" * 64})
    with pytest.raises(ModelError, match="'positive': expected one trained on demo"):
        two_stage(*parts[:2], odd, "both", drawn)
    assert {model.id for model in store.list_models()} == set(STAGES)


def test_untrained_part_and_taken_name_are_refused(parts, drawn):
    """Before any work, and nothing is left behind."""
    run = runs.create_run(replace(get_preset("quick"), scheme="positive"), drawn, "unfinished")
    with pytest.raises(ModelError, match="'unfinished': expected a trained model"):
        two_stage(*parts[:2], run, "both", drawn)
    with pytest.raises(ModelError, match="expected one that is not taken, found 'valence'"):
        two_stage(*parts, "valence", drawn)
    assert len(store.list_models()) == 4


@pytest.fixture
def alike(drawn) -> list[store.SavedModel]:
    """Two constant models of the same two classes."""
    return [save_constant(name, drawn, "valence", sides) for name, sides in (("a", (0.8, 0.2)), ("b", (0.1, 0.9)))]


def test_ensemble_is_the_mean(alike, drawn):
    """By hand; a finished model of stock layers that names its parts, with what the page told of it beforehand."""
    model = ensemble(alike, None, drawn)
    assert store.open_trained("ensemble-1") == model
    assert (model.status, model.labels, model.record["network"]) == ("finished", ("Negative", "Positive"), "ensemble")
    np.testing.assert_allclose(Classifier.load(model.id).probabilities(drawn.images[:2]), [[0.45, 0.55]] * 2, atol=1e-6)
    assert [part["id"] for part in model.record["parts"]] == ["a", "b"]
    assert model.record["parameters"] == sum(part.record["parameters"] for part in alike)
    assert all(module.split(".")[0] in ("keras", "builtins") for module in modules(model))
    saved = {m.id: read_predictions(m.folder / "predictions.parquet", m.labels) for m in (*alike, model)}
    told = mean_prediction({"a": saved["a"], "b": saved["b"]})
    np.testing.assert_allclose(saved[model.id].y_prob, told.y_prob, atol=1e-6)


def test_ensemble_of_networks_that_look(drawn):
    """Two of random weights: the file gives the mean of what they answer."""
    first, second = seeing("negative", drawn), seeing("negative", drawn, name="again", seed=2)
    model = ensemble([first, second], "mean", drawn)
    answers = [Classifier.load(name).probabilities(drawn.images[:8]) for name in ("negative", "again", "mean")]
    assert np.abs(answers[0] - answers[1]).max() > 0.01
    np.testing.assert_allclose(answers[2], (answers[0] + answers[1]) / 2, atol=1e-5)
    assert model.labels == ("Angry", "Fear", "Sad")


def test_ensembles_that_are_refused(alike, parts, drawn):
    """One alone or twice, other classes, another dataset, a name that is taken; before any work."""
    a, b = alike
    for models in ([a], [a, a], [a, b, a], []):
        with pytest.raises(ModelError, match="expected two models or more, each once"):
            ensemble(models, None, drawn)
    with pytest.raises(ModelError, match="'negative': expected one of scheme valence, found negative; average models"):
        ensemble([a, parts[1]], None, drawn)
    with pytest.raises(ModelError, match="'a': expected one trained on demo"):
        ensemble(alike, None, replace(drawn, fingerprint="0" * 64))
    with pytest.raises(ModelError, match="expected one that is not taken, found 'b'"):
        ensemble(alike, "b", drawn)
    assert len(store.list_models()) == 5


def test_soup_is_the_mean_of_the_weights(alike, drawn):
    """By hand: the mean of two biases is the geometric mean of (0.8, 0.2) and (0.1, 0.9), which is as 2 to 3."""
    model = soup(alike, None, drawn)
    assert store.open_trained("soup-1") == model
    np.testing.assert_allclose(Classifier.load(model.id).probabilities(drawn.images[:2]), [[0.4, 0.6]] * 2, atol=1e-6)
    assert [part["id"] for part in model.record["parts"]] == ["a", "b"]
    assert model.record["parameters"] == alike[0].record["parameters"]


def test_soup_has_the_form_of_its_first(drawn):
    """Of a model that looks twice and one with the same weights that looks once, the answers are the first's."""
    first, same = seeing("negative", drawn), seeing("negative", drawn, name="same", mirror=False)
    soup([first, same], "both", drawn)
    answers = [Classifier.load(name).probabilities(drawn.images[:8]) for name in ("negative", "both")]
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-6)


def test_soups_that_are_refused(alike, drawn):
    """Besides what an ensemble refuses, weights that can't be added."""
    with pytest.raises(ModelError, match="soup: expected two models or more"):
        soup(alike[:1], None, drawn)
    with pytest.raises(ModelError, match="soup: expected weights shaped as those of 'a', found others in 'valence'"):
        soup([*alike, seeing("valence", drawn)], None, drawn)
    other = store.update_record(alike[1], pixels={"mean": 0.1, "std": 0.1})
    with pytest.raises(ModelError, match="expected models that prepare pixels alike, found 'a' and 'b'"):
        soup([alike[0], other], None, drawn)
    assert "soup-1" not in [model.id for model in store.list_models()]


def test_no_room_for_a_combined_model_leaves_nothing(alike, drawn, monkeypatch):
    """The disk fills up while it is written: the name is free again."""

    def full(*arguments, **facts):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(store, "write_network", full)
        with pytest.raises(OSError, match="No space left"):
            ensemble(alike, "mean", drawn)
    assert ensemble(alike, "mean", drawn).id == "mean"


def test_ensemble_in_a_process_of_its_own(alike):
    """The model comes back, and what went wrong in its own words; the caller loads nothing."""
    model = combine_apart("ensemble", ["a", "b"], "mean", "demo")
    assert model == store.open_trained("mean")
    assert combine_apart("ensemble", ["a", "b"], "mean", "demo") == model  # a second click is the same wish
    store.update_record(model, created="2020-01-01T00:00:00+00:00")
    with pytest.raises(ModelError, match=r"^model name: expected one that is not taken, found 'mean'"):
        combine_apart("ensemble", ["a", "b"], "mean", "demo")
