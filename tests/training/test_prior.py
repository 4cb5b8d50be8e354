"""The prior correction of a trained network."""

import numpy as np

from fer_core.training.prior import correction


def test_a_network_that_leans_on_the_prior_is_set_upright():
    """Three classes of which it has seen one nine times as often: with the prior taken out, all are recalled."""
    prior = np.array([0.9, 0.05, 0.05])
    evidence = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    leaning = evidence * prior / (evidence * prior).sum(1, keepdims=True)
    assert leaning.argmax(1).tolist() == [0, 0, 0]
    shift = correction(leaning, np.arange(3), prior)
    assert (np.log(leaning) + shift).argmax(1).tolist() == [0, 1, 2]


def test_a_network_that_is_right_already_is_left_alone():
    """Of equally good strengths the smallest is taken."""
    sure = np.eye(3) * 0.97 + 0.01
    assert not correction(sure, np.arange(3), np.array([0.8, 0.1, 0.1])).any()
