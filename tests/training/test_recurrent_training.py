"""Training the recurrent network on composed sequences, and judging it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from networked import save_constant

from fer_core.data.copies import audit
from fer_core.errors import DatasetError
from fer_core.labels import get_scheme
from fer_core.training import recurrent
from fer_core.training.recurrent import Pool, Settings


def noisy(seed: int, n: int = 300) -> Pool:
    """Faces of two classes that one look mistakes in a third of the cases."""
    rng = np.random.default_rng(seed)
    classes = (np.arange(n) % 2).astype(np.int8)
    vectors = rng.normal(size=(1, n, 3)).astype(np.float32)
    vectors[0, :, 0] += 0.9 * (2 * classes - 1)
    second = 1 / (1 + np.exp(-1.8 * vectors[..., 0]))
    return Pool(classes, vectors, np.stack([1 - second, second], axis=2))


def test_over_time_it_beats_a_look_at_each_frame():
    """Noise that is new at each step is averaged away, by smoothing and by the network; the scores tell."""
    learned, validation, test = (noisy(seed) for seed in range(3))
    network = recurrent.train(learned, validation, Settings(epochs=2, sequences=96))
    table = recurrent.judge(network, validation, test, 1)
    frame_alone, smoothed, read = table["macro_recall"]
    assert 0.7 < frame_alone < 0.9
    assert smoothed > frame_alone + 0.05
    assert read > frame_alone + 0.01
    assert table["method"].tolist()[::2] == ["frame alone", "GRU"]


def test_composed_sequences_have_gaps_in_both():
    """Where no face is seen neither embedding nor probability says anything."""
    sequences, vectors, y_prob = noisy(0).compose(20, 1)
    assert (np.isnan(vectors).all(axis=2) == ~sequences.seen).all()
    assert (np.isnan(y_prob).all(axis=2) == ~sequences.seen).all()


def test_a_split_without_faces_is_told_before_the_work(drawn):
    """As in a dataset without PublicTest."""
    model = save_constant("seen", drawn, "study", (0.1, 0.2, 0.3, 0.1, 0.2, 0.1))
    usage = np.where(drawn.usage == "PublicTest", "Training", drawn.usage)
    with pytest.raises(DatasetError, match="expected test faces that are no copies of Training ones, found none"):
        recurrent.pool_rows(model, replace(drawn, usage=usage), "test")


def test_a_pool_leaves_copies_of_training_faces_out(drawn):
    """Of the validation faces those that are honest, seen in as many ways as asked for."""
    model = save_constant("seen", drawn, "study", (0.1, 0.2, 0.3, 0.1, 0.2, 0.1))
    found = recurrent.pool(model, drawn, "validation", ways=2, seed=1, tell=lambda words: None)
    rows = drawn.rows("validation", get_scheme("study"))
    honest = int((audit(drawn).leak[rows] == "").sum())
    assert honest < len(rows)
    assert found.vectors.shape[:2] == (2, honest)
    assert found.probabilities.shape == (2, honest, 6)
    assert len(found.classes) == honest


@pytest.mark.parametrize(
    ("intervals", "kept"),
    [
        ([(0.01, 0.03), (0.02, 0.04)], True),
        ([(0.01, 0.03), (-0.02, 0.01)], True),
        ([(0.01, 0.03), (-0.02, -0.01)], False),
        ([(0.0, 0.03), (-0.02, 0.01)], False),
    ],
)
def test_it_wins_only_by_more_than_chance(intervals, kept):
    """The interval of its change to the best smoothing has to lie above 0 in one table, and below 0 in none."""
    tables = [
        pd.DataFrame({"change_low": [np.nan, 0.2, low], "change_high": [np.nan, 0.3, high]}) for low, high in intervals
    ]
    assert recurrent.wins(tables) is kept


def test_the_record_is_json(drawn):
    """A change that the first method cannot have is null."""
    table = pd.DataFrame({"method": ["frame alone"], "macro_recall": [0.5], "change": [np.nan]})
    record = recurrent.record_of({1: table}, Settings(), drawn)
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again["scores"]["hold 1"] == [{"method": "frame alone", "macro_recall": 0.5, "change": None}]
    assert again["dataset"] == drawn.fingerprint
