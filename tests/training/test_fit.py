"""From a run's record to its saved model: teachers, starts from saved models, the prior correction. In this process."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from fer_core import store
from fer_core.errors import ModelError, RunError
from fer_core.evaluation.predictions import read_predictions
from fer_core.evaluation.scoring import pixels
from fer_core.labels import get_scheme
from fer_core.lineage import origin
from fer_core.networks import softened
from fer_core.training import runs, speed
from fer_core.training.combine import ensemble, soup
from fer_core.training.config import VOTES_SETTINGS, TrainConfig
from fer_core.training.data import Faces, training_rows, votes_sha256
from fer_core.training.engine import Engine
from fer_core.training.fit import _resolved, fit
from fer_core.training.prior import STRENGTHS
from fer_core.training.targets import informed
from fer_core.training.teachers import answers, evidence, hearing, open_teachers

TINY = TrainConfig(width=2, epochs=1, batch_size=32, rows="clean", averaging=0.5)


@pytest.fixture
def trained(drawn):
    """Train a model of that name with TINY and `changes`."""

    def train(name: str, **changes) -> store.SavedModel:
        model = runs.create_run(replace(TINY, **changes), drawn, name)
        assert fit(model)
        return store.open_trained(name)

    return train


def test_each_face_is_taught_by_the_model_that_does_not_know_it(trained, drawn):
    """Of two models that leave a half out each, every face has exactly one teacher, and that one's answer."""
    halves = [trained(f"half{fold}", folds=2, fold=fold) for fold in (0, 1)]
    student = replace(TINY, teachers=("half0", "half1"), distillation=0.5)
    rows = training_rows(drawn, student)
    (_, blind0), (_, blind1) = open_teachers(drawn, rows, student)
    assert (blind0 ^ blind1).all()
    assert 0.3 < blind0.mean() < 0.7
    taught = answers(drawn, rows, open_teachers(drawn, rows, student))
    first = int(np.flatnonzero(blind0)[0])
    face = drawn.images[rows[first]][np.newaxis, ..., np.newaxis].astype(np.float32)
    np.testing.assert_allclose(taught[first], store.load_network(halves[0])(face)[0], atol=1e-5)
    np.testing.assert_allclose(taught.sum(1), 1, atol=1e-5)
    assert trained("student", teachers=("half0", "half1")).record["teachers"] == list(map(origin, halves))


def test_a_teacher_that_knows_all_faces_is_refused(trained, drawn):
    """What it has learned by heart teaches nothing; the line says how to make teachers."""
    trained("whole")
    with pytest.raises(RunError, match="leaves a fold"):
        runs.create_run(replace(TINY, teachers=("whole",)), drawn, "student")
    with pytest.raises(RunError, match="expected classes negative, as the run's, found study"):
        runs.create_run(replace(TINY, teachers=("whole",), scheme="negative"), drawn, "student")


def test_a_consistent_teacher_may_know_the_faces(trained, drawn):
    """It answers in each step as its file, which softens, does; its classes have to be the run's, such faces fit."""
    whole = trained("whole")
    student = trained("student", teachers=("whole",), teaching="consistent", distillation=1.0)
    assert student.record["teachers"] == [origin(whole)]
    engine = Engine(TINY, 6, 0.1, 0.1)
    engine.add_teacher(whole, drawn.images[:64])
    faces = pixels(drawn.images[:64])
    said = tf.nn.softmax(engine.teachers[0](softened(faces), training=False)["label"])
    np.testing.assert_allclose(said, store.load_network(whole)(faces), atol=1e-4)
    with pytest.raises(RunError, match="expected classes negative, as the run's, found study"):
        trained("other", teachers=("whole",), teaching="consistent", scheme="negative")
    trained("baseline", network="baseline")
    with pytest.raises(RunError, match="takes 48 pixels only"):
        trained("small", teachers=("baseline",), teaching="consistent", sides=(32,))


