"""One step of a run."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from fer_core.networks import saved_network, training_network
from fer_core.training.augmentation import Chance
from fer_core.training.config import TrainConfig
from fer_core.training.data import Faces
from fer_core.training.engine import AT_FIRST, Engine, _in_parts
from fer_core.training.targets import Batch, Lesson

PIXELS = {"mean": 0.5, "std": 0.25}


@pytest.fixture
def engine():
    return Engine(TrainConfig(width=2, sharpness=0.5), 6, **PIXELS)


def gradient_at(engine: Engine, lesson: Lesson) -> list:
    with tf.GradientTape() as tape:
        loss = engine._loss(engine.network(lesson.x, training=True), lesson) / len(lesson.weight)
    return tape.gradient(loss, engine.network.trainable_variables)


@pytest.mark.parametrize("config", [TrainConfig(width=2), TrainConfig(width=2, rotation=0, shift=0, zoom=0)])
@pytest.mark.parametrize("side", [40, 48])
def test_validation_measures_what_the_saved_file_answers(config, side):
    """Its loss is that of the probabilities, at every size, whether faces are softened as the disturbed ones or not."""
    engine = Engine(config, 6, **PIXELS)
    head = engine.averaged.get_layer("label")
    head.kernel.assign(head.kernel / 100)  # of random weights the answers are 0 or 1 else
    images = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    label = np.arange(8, dtype=np.int32) % 6
    saved = saved_network(engine.averaged, "compact", 6, **PIXELS, width=2, side=side, soft=config.soft)
    said = np.asarray(saved(images[..., np.newaxis].astype(np.float32)))
    faces = Faces(images, label, np.zeros((8, 10), np.float32), *2 * [np.zeros((8, 6), np.float32)])
    assert engine.evaluate(faces, side)["loss"] == pytest.approx(-np.log(said[np.arange(8), label]).mean(), abs=1e-5)


@pytest.mark.parametrize(
    ("begun", "expected"),
    [(AT_FIRST, [0, 0, 0] + 4 * [1 - 0.9**4] + [1 - 0.9**8]), (0, 1 - np.cumprod([s / (9 + s) for s in range(2, 10)]))],
    ids=["every fourth step", "at first every step"],
)
def test_the_average_moves(begun, expected):
    """As far as all its steps would have moved it; the rate is 0, so the network's own weights stay."""
    engine = Engine(TrainConfig(width=2, averaging=0.9), 6, **PIXELS)
    engine.optimizer.iterations.assign(begun)
    shares, answers = np.full((8, 10), 0.1, np.float32), np.zeros((8, 6), np.float32)
    faces = Faces(np.zeros((8, 48, 48), np.uint8), np.arange(8, dtype=np.int32) % 6, shares, answers, answers)
    average, weight = (network.get_layer("label").kernel for network in (engine.averaged, engine.network))
    average.assign(average * 0)
    moved = []
    for batch in range(8):
        engine.train_batch(faces, np.arange(8), (1, batch), 0.0, 24)
        moved.append(float(tf.reduce_mean(average / weight)))
    assert moved == pytest.approx(list(expected))


def test_parts_of_a_batch_are_equal_where_they_can_be_and_never_empty():
    assert [part.numpy().tolist() for part in _in_parts(tf.range(6), 2)] == [[0, 1, 2], [3, 4, 5]]
    assert [len(part) for part in _in_parts(tf.range(5), 2)] == [2, 3]
    assert [len(part) for part in _in_parts(tf.range(1), 2)] == [1]


def test_each_part_of_a_batch_is_normalised_by_itself():
    """So the gradient is the mean of what its two parts, of 3 and of 5 faces, have alone; and not that of the whole."""
    engine = Engine(TrainConfig(width=2), 6, **PIXELS)
    engine.network.get_layer("drop").rate = 0
    x = tf.constant(np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 1)), tf.float32)
    lesson = Lesson(x, tf.one_hot(np.arange(8) % 6, 6), tf.ones(8), tf.zeros((8, 10)))
    parts = [Lesson(*(array[:3] for array in lesson)), Lesson(*(array[3:] for array in lesson))]
    weights = [weight.value for weight in engine.network.trainable_variables]
    logits, found = engine._gradient(partial(engine.network, training=True), weights, parts)
    assert logits.shape == (8, 6)
    for one, *alone in zip(found, *(gradient_at(engine, part) for part in parts), strict=True):
        np.testing.assert_allclose(one, (3 * alone[0] + 5 * alone[1]) / 8, atol=1e-5)
    assert max(np.abs(a - b).max() for a, b in zip(found, gradient_at(engine, lesson), strict=True)) > 1e-3


