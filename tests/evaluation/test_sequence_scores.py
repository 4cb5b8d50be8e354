"""Macro recall over the steps of sequences at which a face is seen."""

import numpy as np
import pytest

from fer_core.data.sequences import Sequences
from fer_core.evaluation import sequences as judging
from fer_core.evaluation.smoothing import window

STATE = np.array([[0, 0, 1, 1], [1, 1, 0, 0]], np.int8)


def of(seen: np.ndarray | None = None) -> Sequences:
    every = np.ones(STATE.shape, bool)
    return Sequences(np.zeros(STATE.shape, np.int64), STATE, every if seen is None else seen, 5.0)


def test_macro_recall_by_hand():
    """Three of four zeros and all four ones: 0.875; a step in a gap counts for nothing."""
    answers = np.array([[0, 1, 1, 1], [1, 1, 0, 0]])
    assert judging.macro_recall(of(), answers, 2) == pytest.approx(0.875)
    seen = np.ones(STATE.shape, bool)
    seen[0, 1] = False
    assert judging.macro_recall(of(seen), answers, 2) == 1


def test_scores_tell_the_change_to_the_method_before():
    """The first has none; the same answers again differ by nothing, with certainty."""
    wrong, right = 1 - STATE, STATE.astype(int)
    table = judging.scores(of(), {"wrong": wrong, "right": right, "again": right}, 2)
    assert table["method"].tolist() == ["wrong", "right", "again"]
    assert table["macro_recall"].tolist() == [0, 1, 1]
    assert np.isnan(table.loc[0, ["change", "change_low", "change_high"]].astype(float)).all()
    assert table.loc[1, ["change", "change_low", "change_high"]].tolist() == [1, 1, 1]
    assert table.loc[2, ["change", "change_low", "change_high"]].tolist() == [0, 0, 0]


def test_intervals_draw_whole_sequences():
    """One sequence all right and one all wrong: anything from 0 to 1 may be drawn."""
    table = judging.scores(of(), {"half": np.stack([STATE[0], 1 - STATE[1]])}, 2)
    assert table.loc[0, ["macro_recall", "macro_recall_low", "macro_recall_high"]].tolist() == [0.5, 0, 1]


def test_smoothed_answers_are_of_each_sequence_by_itself():
    """One odd step among others is outvoted; a sequence beside it doesn't matter."""
    state = np.array([[0, 0, 0, 0, 1, 1], [1, 1, 1, 0, 0, 0]], np.int8)
    sure = np.eye(2)[state]
    sure[0, 1] = (0.4, 0.6)
    sequences = Sequences(np.zeros(state.shape, np.int64), state, np.ones(state.shape, bool), 5.0)
    found = judging.over_time(lambda y_prob, seconds: window(y_prob, seconds, 0.4), sequences, sure)
    assert found.tolist() == state.tolist()
