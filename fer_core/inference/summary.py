"""Timelines of several recordings beside each other: how often each label was given, and how sure that share is."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer_core.errors import PhotoError
from fer_core.evaluation.intervals import DRAWS, SEED, percentile_interval
from fer_core.inference.predict import UNSURE_LABEL

BLOCK = 5.0
"""Seconds that are drawn together: what is seen a moment later is nearly the same, and no second opinion."""
FEWEST = 4
"""Blocks that an interval needs at least."""

_COLUMNS = {"frame", "face", "label"}


def shares_frame(recordings: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a recording and label: `recording`, `label`, `n`, `share`, `low`, `high`; of `timeline.timeline_table`s.

    `n` counts the recording's entries, one a frame and face seen in it, and `share` is of these; NaN for a class that
    its model doesn't know. `low` and `high` bound the middle 95 % of what recordings of as many blocks, drawn from its
    blocks of `BLOCK` seconds, would show (block bootstrap: Künsch 1989, Annals of Statistics 17, p. 1217); NaN where
    there are fewer than `FEWEST` blocks, and where the share is 0 or 1, as it then is in each draw. Pictures in order
    have no time: each is a block.
    """
    seen = {name: table[table["label"].notna()] for name, table in recordings.items()}
    labels = list(dict.fromkeys(label for table in recordings.values() for label in _labels(table)))
    parts = [_shares(name, table, labels, _labels(table)) for name, table in seen.items()]
    return pd.concat(parts, ignore_index=True)


def read_table(file) -> pd.DataFrame:
    """A table of `timeline.timeline_table` that was exported before.

    Raises `PhotoError` for anything else.
    """
    try:
        table = pd.read_csv(file)
    except (ValueError, pd.errors.ParserError) as error:
        reason = "no text" if isinstance(error, UnicodeError) else str(error).splitlines()[0]
        raise PhotoError(f"expected a timeline that was exported as CSV, found another file ({reason})") from None
    if _COLUMNS.issubset(table) and table.empty:
        raise PhotoError("expected a timeline that was exported as CSV, found one without a row")
    numbers = [
        pd.api.types.is_numeric_dtype(table[column]) for column in ("frame", "face", "seconds") if column in table
    ]
    if not _COLUMNS.issubset(table) or not all(numbers):
        found = ", ".join(map(str, table.columns[:5]))
        raise PhotoError(f"expected a timeline that was exported as CSV, found a table of other columns ({found})")
    if not np.isfinite(table.get("seconds", pd.Series(dtype=float)).to_numpy(float)).all():
        raise PhotoError("expected a number in each row under seconds, found none in some; export the timeline again")
    return table


def _labels(table: pd.DataFrame) -> list[str]:
    """The classes of a table in their order, and what stands where there is none."""
    return [column.removeprefix("p_") for column in table.columns.astype(str) if column.startswith("p_")] + [
        UNSURE_LABEL
    ]


def _shares(name: str, seen: pd.DataFrame, labels: list[str], known: list[str]) -> pd.DataFrame:
    # pictures in order have no time: each stands for itself
    blocks = (seen["seconds"].astype(float) // BLOCK).astype(int) if "seconds" in seen else seen["frame"]
    counts = pd.crosstab(blocks, seen["label"]).reindex(columns=labels, fill_value=0).to_numpy()  # (b, k)
    n = int(counts.sum())
    shares = counts.sum(axis=0) / n if n else np.full(len(labels), np.nan)
    shares[~np.isin(labels, known)] = np.nan  # what the model can't answer
    about = {"recording": name, "label": labels, "n": n, "share": shares}
    bounds = np.array([_interval(counts, column) for column in range(len(labels))])
    return pd.DataFrame(about | {"low": bounds[:, 0], "high": bounds[:, 1]})


def _interval(counts: np.ndarray, column: int) -> tuple[float, float]:
    blocks = len(counts)
    if blocks < FEWEST or counts[:, column].sum() in (0, counts.sum()):
        return np.nan, np.nan
    drawn = np.random.default_rng(SEED).multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS)  # (draws, b)
    return percentile_interval((drawn @ counts[:, column]) / (drawn @ counts.sum(axis=1)))