def test_parts_see_the_faces_as_the_whole_batch_would():
    """At a rate of 0, without dropout, and normalised by what they have learned, the answers are the same."""
    said = {}
    for parts in (1, 2):
        engine = Engine(TrainConfig(width=2, parts=parts, batch_size=8, mixup=0.5, erasing=0.5), 6, **PIXELS)
        images = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
        shares, answers = np.full((8, 10), 0.1, np.float32), np.zeros((8, 6), np.float32)
        faces = Faces(images, np.arange(8, dtype=np.int32) % 6, shares, answers, answers)
        engine.train_batch(faces, np.arange(8)[::-1], (1, 2), 0.0, 32, frozen=True)
        said[parts] = engine.take_sums()
    assert said[2]["loss"] == pytest.approx(said[1]["loss"], rel=1e-5)
    assert (said[2]["confusion"] == said[1]["confusion"]).all()


def test_uphill_gradient_is_that_of_weights_half_a_unit_further(engine):
    """Half a unit along the gradient of the first two of eight faces; of the network only the statistics change."""
    network = engine.network
    network.get_layer("drop").rate = 0
    x = tf.constant(np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 1)), tf.float32)
    lesson = Lesson(x, tf.one_hot(np.arange(8) % 6, 6), tf.ones(8), tf.zeros((8, 10)))
    before = network.get_weights()
    slopes = gradient_at(engine, Lesson(*(part[:2] for part in lesson)))
    network.set_weights(before)

    above = engine._uphill([lesson])
    _, found = engine._gradient(partial(engine._answer_at, above), above, [lesson])
    after = network.get_weights()

    network.set_weights(before)
    here = gradient_at(engine, lesson)
    network.set_weights(before)
    length = np.sqrt(sum(np.sum(slope.numpy() ** 2) for slope in slopes))
    for weight, slope in zip(network.trainable_variables, slopes, strict=True):
        weight.assign_add(0.5 * slope / length)
    for one, other in zip(found, gradient_at(engine, lesson), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert any(np.abs(one - other).max() > 1e-4 for one, other in zip(found, here, strict=True))
    trained = {id(weight) for weight in network.trainable_weights}
    for weight, old, new in zip(network.weights, before, after, strict=True):
        np.testing.assert_allclose(new, old if id(weight) in trained else weight.numpy(), atol=1e-5)


@pytest.mark.parametrize(("heard", "learned"), [(0, 2), (20, 4)])
def test_what_a_teacher_says_beside_is_learned_instead_of_the_label(heard, learned):
    """All faces are labelled 0, the teacher calls each of them 2: learned from it alone, they are called 2.

    Unless it hears, loud enough, that the annotators chose 4.
    """
    engine = Engine(TrainConfig(width=2, distillation=1.0, batch_size=8), 6, mean=0.5, std=0.25)
    teacher = training_network("compact", 6, mean=0.5, std=0.25, width=2)
    head = teacher.get_layer("label")
    head.set_weights([np.zeros(head.kernel.shape), 9 * np.eye(6)[2]])
    engine.teachers.append(teacher)
    images = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    nothing = np.zeros((8, 6), np.float32)
    evidence = heard * np.eye(6, dtype=np.float32)[np.full(8, 4)]
    faces = Faces(images, np.zeros(8, np.int32), np.zeros((8, 10), np.float32), nothing, evidence)
    for step in range(30):
        engine.take_sums()
        engine.train_batch(faces, np.arange(8), (0, step), 0.05, 16)
    assert engine.take_sums()["confusion"][0, learned] == 8


def test_votes_are_blended_as_faces_and_labels_are():
    """Each face carries its own vote alone, so a blend of labels is the same blend of votes."""
    engine = Engine(TrainConfig(width=2, mixup=1.0, votes_weight=0.5, label_smoothing=0.0), 6, **PIXELS)
    taught = np.zeros((6, 6), np.float32)
    faces = (np.zeros((6, 48, 48), np.uint8), np.arange(6, dtype=np.int32), np.eye(6, 10, dtype=np.float32))
    batch = Batch(*map(tf.constant, (*faces, taught, taught)), tf.range(6))
    lesson = engine._lesson(batch, Chance(tf.constant((0, 1)), tf.range(6), 32), 48)
    np.testing.assert_allclose(lesson.votes[:, :6], lesson.target, atol=1e-6)
    assert lesson.target.numpy().max(axis=1).min() < 0.95
