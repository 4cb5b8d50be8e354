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


def test_what_gains_recall_but_costs_more_accuracy_is_not_done():
    """One of two rare faces for three of eight frequent ones: macro recall + 6 points, accuracy - 20."""
    prior, label = np.array([0.8, 0.2]), np.array([0] * 8 + [1] * 2)
    sure, doubtful, rare = [0.99, 0.01], [0.6, 0.4], [0.7, 0.3]
    answers = np.array([sure] * 5 + [doubtful] * 3 + [rare, [0.01, 0.99]])
    assert (np.log(answers) - np.log(prior)).argmax(1).tolist() == [0] * 5 + [1] * 5
    assert not correction(answers, label, prior).any()