def test_votes_speak_for_the_class_that_they_go_with():
    """Class 1 is a third of the faces; where the votes went with it each time, they are evidence for it alone."""
    votes = np.zeros((301, 10), np.float32)
    votes[:100, 4] = votes[100:300, 7] = 1
    label = np.array([1] * 100 + [0] * 200 + [1], np.int32)
    found = evidence(votes, label, 3)
    assert found.dtype == np.float32
    assert found[0, 1] == pytest.approx(np.log(3), abs=0.05)
    assert found[100, 0] == pytest.approx(np.log(3 / 2), abs=0.05)
    assert found[0, 0] < -2
    assert found[100, 1] < -2
    assert not found[300].any()
    assert not found[:, 2].any()


def test_without_teachers_the_votes_teach_alone():
    """Of 300 faces that went with one vote or the other each learns its class, the one without votes its label only."""
    votes = np.zeros((301, 10), np.float32)
    votes[:100, 4] = votes[100:300, 7] = 1
    label = np.array([1] * 100 + [0] * 200 + [1], np.int32)
    nothing = np.zeros((301, 2), np.float32)
    faces = hearing(Faces(np.zeros((301, 48, 48), np.uint8), label, votes, nothing, nothing), 2, 1.0, alone=True)
    told = informed(faces.taught, faces.heard).numpy()
    np.testing.assert_allclose(told[[0, 100, 300]], [[0, 1], [1, 0], [0, 0]], atol=0.05)
    beside = hearing(faces, 2, 0.5, alone=False)
    np.testing.assert_allclose(beside.heard, faces.heard / 2)


def test_models_that_combine_others_teach(trained, drawn):
    """A mean of weights in every step, as it is one network; a mean of answers where each part left a fold out."""
    one, two = trained("one", folds=2), trained("two", folds=2, start="one")
    mixed, both = soup([one, two], "mixed", drawn), ensemble([one, two], "both", drawn)
    student = trained("student", teachers=("mixed",), teaching="consistent")
    assert student.record["teachers"] == [origin(mixed)]
    assert trained("quiet", teachers=("both",)).record["teachers"] == [origin(both)]
    with pytest.raises(RunError, match="found ensemble, which can't answer in every step"):
        trained("loud", teachers=("both",), teaching="consistent")


def test_a_teacher_knows_what_the_model_that_it_started_from_knows(trained, drawn):
    """A fold that began with weights trained on all faces, if only in part, is blind to none."""
    whole = trained("whole")
    soup([trained("other", folds=2, start="whole"), whole], "both", drawn)
    trained("half", folds=2, start="both")
    with pytest.raises(RunError, match="leaves a fold"):
        runs.create_run(replace(TINY, teachers=("half",)), drawn, "student")


def test_a_run_starts_from_a_saved_model_of_other_classes(trained, drawn):
    """With only the head learning, the folded convolutions of both saved files are the same; the head is new."""
    parent = trained("parent")
    child = trained("child", start="parent", scheme="negative", frozen_epochs=1)
    one, other = (store.load_network(model) for model in (parent, child))
    for layer in ("stage1", "stage4"):
        for a, b in zip(one.get_layer(layer).get_weights(), other.get_layer(layer).get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)
    assert other.output_shape == (None, 3)
    assert child.record["pixels"] == parent.record["pixels"]
    assert child.record["parent"] == origin(parent)


def test_a_start_that_was_replaced_is_noticed(trained, drawn):
    """A run that was created from one model doesn't begin from another that has its name by now."""
    runs_parent = trained("parent")
    run = runs.create_run(replace(TINY, start="parent"), drawn, "child")
    shutil.rmtree(runs_parent.folder)
    trained("parent", seed=2)
    with pytest.raises(RunError, match="model 'parent': expected the one that the run was created with"):
        fit(run)


def test_a_start_of_another_network_is_refused(trained, drawn):
    """Before a folder is made."""
    trained("parent")
    with pytest.raises(RunError, match="expected a model of the network baseline, found 'parent' of compact"):
        runs.create_run(replace(TINY, start="parent", network="baseline", width=None), drawn, "child")


def test_a_run_that_diverged_says_so(drawn):
    """No model is saved of numbers that are none."""
    hot = replace(TINY, learning_rate=10.0, weight_decay=1.0, batch_size=8, schedule="constant")
    run = runs.create_run(hot, drawn, "hot")
    with pytest.raises(RunError, match="diverged; lower the learning rate"):
        fit(run)
    assert not store.open_model("hot").trained


