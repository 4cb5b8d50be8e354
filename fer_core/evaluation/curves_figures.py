"""Pictures of the frames in `curves` and `negative`: nothing is computed here.

As in `figures`: the theme's background and text, the colours of expressions, shares in percent, 95 % intervals.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.curves import Curves
from fer_core.evaluation.negative import POSITIVE
from fer_core.labels import COLOURS

_GREY = "#8A8A8A"  # on light and on dark
_SYMBOLS = ("circle", "diamond")
_SHARE_AXIS = {"range": [-0.01, 1.01], "tickformat": ".0%"}


def roc_lines(curves: Curves, points: Mapping[str, pd.DataFrame] | None = None) -> go.Figure:
    """Draw the ROC curve of each class, with its area in the legend, and the diagonal of a guess.

    `points` maps a name to its `curves.operating_points`, a mark on each class's curve or beside it.
    """
    axes = ("false_positive_rate", "true_positive_rate")
    chance = go.Scatter(
        name="a guess", x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": _GREY}, hoverinfo="skip"
    )
    lines = _lines(curves.roc, axes, curves.areas, "auc", "linear")
    figure = go.Figure([*lines, chance, *_operating_points(points or {}, axes)])
    figure.update_layout(title=_titled("ROC of each class against the rest", curves.areas), hovermode="closest")
    figure.update_xaxes(title="false positive rate: share of the other faces called so", **_SHARE_AXIS)
    return figure.update_yaxes(title="true positive rate (recall)", **_SHARE_AXIS)


def precision_recall_lines(curves: Curves, points: Mapping[str, pd.DataFrame] | None = None) -> go.Figure:
    """Draw the precision-recall curve of each class, with its average precision in the legend; `points` as in
    `roc_lines`. Between two of its points a curve is level, since a straight line would promise too much (Davis &
    Goadrich 2006, ICML, p. 233). What a guess would reach is the share of the class, dotted.
    """
    axes = ("recall", "precision")
    lines = _lines(curves.precision_recall, axes, curves.areas, "average_precision", "vh")
    of_points = {name: frame.rename(columns={"true_positive_rate": "recall"}) for name, frame in (points or {}).items()}
    figure = go.Figure([*lines, *_guesses(curves.areas), *_operating_points(of_points, axes)])
    figure.update_layout(title=_titled("Precision and recall of each class", curves.areas))
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title="recall", **_SHARE_AXIS)
    return figure.update_yaxes(title="precision", **_SHARE_AXIS)


def called_positive_bars(frame: pd.DataFrame) -> go.Figure:
    """Draw `negative.called_positive`: at each negative class the share called each positive one, and any."""
    figure = go.Figure([_called_bars(str(called), bars) for called, bars in frame.groupby("called", sort=False)])
    n = frame.groupby("labelled", sort=False)["n"].first()
    figure.update_layout(title=f"Negative expressions called positive ({n.iloc[-1]:,} faces)", barmode="group")
    figure.update_xaxes(title="labelled")
    return figure.update_yaxes(title="share called so, 95 % interval", tickformat=".2~%", rangemode="tozero")


def _called_bars(called: str, bars: pd.DataFrame) -> go.Bar:
    return go.Bar(
        name=f"called {called}",
        x=[f"{labelled}<br>n = {n:,}" for labelled, n in zip(bars["labelled"], bars["n"], strict=True)],
        y=bars["share"],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": bars["high"] - bars["share"],
            "arrayminus": bars["share"] - bars["low"],
        },
        marker_color=COLOURS[called],
        marker_pattern_shape="/" if called == POSITIVE else "",  # its colour is that of Happy
        customdata=bars["n_called"],
        hovertemplate=f"%{{customdata:,}} faces called {called}: %{{y:.1%}}<extra></extra>",
    )


def _lines(frame: pd.DataFrame, axes: Sequence[str], areas: pd.DataFrame, area: str, shape: str) -> list[go.Scatter]:
    x, y = axes
    of_class = areas.set_index("label")[area]
    return [
        go.Scatter(
            name=f"{label} {of_class[label]:.3f}",
            legendgroup=label,
            x=curve[x],
            y=curve[y],
            customdata=curve["threshold"],
            mode="lines",
            line={"color": COLOURS[str(label)], "shape": shape, "width": 2},
            hovertemplate=f"{label}, from a probability of %{{customdata:.1%}} on:<br>"
            f"{_words(x)} %{{x:.1%}}, {_words(y)} %{{y:.1%}}<extra></extra>",
        )
        for label, curve in frame.groupby("label", sort=False)
    ]


def _guesses(areas: pd.DataFrame) -> list[go.Scatter]:
    return [
        go.Scatter(
            x=[0, 1],
            y=[share, share],
            legendgroup=label,
            showlegend=False,
            mode="lines",
            line={"color": COLOURS[label], "dash": "dot", "width": 1},
            hoverinfo="skip",
        )
        for label, share in zip(areas["label"], areas["share"], strict=True)
    ]


def _operating_points(points: Mapping[str, pd.DataFrame], axes: Sequence[str]) -> list[go.Scatter]:
    x, y = axes
    return [
        go.Scatter(
            name=name,
            x=frame[x],
            y=frame[y],
            text=frame["label"],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 10,
                "color": [COLOURS[label] for label in frame["label"]],
                "line": {"color": _GREY, "width": 1},
            },
            hovertemplate=f"{name}, %{{text}}: {_words(x)} %{{x:.1%}}, {_words(y)} %{{y:.1%}}<extra></extra>",
        )
        for (name, frame), symbol in zip(points.items(), _SYMBOLS, strict=False)
    ]


def _words(column: str) -> str:
    return column.replace("_", " ")


def _titled(title: str, areas: pd.DataFrame) -> str:
    return f"{title} ({areas['n'].sum():,} faces)"
