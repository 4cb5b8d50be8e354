"""The picture of what was tried: `training.tuning.results`."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.figures import error_bars

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # Okabe & Ito, safe for colour-blind eyes
_SYMBOLS = ("circle", "square", "diamond", "cross", "x")  # one more, so that twenty looks differ


def tried_values(results: pd.DataFrame, names: Mapping[str, str], across: str, apart: str | None = None) -> go.Figure:
    """Macro recall over the values of the setting `across`, with 95 % intervals; a colour for each value of `apart`.

    The values stand beside each other in the order of their numbers, whatever the distance; `names` of settings.
    """
    known = results.dropna(subset=["recall"])
    figure = go.Figure()
    groups = [(None, known)] if apart is None else known.groupby(apart, sort=False)
    for index, (value, group) in enumerate(groups):
        figure.add_scatter(
            x=group[across],
            y=group["recall"],
            mode="markers",
            name="" if apart is None else f"{names[apart]} {value!s}",
            showlegend=apart is not None,
            marker={"color": _COLOURS[index % len(_COLOURS)], "symbol": _SYMBOLS[index % len(_SYMBOLS)], "size": 10},
            error_y=error_bars(group["recall"], group["low"], group["high"]),
            customdata=group["run"],
            hovertemplate="%{customdata}: %{y:.1%}<extra></extra>",
        )
    faces = results["n"].max()
    told = f" ({faces:,.0f} faces)" if faces == faces else ""
    order = sorted(known[across].unique(), key=_place)
    return figure.update_layout(
        title=f"Macro recall by {names[across].lower()}{told}",
        xaxis={"title": names[across], "type": "category", "categoryorder": "array", "categoryarray": order},
        yaxis={"title": "macro recall on validation, 95 % interval", "tickformat": ".0%"},
        scattermode="group",
        scattergap=0.7,  # what is tried together stays near its value
    )


def _place(word: str) -> tuple[bool, float, str]:
    """Numbers in their order, then words."""
    try:
        return False, float(word), word
    except ValueError:
        return True, 0.0, word