def test_a_run_that_was_cut_short_looks_at_the_size_that_it_learned(trained, drawn):
    """Its time was over before the faces had grown."""
    model = trained("short", sides=(24, 48), epochs=2, minutes=0.01)
    assert list(model.history()["side"]) == [24]
    assert "Resizing" in [type(layer).__name__ for layer in store.load_network(model).layers]


def test_a_start_that_is_missing_is_refused(drawn):
    """Before a folder is made."""
    with pytest.raises(ModelError, match="'nowhere'"):
        runs.create_run(replace(TINY, start="nowhere"), drawn, "child")
    assert not store.list_models()


def test_what_machines_computed_together_one_goes_on_computing(drawn, monkeypatch):
    """`auto` is float32 where several have to agree, and stays it when the run is resumed alone."""
    config = replace(TINY, precision="auto")
    model = runs.create_run(config, drawn, "shared")
    speed.remember(config, speed.Speed("bfloat16", {48: 1.0}))
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}
    with monkeypatch.context() as machine:
        machine.setenv("TF_CONFIG", json.dumps(cluster))
        assert _resolved(model, config).precision == "float32"
    assert _resolved(store.open_model("shared"), config).precision == "float32"


def test_a_mean_of_imported_models_neither_teaches_nor_starts_a_run(trained, drawn):
    """Nobody knows how they prepare the pixels."""
    imported = store.update_record(trained("mean"), pixels={}, parts=[])
    with pytest.raises(RunError, match="found a mean of imported ones, 'mean'"):
        runs.create_run(replace(TINY, start=imported.id), drawn, "child")
    with pytest.raises(RunError, match="teacher 'mean': expected a model that was trained here"):
        runs.create_run(replace(TINY, teachers=("mean",), teaching="consistent"), drawn, "child")


@pytest.mark.parametrize("setting", VOTES_SETTINGS)
def test_votes_that_changed_are_noticed(drawn, capsys, setting):
    """A run with a weight for votes that aren't there says so; one that was created with others is refused."""
    assert fit(runs.create_run(replace(TINY, **{setting: 0.5}), drawn, "without"))
    assert f"no annotators' votes: {setting}=0.5 has no effect" in capsys.readouterr().out
    voted = replace(drawn, votes=np.ones((len(drawn), 10), np.uint8))
    run = runs.create_run(replace(TINY, **{setting: 0.5}), voted, "voted")
    assert run.record["dataset"]["votes_sha256"] == votes_sha256(voted)
    with pytest.raises(RunError, match="expected the annotators' votes as they were when the run was created, found"):
        fit(run)
    assert fit(runs.create_run(TINY, voted, "indifferent"))


def test_prior_correction_shifts_the_biases_alone(trained, drawn):
    """The same run with and without it differs by one strength of minus log prior in the biases of the head."""
    plain, corrected = (
        store.load_network(trained(name, prior_correction=name == "corrected")) for name in ("plain", "corrected")
    )
    (kernel, bias), (same, shifted) = (network.get_layer("label").get_weights() for network in (plain, corrected))
    np.testing.assert_allclose(kernel, same, atol=1e-4)
    labels = drawn.emotion[training_rows(drawn, TINY)]
    prior = np.bincount(get_scheme("study").classes(labels)) / len(labels)
    assert any(np.allclose(shifted - bias, -strength * np.log(prior), atol=1e-4) for strength in STRENGTHS)


def test_the_averaged_network_of_the_best_epoch_is_saved(trained):
    """Its predictions of validation have the loss that the curve tells of that epoch."""
    model = trained("one", epochs=2, averaging=0.9, mirror=False)
    said = read_predictions(model.predictions_file, model.labels).select("validation")
    best = model.history().iloc[model.record["best_epoch"] - 1]
    loss = -np.log(said.y_prob[np.arange(len(said)), said.y_true]).mean()
    assert loss == pytest.approx(best["val_loss"], rel=1e-3)
