"""Probabilities over time, made steadier.

`y_prob` is float `(t, k)`, a row of NaN where no face was seen; `seconds`, float `(t,)`, ascends. What comes out has
the same shape, each row sums to 1, and gaps stay gaps: nothing is said of a moment where nobody was seen.
"""

from collections.abc import Callable

import numpy as np


def window(y_prob: np.ndarray, seconds: np.ndarray, width: float) -> np.ndarray:
    """The mean over the `width` seconds around each step, of what was seen in them; it doesn't lag."""
    _check("width", width)
    seen = _seen(y_prob)
    sums = np.cumsum(np.vstack([np.zeros(y_prob.shape[1]), np.where(seen[:, None], y_prob, 0)]), axis=0, dtype=float)
    counts = np.concatenate([[0], np.cumsum(seen)])
    first = np.searchsorted(seconds, seconds - width / 2 - 1e-9)
    last = np.searchsorted(seconds, seconds + width / 2 + 1e-9)
    steadier = np.full(y_prob.shape, np.nan)
    steadier[seen] = ((sums[last] - sums[first])[seen]) / (counts[last] - counts[first])[seen, None]
    return steadier


def exponential(y_prob: np.ndarray, seconds: np.ndarray, width: float) -> np.ndarray:
    """A mean of all steps before, whose weights halve every `width` seconds: it knows no future, and lags.

    A face that comes back after a long gap begins nearly anew.
    """
    _check("width", width)
    steadier = np.full(y_prob.shape, np.nan)
    total, weight, at = np.zeros(y_prob.shape[1]), 0.0, 0.0
    for step in np.flatnonzero(_seen(y_prob)):
        kept = 0.5 ** ((seconds[step] - at) / width)
        total, weight, at = kept * total + y_prob[step], kept * weight + 1, float(seconds[step])
        steadier[step] = total / weight
    return steadier


SMOOTHINGS: dict[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "window": window,
    "exponential": exponential,
}
"""Name → function of probabilities, seconds, and width in seconds."""


def _seen(y_prob: np.ndarray) -> np.ndarray:
    return ~np.isnan(y_prob).any(axis=1)


def _check(name: str, seconds: float) -> None:
    if not seconds > 0:
        raise ValueError(f"{name}: expected more than 0 seconds, found {seconds}")
