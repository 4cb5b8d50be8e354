"""Sequences composed from labelled faces: states that persist and change, gaps, and frames as video disturbs them."""

import numpy as np
import pytest

from fer_core.data.demo import draw_dataset
from fer_core.data.sequences import LONGEST, SECONDS, SHORTEST, compose, disturb

ROWS, CLASSES = np.arange(100, 190), (np.arange(90) % 3).astype(np.int8)


def runs(state: np.ndarray) -> list[int]:
    """How many steps each state of a sequence lasts."""
    return np.diff([0, *np.flatnonzero(np.diff(state)) + 1, len(state)]).tolist()


def test_states_persist_and_change():
    """Each lasts from 1.5 to 8 seconds, but for the last, which the end cuts; each shows faces of its class."""
    made = compose(ROWS, CLASSES, 20, seed=1, rate=5)
    assert made.rows.shape == made.state.shape == made.seen.shape == (20, round(5 * SECONDS))
    lengths = [length for state in made.state for length in runs(state)[:-1]]
    assert min(lengths) >= round(SHORTEST * 5)
    assert max(lengths) <= LONGEST * 5
    assert (CLASSES[made.rows - 100] == made.state).all()
    assert len(np.unique(made.rows)) == 90


def test_a_face_is_held_until_the_state_changes():
    """Drawn anew at each step, or for every five."""
    anew, held = (compose(ROWS, CLASSES, 5, seed=1, hold=hold) for hold in (1, 5))
    assert (np.diff(anew.rows) != 0).mean() > 0.9
    for rows, state in zip(held.rows, held.state, strict=True):
        start = 0
        for length in runs(state):
            of_state = rows[start : start + length]
            assert all(len(set(of_state[at : at + 5].tolist())) == 1 for at in range(0, length, 5))
            start += length


def test_gaps_are_short_and_rare():
    """Some steps in which no face is seen, far fewer than those in which one is."""
    seen = compose(ROWS, CLASSES, 50, seed=1).seen
    assert 0.02 < (~seen).mean() < 0.12


def test_the_seed_decides():
    """The same sequences again, and others from another seed."""
    one, again, other = (compose(ROWS, CLASSES, 3, seed=seed).rows for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_one_class_cannot_change():
    """Faces of two classes are needed."""
    with pytest.raises(ValueError, match="classes: expected faces of two at least, found 1"):
        compose(ROWS, np.zeros(90, np.int8), 1, seed=1)


def test_disturbed_faces_are_still_those_faces():
    """Each is nearer to itself than to most others; the seed decides; none is no error."""
    images = np.asarray(draw_dataset().images[:30])
    found = disturb(images, 1)
    assert found.dtype == np.uint8
    assert found.shape == images.shape
    assert (found == disturb(images, 1)).all()
    assert (found != disturb(images, 2)).any()
    flat, disturbed = (array.reshape(30, -1).astype(float) for array in (images, found))
    alike = np.corrcoef(flat, disturbed)[:30, 30:]
    assert (alike.argmax(axis=0) == np.arange(30)).mean() > 0.5
    assert disturb(images[:0], 1).shape == (0, 48, 48)
