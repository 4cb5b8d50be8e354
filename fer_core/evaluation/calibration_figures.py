"""Pictures of the frames in `calibration` and `operating`: nothing is computed here.

As in `figures`: the theme's background and text, the colours of expressions, shares in percent, 95 % intervals.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_core.labels import COLOURS

_GREY = "#8A8A8A"  # on light and on dark
_LOOKS = (("circle-open", _GREY), ("diamond", "#2A86A6"))  # symbol and colour, which no expression has
_BEFORE_OPACITY = 0.45
_SHARE_AXIS = {"range": [-0.01, 1.03], "tickformat": ".0%"}


def reliability_diagram(frames: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Draw one or two `calibration.reliability_frame` of the same faces, name → frame, and below how many faces a bin
    holds. On the dotted line a model is right as often as it says; below it, it says too much.
    """
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.04)
    perfect = {"x": [0, 1], "y": [0, 1], "mode": "lines", "line": {"dash": "dot", "color": _GREY}, "hoverinfo": "skip"}
    figure.add_scatter(name="as often as it says", **perfect, row=1, col=1)
    for (name, frame), look in zip(frames.items(), _LOOKS, strict=False):
        bins = frame[frame["n"] > 0]
        figure.add_trace(_accuracies(name, bins, *look), row=1, col=1)
        figure.add_trace(_counts(name, bins, *look), row=2, col=1)
    n = next(iter(frames.values()))["n"].sum()
    figure.update_layout(title=f"Reliability ({n:,} faces)", hovermode="closest")
    figure.update_xaxes(**_SHARE_AXIS).update_xaxes(title="confidence: probability of the answer", row=2, col=1)
    figure.update_yaxes(title="share that is right, 95 % interval", **_SHARE_AXIS, row=1, col=1)
    return figure.update_yaxes(title="faces", rangemode="tozero", row=2, col=1)


def who_pays_bars(frame: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """Draw `operating.who_pays`: at each class its recall before, pale, and after; `names` are those of the two rules.

    The classes of the group are marked with a star.
    """
    classes = [_class_words(row) for row in frame.itertuples()]
    bars = [
        go.Bar(
            name=name,
            x=classes,
            y=frame[column],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": frame[f"{column}_high"] - frame[column],
                "arrayminus": frame[column] - frame[f"{column}_low"],
            },
            marker={
                "color": [COLOURS[label] for label in frame["label"]],
                "opacity": opacity,
                "pattern_shape": pattern,
            },
            hovertemplate=f"{name}, %{{x}}: %{{y:.1%}}<extra></extra>",
        )
        for name, column, opacity, pattern in zip(
            names, ("recall_before", "recall_after"), (_BEFORE_OPACITY, 1), ("/", ""), strict=True
        )
    ]
    title = f"Recall of each class, and how many more of its faces are right ({frame['n'].sum():,} faces)"
    figure = go.Figure(bars).update_layout(title=title, barmode="group")
    return figure.update_yaxes(title="recall, 95 % interval", range=[0, 1], tickformat=".0%")


def _class_words(row: Any) -> str:
    """Say a row of `operating.who_pays`, as `itertuples` gives it."""
    return f"{row.label}{' ★' if row.in_group else ''}<br>n = {row.n:,}<br>{row.won - row.lost:+,}"


def _accuracies(name: str, bins: pd.DataFrame, symbol: str, colour: str) -> go.Scatter:
    return go.Scatter(
        name=name,
        legendgroup=name,
        x=bins["confidence"],
        y=bins["accuracy"],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": bins["accuracy_high"] - bins["accuracy"],
            "arrayminus": bins["accuracy"] - bins["accuracy_low"],
        },
        customdata=bins["n"],
        mode="markers",
        marker={"symbol": symbol, "size": 9, "color": colour},
        hovertemplate=f"{name}: says %{{x:.1%}}, right %{{y:.1%}}, %{{customdata:,}} faces<extra></extra>",
    )


def _counts(name: str, bins: pd.DataFrame, symbol: str, colour: str) -> go.Scatter:
    return go.Scatter(
        name=name,
        legendgroup=name,
        showlegend=False,
        x=bins["confidence"],
        y=bins["n"],
        mode="lines+markers",
        marker={"symbol": symbol, "size": 6, "color": colour},
        hovertemplate=f"{name}: %{{y:,}} faces at %{{x:.1%}}<extra></extra>",
    )
