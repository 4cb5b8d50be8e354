"""Labels that are wrong on purpose: a ranking of doubtful ones should put these first."""

import numpy as np
import pandas as pd

from fer_core.evaluation.doubt import FIRST


def flip(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """`labels`, classes from 0 to k - 1, `n` of them at random replaced by another class at random.

    `ValueError` where there are fewer than `n`, or one class only.
    """
    k = int(np.max(labels, initial=-1)) + 1
    if k < 2 or not 0 <= n <= len(labels):
        raise ValueError(f"expected two classes or more and 0 to {len(labels):,} flips, found {k} and {n:,}")
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(labels), n, replace=False)
    flipped = np.array(labels)
    flipped[chosen] = (flipped[chosen] + rng.integers(1, k, n)) % k
    return flipped


def flips_found(ranking: pd.DataFrame, flipped: np.ndarray, first: int = FIRST) -> int:
    """How many of the rows in `flipped` are among the `first` of the ranking."""
    return int(ranking["row"].head(first).isin(flipped).sum())
