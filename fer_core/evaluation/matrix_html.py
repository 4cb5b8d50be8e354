"""Confusion matrices of several models as HTML tables that stand side by side, drawn at once by any browser.

No scripts or pictures. Each table tells its model in `data-model`, each cell says more where a pointer rests on it.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from fer_core.evaluation.differences import difference_frame
from fer_core.evaluation.figures import CONFUSION_VALUES, cell_words
from fer_core.evaluation.metrics import confusion_frame
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import choose

_BLUE, _ORANGE = "31, 111, 139", "213, 94, 0"  # apart to the colour-blind; pale enough for ink of either theme
_STRONGEST = 0.55


class _Scale(NamedTuple):
    """The column that is shown, times `factor`; its largest size, which has the strongest colour; how it is written."""

    value: str
    factor: float
    end: float
    written: str


def matrices(models: Mapping[str, Predictions], value: str, chosen: tuple[str, str] | None = None) -> str:
    """`metrics.confusion_frame` of name → predictions, all on one scale of blue.

    Cells hold the column `value`; that of the true and predicted class that are `chosen` has the CSS class `chosen`.
    """
    choose("value", value, CONFUSION_VALUES)
    frames = {name: confusion_frame(predictions) for name, predictions in models.items()}
    end = max(max(frame[value].max() for frame in frames.values()), 1)
    scale = _Scale(value, 1, end, "{:,.0f}" if value == "n" else "{:.0%}")
    return _side_by_side(_table(name, name, frame, scale, cell_words, chosen) for name, frame in frames.items())


def differences(
    models: Mapping[str, Predictions], reference: str, value: str, chosen: tuple[str, str] | None = None
) -> str:
    """`differences.difference_frame` of the others and the `reference`, all on one scale centred at 0.

    Blue is more often, orange less often. Shares are written in points (hundredths). `chosen` as in `matrices`.
    """
    choose("value", value, CONFUSION_VALUES)
    frames = {
        name: difference_frame(predictions, models[reference])
        for name, predictions in models.items()
        if name != reference
    }
    end = max((frame[value].abs().fillna(0).max() for frame in frames.values()), default=0) or 1
    scale = _Scale(value, 1, end, "{:+,.0f}") if value == "n" else _Scale(value, 100, 100 * end, "{:+.1f}")
    return _side_by_side(
        _table(name, f"{name} − {reference}", frame, scale, _change_words(name, reference), chosen)
        for name, frame in frames.items()
    )


def _table(
    name: str,
    title: str,
    frame: pd.DataFrame,
    scale: _Scale,
    said: Callable[[Any], str],
    chosen: tuple[str, str] | None,
) -> str:
    """The cells of `frame`, a row a true class; `said` tells more of one as `itertuples` gives it."""
    labels = frame["true"].unique()
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    cells = [_cell(cell, scale, said(cell), chosen) for cell in frame.itertuples()]
    rows = (
        f'<tr><th scope="row">{escape(label)}</th>{"".join(cells[k : k + len(labels)])}</tr>'
        for label, k in zip(labels, range(0, len(cells), len(labels)), strict=True)
    )
    caption = f"<caption>{escape(title)}</caption>"
    return f'<table data-model="{escape(name)}">{caption}<tr><th></th>{head}</tr>{"".join(rows)}</table>'


def _cell(cell: Any, scale: _Scale, said: str, chosen: tuple[str, str] | None) -> str:
    about = f'title="{escape(said)}"' + ' class="chosen"' * ((cell.true, cell.predicted) == chosen)
    x = scale.factor * getattr(cell, scale.value)
    if math.isnan(x):
        return f"<td {about}>–</td>"
    colour, strength = _BLUE if x >= 0 else _ORANGE, _STRONGEST * abs(x) / scale.end
    return f'<td {about} style="background: rgba({colour}, {strength:.3f})">{scale.written.format(x)}</td>'


def _change_words(model: str, reference: str) -> Callable[[Any], str]:
    return lambda cell: (
        f"labelled {cell.true}, predicted {cell.predicted}\n{model}: {cell.n_model:,} faces, "
        f"{reference}: {cell.n_reference:,}\n{cell.gained:,} only by {model}, {cell.lost:,} only by {reference}"
    )


def _side_by_side(tables: Iterable[str]) -> str:
    return f'<div class="matrices">{"".join(tables)}</div>'
