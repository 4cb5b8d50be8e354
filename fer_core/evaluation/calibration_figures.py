"""Pictures of the frames in `calibration` and `operating`: nothing is computed here.

As in `figures`: the theme's background and text, the colours of expressions, shares in percent, 95 % intervals. A
figure is made at once of plain dicts, see `curves_figures`.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.figures import error_bars
from fer_core.labels import COLOURS, GREY

_LOOKS = (("circle-open", GREY), ("diamond", "#2A86A6"))  # symbol and colour, which no expression has
_BEFORE_OPACITY = 0.45
_SHARE_AXIS = {"range": [-0.01, 1.03], "tickformat": ".0%"}


def reliability_diagram(frames: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Draw one or two `calibration.reliability_frame` of the same faces, name → frame, and below how many faces a bin
    holds. On the dotted line a model is right as often as it says; below it, it says too much.
    """
    perfect = {
        "type": "scatter",
        "name": "as often as it says",
        "x": [0, 1],
        "y": [0, 1],
        "mode": "lines",
        "line": {"dash": "dot", "color": GREY},
        "hoverinfo": "skip",
    }
    traces = [perfect]
    for (name, frame), look in zip(frames.items(), _LOOKS, strict=False):
        bins = frame[frame["n"] > 0]
        traces += [_accuracies(name, bins, *look), _counts(name, bins, *look)]
    n = next(iter(frames.values()))["n"].sum()
    confidence = {"title": {"text": "confidence: probability of the answer"}, "anchor": "y2"}
    layout = {
        "title": {"text": f"Reliability ({n:,} faces)"},
        "hovermode": "closest",
        "xaxis": confidence | _SHARE_AXIS,
        "yaxis": {"title": {"text": "share that is right, 95 % interval"}, "domain": [0.28, 1]} | _SHARE_AXIS,
        "yaxis2": {"title": {"text": "faces"}, "domain": [0, 0.24], "rangemode": "tozero"},
    }
    return go.Figure(traces, layout)


def who_pays_bars(frame: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """Draw `operating.who_pays`: at each class its recall before, pale, and after; `names` are those of the two rules.

    The classes of the group are marked with a star.
    """
    classes = [_class_words(row) for row in frame.itertuples()]
    looks = (("recall_before", _BEFORE_OPACITY, "/"), ("recall_after", 1, ""))
    bars = [
        {
            "type": "bar",
            "name": name,
            "x": classes,
            "y": frame[column].to_numpy(),
            "error_y": error_bars(frame[column], frame[f"{column}_low"], frame[f"{column}_high"]),
            "marker": {
                "color": [COLOURS[label] for label in frame["label"]],
                "opacity": opacity,
                "pattern": {"shape": pattern},
            },
            "hovertemplate": f"{name}, %{{x}}: %{{y:.1%}}<extra></extra>",
        }
        for name, (column, opacity, pattern) in zip(names, looks, strict=True)
    ]
    title = f"Recall, and faces gained or lost ({frame['n'].sum():,} faces)"
    recall_axis = {"title": {"text": "recall, 95 % interval"}, "range": [0, 1], "tickformat": ".0%"}
    return go.Figure(bars, {"title": {"text": title}, "barmode": "group", "yaxis": recall_axis})


def _class_words(row: Any) -> str:
    """Say a row of `operating.who_pays`, as `itertuples` gives it."""
    return f"{row.label}{' ★' if row.in_group else ''}<br>n = {row.n:,}<br>{row.won - row.lost:+,}"


def _accuracies(name: str, bins: pd.DataFrame, symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "legendgroup": name,
        "x": bins["confidence"].to_numpy(),
        "y": bins["accuracy"].to_numpy(),
        "error_y": error_bars(bins["accuracy"], bins["accuracy_low"], bins["accuracy_high"]),
        "customdata": bins["n"].to_numpy(),
        "mode": "markers",
        "marker": {"symbol": symbol, "size": 9, "color": colour},
        "hovertemplate": f"{name}: says %{{x:.1%}}, right %{{y:.1%}}, %{{customdata:,}} faces<extra></extra>",
    }


def _counts(name: str, bins: pd.DataFrame, symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "legendgroup": name,
        "showlegend": False,
        "x": bins["confidence"].to_numpy(),
        "y": bins["n"].to_numpy(),
        "yaxis": "y2",
        "mode": "lines+markers",
        "marker": {"symbol": symbol, "size": 6, "color": colour},
        "hovertemplate": f"{name}: %{{y:,}} faces at %{{x:.1%}}<extra></extra>",
    }
