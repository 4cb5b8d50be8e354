"""Pictures of the frames in `curves` and `negative`: nothing is computed here.

As in `figures`: the theme's background and text, the colours of expressions, shares in percent, 95 % intervals. A
figure is made at once of plain dicts: Plotly checks every object and every change of one, which takes milliseconds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.curves import Curves
from fer_core.evaluation.figures import error_bars
from fer_core.evaluation.negative import POSITIVE
from fer_core.labels import COLOURS, EMOTIONS, GREY

_DASHES = dict(
    zip(
        EMOTIONS,
        ("solid", "longdash", "dash", "dashdot", "longdashdot", "12px,3px,3px,3px,3px,3px", "6px,2px"),
        strict=True,
    )
)
_SYMBOLS = ("circle", "diamond")
_SHARE_AXIS = {"range": [-0.01, 1.01], "tickformat": ".0%", "dtick": 0.25}


def roc_lines(curves: Curves, points: Mapping[str, pd.DataFrame] | None = None) -> go.Figure:
    """Draw the ROC curve of each class, with its area in the legend, and the diagonal of a guess.

    `points` maps a name to its `curves.operating_points`, a mark on each class's curve or beside it.
    """
    axes = ("false_positive_rate", "true_positive_rate")
    chance = {
        "type": "scatter",
        "name": "a guess",
        "x": [0, 1],
        "y": [0, 1],
        "mode": "lines",
        "line": {"dash": "dot", "color": GREY},
        "hoverinfo": "skip",
    }
    lines = _lines(curves.roc, axes, curves.areas, "auc", "linear")
    layout = _layout(
        _titled("ROC of each class against the rest", curves.areas),
        "false positive rate: share of the other faces called so",
        "true positive rate (recall)",
    )
    return go.Figure([*lines, chance, *_operating_points(points or {}, axes)], layout)


def precision_recall_lines(curves: Curves, points: Mapping[str, pd.DataFrame] | None = None) -> go.Figure:
    """Draw the precision-recall curve of each class, with its average precision in the legend; `points` as in
    `roc_lines`. Between two of its points a curve is level, since a straight line would promise too much (Davis &
    Goadrich 2006, ICML, p. 233). What a guess would reach is the share of the class, dotted.
    """
    axes = ("recall", "precision")
    lines = _lines(curves.precision_recall, axes, curves.areas, "average_precision", "vh")
    of_points = {name: frame.rename(columns={"true_positive_rate": "recall"}) for name, frame in (points or {}).items()}
    layout = _layout(_titled("Precision and recall of each class", curves.areas), "recall", "precision")
    return go.Figure([*lines, *_guesses(curves.areas), *_operating_points(of_points, axes)], layout)


def called_positive_bars(frame: pd.DataFrame) -> go.Figure:
    """Draw `negative.called_positive`: at each negative class the share called each positive one, and any."""
    n = frame.groupby("labelled", sort=False)["n"].first()
    share_axis = {"title": {"text": "share called so, 95 % interval"}, "tickformat": ".2~%", "rangemode": "tozero"}
    layout = {
        "title": {"text": f"Negative expressions called positive ({n.iloc[-1]:,} faces)"},
        "barmode": "group",
        "xaxis": {"title": {"text": "labelled"}},
        "yaxis": share_axis,
    }
    return go.Figure([_called_bars(str(called), bars) for called, bars in frame.groupby("called", sort=False)], layout)


def _called_bars(called: str, bars: pd.DataFrame) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": f"called {called}",
        "x": [f"{labelled}<br>n = {n:,}" for labelled, n in zip(bars["labelled"], bars["n"], strict=True)],
        "y": bars["share"].to_numpy(),
        "error_y": error_bars(bars["share"], bars["low"], bars["high"]),
        "marker": {
            "color": COLOURS[called],
            "pattern": {"shape": "/" if called == POSITIVE else ""},  # its colour is that of Happy
        },
        "customdata": bars["n_called"].to_numpy(),
        "hovertemplate": f"%{{customdata:,}} faces called {called}: %{{y:.1%}}<extra></extra>",
    }


def _lines(
    frame: pd.DataFrame, axes: Sequence[str], areas: pd.DataFrame, area: str, shape: str
) -> list[dict[str, Any]]:
    x, y = axes
    of_class = areas.set_index("label")[area]
    return [
        {
            "type": "scatter",
            "name": f"{label} {of_class[label]:.3f}",
            "legendgroup": label,
            "x": curve[x].to_numpy(),
            "y": curve[y].to_numpy(),
            "customdata": curve["threshold"].to_numpy(),
            "mode": "lines",
            "line": {"color": COLOURS[label], "dash": _DASHES.get(label, "solid"), "shape": shape, "width": 2},
            "hovertemplate": f"{label}, from a probability of %{{customdata:.1%}} on:<br>"
            f"{_words(x)} %{{x:.1%}}, {_words(y)} %{{y:.1%}}<extra></extra>",
        }
        for label, curve in ((str(label), curve) for label, curve in frame.groupby("label", sort=False))
    ]


def _guesses(areas: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "x": [0, 1],
            "y": [share, share],
            "legendgroup": label,
            "showlegend": False,
            "mode": "lines",
            "line": {"color": COLOURS[label], "dash": "dot", "width": 1},
            "hoverinfo": "skip",
        }
        for label, share in zip(areas["label"], areas["share"], strict=True)
    ]


def _operating_points(points: Mapping[str, pd.DataFrame], axes: Sequence[str]) -> list[dict[str, Any]]:
    x, y = axes
    return [
        {
            "type": "scatter",
            "name": name,
            "x": frame[x].tolist(),
            "y": frame[y].tolist(),
            "text": frame["label"].tolist(),
            "mode": "markers",
            "marker": {
                "symbol": symbol,
                "size": 10,
                "color": [COLOURS[label] for label in frame["label"]],
                "line": {"color": GREY, "width": 1},
            },
            "hovertemplate": f"{name}, %{{text}}: {_words(x)} %{{x:.1%}}, {_words(y)} %{{y:.1%}}<extra></extra>",
        }
        for (name, frame), symbol in zip(points.items(), _SYMBOLS, strict=False)
    ]


def _words(column: str) -> str:
    return column.replace("_", " ")


def _layout(title: str, x: str, y: str) -> dict[str, Any]:
    return {
        "title": {"text": title},
        "hovermode": "closest",
        "xaxis": {"title": {"text": x}, **_SHARE_AXIS},
        "yaxis": {"title": {"text": y}, **_SHARE_AXIS},
    }


def _titled(title: str, areas: pd.DataFrame) -> str:
    return f"{title} ({areas['n'].sum():,} faces)"
