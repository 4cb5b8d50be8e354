"""What a batch is to learn."""

import numpy as np
import pytest
import tensorflow as tf

from fer_core.training.config import TrainConfig
from fer_core.training.targets import Batch, class_weights, informed, label_targets, votes_loss


def batch(label: list[int], taught: list[list[float]]) -> Batch:
    n = len(label)
    parts = (np.zeros((n, 48, 48), np.uint8), np.array(label, np.int32), np.zeros((n, 10), np.float32), taught)
    return Batch(*map(tf.constant, parts), heard=tf.zeros_like(taught), place=tf.range(n))


def test_faces_without_votes_leave_the_votes_head_alone():
    """A row of votes that sums to 0 adds nothing to the loss; otherwise it would push all logits down."""
    votes, logits = np.zeros((2, 10), np.float32), np.zeros((2, 10), np.float32)
    votes[1, 3] = 1
    assert votes_loss(votes, logits).numpy() == pytest.approx([0, np.log(10)], rel=1e-5)


def test_the_gradient_of_half_a_vote_pushes_no_logit_but_its_own():
    """Mixed with a face that nobody voted on, half of the shares is left: the gradient sums to 0 all the same."""
    logits = tf.Variable(np.zeros((1, 10), np.float32))
    with tf.GradientTape() as tape:
        loss = votes_loss(tf.constant([[0.5] + [0.0] * 9]), logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert gradient.sum() == pytest.approx(0, abs=1e-6)
    assert gradient[0, 0] == pytest.approx(0.5 * (0.1 - 1))


def test_teachers_share_the_target_where_they_answer():
    """A label of 1 at 0.25 of a teacher who says (0.8, 0.2) is (0.2, 0.8); without a teacher the label stays."""
    config = TrainConfig(distillation=0.25)
    target = label_targets(batch([1, 1], [[0.8, 0.2], [0.0, 0.0]]), config, 2)
    np.testing.assert_allclose(target, [[0.2, 0.8], [0, 1]], atol=1e-6)


def test_teachers_who_hear_the_votes_answer_with_the_product():
    """Even odds, times votes that speak three to one, are 3/4; no votes and no teacher change nothing."""
    taught = np.array([[0.5, 0.5], [0.8, 0.2], [0, 0]], np.float32)
    heard = np.log(np.array([[1.5, 0.5], [1, 1], [1.5, 0.5]], np.float32))
    np.testing.assert_allclose(informed(taught, heard), [[0.75, 0.25], [0.8, 0.2], [0, 0]], atol=1e-6)


def test_smoothing_shares_a_little_with_every_class():
    """0.1 over two classes: 0.95 and 0.05."""
    target = label_targets(batch([0], [[0.0, 0.0]]), TrainConfig(label_smoothing=0.1), 2)
    np.testing.assert_allclose(target, [[0.95, 0.05]], atol=1e-6)


def test_class_weights_balance():
    """Three faces to one: balanced, both classes count the same in sum; half balanced, in between; the mean stays 1."""
    label = np.array([0, 0, 0, 1])
    assert class_weights(label, 2, 0.0) == pytest.approx([1, 1])
    assert class_weights(label, 2, 1.0) == pytest.approx([2 / 3, 2])
    half = class_weights(label, 2, 0.5)
    assert half[1] / half[0] == pytest.approx(3**0.5)
    assert half[label].mean() == pytest.approx(1)
