"""How well expressions are followed over composed sequences: macro recall over all steps at which a face is seen.

Answers are int `(n, t)`, one row a sequence of `data.sequences`. Steps of a sequence hang together, so intervals draw
whole sequences.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from fer_core.data.sequences import Sequences
from fer_core.evaluation.intervals import DRAWS, SEED, percentile_interval, proportion


def scores(sequences: Sequences, answers: Mapping[str, np.ndarray], classes: int) -> pd.DataFrame:
    """One row a method: `method`, `macro_recall` with `_low` and `_high`; and how much that differs from the method
    before it on the same sequences, `change` with its own; NaN in the first row.
    """
    drawn = {name: _drawn(sequences, of_one, classes) for name, of_one in answers.items()}
    rows, before = [], None
    for name, (value, draws) in drawn.items():
        low, high = percentile_interval(draws)
        row = {"method": name, "macro_recall": value, "macro_recall_low": low, "macro_recall_high": high}
        change = dict.fromkeys(("change", "change_low", "change_high"), np.nan)
        if before:
            change = dict(zip(change, (value - before[0], *percentile_interval(draws - before[1])), strict=True))
        rows.append(row | change)
        before = value, draws
    return pd.DataFrame(rows)


def macro_recall(sequences: Sequences, answers: np.ndarray, classes: int) -> float:
    """Of all steps at which a face is seen."""
    right, n = _counts(sequences, answers, classes)
    return float(np.nanmean(proportion(right.sum(axis=0), n.sum(axis=0))))


def over_time(smooth: Callable[[np.ndarray, np.ndarray], np.ndarray], sequences: Sequences, y_prob: np.ndarray):
    """`smooth(y_prob, seconds)` of each sequence's probabilities `(n, t, k)`, NaN in gaps, as answers."""
    seconds = np.arange(y_prob.shape[1]) / sequences.rate
    return np.nan_to_num(np.stack([smooth(of_one, seconds) for of_one in y_prob])).argmax(axis=2)


def _counts(sequences: Sequences, answers: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Right steps, and all steps, of each sequence and class: each int `(n, k)`."""
    of_class = sequences.seen[..., None] & (sequences.state[..., None] == np.arange(classes))  # (n, t, k)
    return (of_class & (answers == sequences.state)[..., None]).sum(axis=1), of_class.sum(axis=1)


def _drawn(sequences: Sequences, answers: np.ndarray, classes: int) -> tuple[float, np.ndarray]:
    """Macro recall, and of `DRAWS` bootstrap draws of the sequences, the same for every method."""
    right, n = _counts(sequences, answers, classes)
    weights = np.random.default_rng(SEED).multinomial(len(right), np.full(len(right), 1 / len(right)), size=DRAWS)
    draws = np.nanmean(proportion(weights @ right, weights @ n), axis=1)
    return macro_recall(sequences, answers, classes), draws
