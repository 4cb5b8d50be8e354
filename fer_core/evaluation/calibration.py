"""Whether a model is right as often as it says, and the temperature that mends it.

*Confidence* is the probability of the most probable class. Shares and probabilities are in [0, 1]; arrays are `y_true`
int64 `(n,)` and `y_prob` `(n, k)`. A temperature T makes of probabilities p what p^(1/T) sums up to 1: above 1 it takes
confidence away, below 1 it adds some, and it never changes which class is the most probable.
"""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from fer_core.evaluation.intervals import SEED, Z, percentile_interval, proportion, share
from fer_core.evaluation.metrics import BINS, confident, ece
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.reference import class_votes

TEMPERATURES = (0.05, 20.0)
"""Between these one is looked for; a model that is always right would have none above 0."""
NETWORK, CALIBRATED, LABEL = "network", "calibrated", "label"

_DRAWS = 500
_SMALLEST = np.finfo(float).eps  # a probability of 0 would cost infinitely much
_NO_BETTER = 1e-9  # nats, of rounding


def with_temperature(y_prob: np.ndarray, temperature: float) -> np.ndarray:
    """`y_prob` at `temperature`: float64 `(n, k)`; at 1 unchanged. `ValueError` unless it is positive.

    Guo et al. (2017), "On Calibration of Modern Neural Networks", ICML, eq. 9; up to a constant the logits are log p.
    """
    if not temperature > 0 or not np.isfinite(temperature):
        raise ValueError(f"temperature: expected a positive number, found {temperature}")
    y_prob = np.asarray(y_prob, float)
    if temperature == 1:
        return y_prob
    powers = (y_prob / y_prob.max(axis=1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


@lru_cache(maxsize=64)  # a page asks for the same one at every click
def fit_temperature(validation: Predictions) -> float:
    """The temperature of the least mean log loss on `validation`, within `TEMPERATURES`; 1 where none is better.

    A true class of probability 0 keeps it at any temperature, so it has no say. `ValueError` where there is no face.
    """
    if not len(validation):
        raise ValueError("validation: expected at least one face, found none")
    with np.errstate(divide="ignore"):
        logits = np.log(np.asarray(validation.y_prob, float))
    of_true = logits[np.arange(len(validation)), validation.y_true]
    possible = np.isfinite(of_true)

    def loss(power: float) -> float:  # convex, as `surprise`, which is bounded, would not be
        return np.sum(logsumexp(power * logits[possible], axis=1) - power * of_true[possible]) / len(validation)

    bounds = sorted(1 / temperature for temperature in TEMPERATURES)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return float(1 / found.x) if found.fun < loss(1) - _NO_BETTER else 1.0


def surprise(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Minus log probability of the true class, in nats, `(n,)`; its mean is the negative log-likelihood."""
    of_true = np.asarray(y_prob, float)[np.arange(len(y_true)), y_true]
    return -np.log(np.maximum(of_true, _SMALLEST))


def reliability_frame(y_true: np.ndarray, y_prob: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """One row a bin of confidence, of equal width, as in `metrics.ece`; a bin without a face has NaN.

    Columns: `low` (outside of the bin) and `high` (in it), `n` faces, mean `confidence`, `accuracy` with Wilson's
    `accuracy_low` and `accuracy_high`.
    """
    confidence, right, bin_of = confident(y_true, y_prob, bins)
    n, correct = (np.bincount(bin_of, weights, bins).astype(int) for weights in (None, right))
    edges = np.linspace(0, 1, bins + 1)
    mean = proportion(np.bincount(bin_of, confidence, bins), n)
    return pd.DataFrame(
        {"low": edges[:-1], "high": edges[1:], "n": n, "confidence": mean} | share("accuracy", correct, n)
    )


def chance_of_ece(y_prob: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of the calibration errors that a perfectly calibrated model shows on as many faces.

    It is never 0, and a bootstrap around `metrics.ece` misses the truth where that is small. So the labels are drawn
    anew as often right as each confidence says: consistency resampling, Bröcker & Smith (2007), Weather and Forecasting
    22, p. 651. NaN, NaN without a face.
    """
    if not len(y_prob):
        return np.nan, np.nan
    confidence, _, bin_of = confident(np.zeros(len(y_prob), int), y_prob, BINS)
    return _chance_of_ece(confidence.tobytes(), bin_of.tobytes())


@lru_cache(maxsize=64)
def _chance_of_ece(confidences: bytes, bins_of: bytes) -> tuple[float, float]:
    confidence, bin_of = np.frombuffer(confidences), np.frombuffer(bins_of, np.int64)
    order = np.argsort(bin_of, kind="stable")
    starts = np.flatnonzero(np.diff(bin_of[order], prepend=-1))
    confidence = confidence[order].astype(np.float32)
    right = np.random.default_rng(SEED).random((_DRAWS, len(order)), np.float32) < confidence
    gaps = np.add.reduceat(right - confidence, starts, axis=1)  # (draws, bins that have a face)
    return percentile_interval(np.abs(gaps).sum(axis=1) / len(order))


def calibration_scores(predictions: Predictions, temperature: float) -> pd.DataFrame:
    """Two rows, `probabilities` of the `NETWORK` and `CALIBRATED` by `temperature`, on `n` faces.

    Columns: `ece` with `chance_of_ece` as `chance_low` and `chance_high`; the mean surprise `nll` with its interval,
    and how much it differs from the network's on the same faces, `change` with its own.
    """
    rows = []
    of_network = surprise(predictions.y_true, predictions.y_prob)
    for name, y_prob in _before_and_after(predictions, temperature).items():
        values = surprise(predictions.y_true, y_prob)
        chance = dict(zip(("chance_low", "chance_high"), chance_of_ece(y_prob), strict=True))
        about = {"probabilities": name, "n": len(predictions), "ece": ece(predictions.y_true, y_prob)} | chance
        rows.append(about | _mean("nll", values) | _mean("change", values - of_network))
    return pd.DataFrame(rows)


def votes_distance(predictions: Predictions, votes: np.ndarray, temperature: float) -> pd.DataFrame:
    """How far probabilities are from the shares of FER+'s annotators, in total variation: the part of the votes that
    would have to go to another class, averaged over the faces.

    Three rows, `probabilities` of the `NETWORK`, `CALIBRATED` by `temperature`, and of the `LABEL`, which is sure of
    itself. Columns: `n` faces that have a vote for one of the classes, `distance` with its interval, and `change`, how
    much it differs from the network's on the same faces, with its own. `votes`: uint8 `(n, 10)`, of all rows of the
    dataset.
    """
    counts = class_votes(predictions, votes)
    voted = counts.any(axis=1)
    shares = counts[voted] / counts[voted].sum(axis=1, keepdims=True)
    given = _before_and_after(predictions, temperature) | {LABEL: np.eye(len(predictions.labels))[predictions.y_true]}
    distances = {name: np.abs(y_prob[voted] - shares).sum(axis=1) / 2 for name, y_prob in given.items()}
    return pd.DataFrame(
        {"probabilities": name, "n": int(voted.sum())}
        | _mean("distance", values)
        | _mean("change", values - distances[NETWORK])
        for name, values in distances.items()
    )


def _before_and_after(predictions: Predictions, temperature: float) -> dict[str, np.ndarray]:
    return {NETWORK: predictions.y_prob, CALIBRATED: with_temperature(predictions.y_prob, temperature)}


def _mean(name: str, values: np.ndarray) -> dict[str, float]:
    """The mean of `values` `(n,)` with the interval of the central limit theorem; NaN where there are too few."""
    mean = values.mean() if len(values) else np.nan
    half = Z * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return {name: float(mean), f"{name}_low": float(mean - half), f"{name}_high": float(mean + half)}
