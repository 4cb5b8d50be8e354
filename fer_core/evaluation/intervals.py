"""95 % intervals: what a score could have been with other faces of the same kind."""

from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np

LEVEL = 0.95
DRAWS = 2_000
SEED = 0

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def proportion(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole` as float64, arrays broadcast; NaN where `whole` is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def wilson(correct: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval of `correct` out of `n`, low and high in [0, 1]; NaN where `n` is 0.

    Wilson (1927), JASA 22, p. 209; recommended for small and large n by Brown, Cai & DasGupta (2001),
    Statistical Science 16, p. 107.
    """
    correct, n = np.asarray(correct, float), np.asarray(n, float)
    centre = (correct + Z**2 / 2) / (n + Z**2)
    half = Z * np.sqrt(proportion(correct * (n - correct), n) + Z**2 / 4) / (n + Z**2)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def share(name: str, part: np.ndarray, whole: np.ndarray) -> dict[str, np.ndarray]:
    """`part / whole` called `name`, and Wilson's interval as `<name>_low` and `<name>_high`; numbers of numbers."""
    low, high = wilson(part, whole)
    return {name: proportion(part, whole)[()], f"{name}_low": low, f"{name}_high": high}


def resample(counts: np.ndarray, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """Bootstrap faces that are told apart only by their cell: int64 of shape `(draws, *counts.shape)`.

    Drawing n faces with replacement (Efron & Tibshirani 1993, ch. 6) and counting them is one multinomial draw over the
    cells, so no face needs to be touched. `counts` must not be all 0.
    """
    share = counts.ravel() / counts.sum()
    drawn = np.random.default_rng(seed).multinomial(counts.sum(), share, size=draws)
    return drawn.reshape(draws, *counts.shape)


def macro_recall_interval(correct: np.ndarray, n: np.ndarray) -> tuple[float, float]:
    """Percentile bootstrap of macro recall from each class's `correct` and `n`, int64 of shape `(k,)`.

    A class without a face, or without one in a draw, is left out of that mean. NaN, NaN where there is no face at all.
    Too narrow where a class has very few faces, which hardly vary when they are drawn anew.
    """
    if not np.any(n):
        return np.nan, np.nan
    return bootstrap(_macro_recall, np.stack([n - correct, correct]))


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray], counts: np.ndarray, level: float = LEVEL
) -> tuple[float, float]:
    """Percentile interval of a `statistic` that maps `(draws, *counts.shape)`, see `resample`, to `(draws,)`.

    Give a function that lives as long as its module: its values are kept for the next who asks for the same.
    """
    return percentile_interval(_bootstrapped(statistic, np.asarray(counts, np.int64).tobytes(), counts.shape), level)


def percentile_interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """The middle `level` of bootstrapped `values`, shape `(draws,)`."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@lru_cache(maxsize=1024)  # a page asks for the same ones at every click
def _bootstrapped(statistic: Callable, counts: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return statistic(_resampled(counts, shape))


@lru_cache(maxsize=8)  # of the same faces one statistic is asked for after another
def _resampled(counts: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return resample(np.frombuffer(counts, np.int64).reshape(shape))


def _macro_recall(drawn: np.ndarray) -> np.ndarray:
    """Of wrong and right faces of each class, `(draws, 2, k)`: `(draws,)`."""
    return np.nanmean(proportion(drawn[:, 1], drawn.sum(axis=1)), axis=1)
