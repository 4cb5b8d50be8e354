"""Pictures of the frames in `metrics` and `comparison`: nothing is computed here.

Background, text and heat colours are left to the theme, so each figure works on light and on dark; the colours of
expressions are `labels.COLOURS`. Shares are in [0, 1] and shown in percent, intervals are 95 %.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from fer_core.labels import COLOURS, EMOTIONS, GREY, choose

CONFUSION_VALUES = {
    "n": ("faces", "%{z:,}"),
    "by_true": ("share of the true class", "%{z:.0%}"),
    "by_predicted": ("share of the predicted class", "%{z:.0%}"),
}
"""Column of `metrics.confusion_frame` → its unit and how a cell writes it."""

_MARKER_SIZE = 24  # pixels: less than a cell of seven classes on a phone, so that markers never overlap
_CURVE_UNITS = {"loss": "loss (cross-entropy)", "learning_rate": "learning rate", "seconds": "seconds an epoch"}
_SYMBOLS = dict(zip(EMOTIONS, ("circle", "x", "triangle-up", "diamond", "square", "star", "cross"), strict=True))
_GHOST_DASHES = ("solid", "dash", "dashdot")  # dots mean training
_DASHES = ("solid", "dash", "dot")
_OUTLINE = "#D55E00"
_PERCENT_AXIS = {"range": [0, 1], "tickformat": ".0%"}


def confusion_heatmap(
    frame: pd.DataFrame,
    value: str = "n",
    title: str = "Confusion",
    diagonal: bool = True,
) -> go.Figure:
    """Draw `metrics.confusion_frame`, true classes downwards, predicted ones to the right.

    Colours go from 0 to the fullest cell, or to 1 for a share. Without the `diagonal` only mistakes are drawn, and the
    scale ends at the largest of them. A heatmap reports no clicks, so a layer of invisible markers lies over it: a
    click selects the nearest cell, `customdata` is its [true, predicted] class names.
    """
    unit, text = choose("value", value, CONFUSION_VALUES)
    order = frame["true"].unique().tolist()
    drawn = frame[value].where(diagonal | (frame["true"] != frame["predicted"]))
    largest = drawn.fillna(0).max() if value == "n" or not diagonal else 1
    heatmap = {
        "type": "heatmap",
        "hoverinfo": "skip",
        "xgap": 1,
        "ygap": 1,
        "x": order,
        "y": order,
        "z": drawn.to_numpy().reshape(len(order), len(order)),
        "zmin": 0,
        "zmax": largest or 1,
        "texttemplate": text,
        "showscale": False,  # each cell tells its value; a colour bar costs as long to draw as the cells
    }
    edge = len(order) - 0.5  # the axes end where the cells do, else markers would pad them
    axis = {"fixedrange": True, "showgrid": False}
    layout = {  # plain and at once: each object and update takes milliseconds
        "title": {"text": _titled(title, frame["n"].sum())},
        "clickmode": "event+select",
        "hovermode": "closest",
        "hoverdistance": -1,  # the nearest marker counts, however far: all of a cell can be clicked
        "xaxis": axis | {"title": {"text": f"predicted<br>in each cell: {unit}"}, "range": [-0.5, edge]},
        "yaxis": axis | {"title": {"text": "true"}, "range": [edge, -0.5]},
    }
    return go.Figure([heatmap, _click_layer(frame)], layout)


def error_bars(value: pd.Series, low: pd.Series, high: pd.Series) -> dict[str, Any]:
    """From `low` to `high`, around `value`."""
    above, below = (high - value).to_numpy(), (value - low).to_numpy()
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below}


def cell_words(cell: Any) -> str:
    """Say a row of `metrics.confusion_frame`, as `itertuples` gives it, in lines."""
    return (
        f"labelled {cell.true}, predicted {cell.predicted}: {cell.n:,} faces"
        f"\n{_percent(cell.by_true)} of those labelled {cell.true}"
        f"\n{_percent(cell.by_predicted)} of those predicted {cell.predicted}"
    )


def outline(figure: go.Figure, frame: pd.DataFrame, true: str, predicted: str) -> go.Figure:
    """Draw a frame around the cell `true`, `predicted` of a `confusion_heatmap` of `frame`."""
    order = frame["true"].unique().tolist()
    x, y = order.index(predicted), order.index(true)
    return figure.add_shape(
        type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line={"width": 3, "color": _OUTLINE}
    )


def class_score_bars(
    frame: pd.DataFrame,
    metric: str = "recall",
    lines: Mapping[str, float] | None = None,
    marks: Mapping[str, pd.DataFrame] | None = None,
) -> go.Figure:
    """Draw the `recall`, `precision` or `f1` of each class in `metrics.class_scores`, with its interval.

    To hold them against: `lines` across, name → value, and `marks` at each class, name → another's `class_scores`.
    """
    of = choose("metric", metric, {"recall": "n", "precision": "n_predicted", "f1": "n"})
    words = metric.capitalize()
    classes = [f"{label}<br>n = {n:,}" for label, n in zip(frame["label"], frame[of], strict=True)]
    bars = go.Bar(
        x=classes,
        y=frame[metric],
        showlegend=False,
        error_y=error_bars(*_with_interval(frame, metric)),
        marker_color=[COLOURS[label] for label in frame["label"]],
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    across = [_line(classes, name, value, dash) for (name, value), dash in zip((lines or {}).items(), cycle(_DASHES))]
    others = [_marks(classes, name, scores[metric]) for name, scores in (marks or {}).items()]
    figure = go.Figure([bars, *across, *others])
    figure.update_layout(title=_titled(f"{words} of each class", frame["n"].sum()))
    return figure.update_yaxes(title=f"{words}, 95 % interval", **_PERCENT_AXIS)


def learning_curves(
    history: pd.DataFrame,
    columns: Sequence[str],
    title: str,
    earlier: Mapping[str, pd.DataFrame] | None = None,
    saved: int | None = None,
) -> go.Figure:
    """Draw `columns` of a run's `history.csv` over its epochs: solid on validation faces, dotted on training faces.

    The first column names the vertical axis: draw losses and shares apart. `earlier` maps the names of other runs to
    their histories, which stand thin behind: of the recall of each class all, else the first of `columns` only. A line
    marks the epoch whose weights were `saved`.
    """
    ghosts = [
        ghost
        for (name, other), dash in zip((earlier or {}).items(), cycle(_GHOST_DASHES))
        for ghost in _ghosts(name, other, columns, dash)
    ]
    figure = go.Figure([*(_curve(history, column) for column in columns), *ghosts])  # ghosts take no colour of theirs
    figure.update_layout(title=title, hovermode="x unified")
    figure.update_xaxes(title="epoch", tickformat="d")
    if saved is not None:
        figure.add_vline(saved, line={"dash": "dot", "width": 1, "color": GREY}, annotation_text="saved")
    if (drawn := history[[column for column in columns if "loss" in column]].to_numpy()).size and ghosts:
        figure.update_yaxes(autorangeoptions_clipmax=1.05 * drawn.max())  # theirs may begin far above
    return figure.update_yaxes(title=_CURVE_UNITS.get(columns[0].removeprefix("val_"), "share of faces"))


def model_score_bars(table: pd.DataFrame) -> go.Figure:
    """Draw macro recall and accuracy of each model in `comparison.scores_table`, with their intervals."""
    names = [f"{model}<br>n = {n:,}" for model, n in zip(table["model"], table["n"], strict=True)]
    bars = [
        {
            "type": "bar",
            "name": metric.replace("_", " "),
            "orientation": "h",
            "y": names,
            "x": table[metric].to_numpy(),
            "error_x": error_bars(*_with_interval(table, metric)),
            "hovertemplate": "%{y}: %{x:.1%}",
        }
        for metric in ("macro_recall", "accuracy")
    ]
    layout = {  # at once, as in `confusion_heatmap`
        "title": {"text": "Scores of each model"},
        "xaxis": {"title": {"text": "score, 95 % interval"}} | _PERCENT_AXIS,
        "yaxis": {"type": "category", "autorange": "reversed"},  # the first model on top
    }
    return go.Figure(bars, layout)


def probability_bars(probabilities: Mapping[str, float]) -> go.Figure:
    """Draw what a model says about one face: class name → probability in [0, 1], the first on top."""
    bars = go.Bar(
        orientation="h",
        y=list(probabilities),
        x=list(probabilities.values()),
        marker_color=[COLOURS[label] for label in probabilities],
        texttemplate="%{x:.0%}",
        textposition="outside",  # inside a short bar it would be turned or shrunk
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(title="Probability of each expression (1 face)", margin={"t": 44, "b": 44})
    figure.update_xaxes(title="probability", range=[0, 1.1], tickformat=".0%")  # room for the words "100%"
    return figure.update_yaxes(autorange="reversed", dtick=1)  # each class is named, however low the chart


def _click_layer(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": frame["predicted"].tolist(),
        "y": frame["true"].tolist(),
        "mode": "markers",
        "marker": {"symbol": "square", "size": _MARKER_SIZE, "color": "rgba(127, 127, 127, 0.01)"},
        "selected": {"marker": {"color": "rgba(127, 127, 127, 0.5)"}},
        "unselected": {"marker": {"opacity": 1}},  # else Plotly fades it
        "customdata": frame[["true", "predicted"]].to_numpy(),
        "hovertext": [cell_words(cell).replace("\n", "<br>") for cell in frame.itertuples()],
        "hoverinfo": "text",
        "showlegend": False,
    }


def _line(classes: Sequence[str], name: str, value: float, dash: str) -> go.Scatter:
    return go.Scatter(
        name=f"{name}: {_percent(value)}",
        x=classes,
        y=[value] * len(classes),
        mode="lines",
        line={"dash": dash, "color": GREY, "width": 2},
        hoverinfo="skip",
    )


def _marks(classes: Sequence[str], name: str, values: pd.Series) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=classes,
        y=values,
        mode="markers",
        marker={"symbol": "diamond-open", "size": 12, "color": GREY, "line_width": 2},
        hovertemplate=f"{name}, %{{x}}: %{{y:.1%}}<extra></extra>",
    )


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.1%}"


def _with_interval(frame: pd.DataFrame, metric: str) -> list[pd.Series]:
    return [frame[f"{metric}{end}"] for end in ("", "_low", "_high")]


def _curve(history: pd.DataFrame, column: str) -> go.Scatter:
    label = _class_of(column)
    split = "" if column == "learning_rate" else ", validation" if column.startswith("val_") else ", training"
    return go.Scatter(
        name=label or column.removeprefix("val_").replace("_", " ") + split,
        x=history["epoch"],
        y=history[column],
        mode="lines+markers",  # a single epoch has no line
        marker={"size": 6, "symbol": _SYMBOLS.get(label, "circle")},
        line={"dash": "dot" if "training" in split else "solid", "color": COLOURS.get(label)},
        hovertemplate="%{y:.3g}",
    )


def _ghosts(name: str, history: pd.DataFrame, columns: Sequence[str], dash: str) -> list[go.Scatter]:
    """Another run's curves, one legend entry for all."""
    of_classes = [column for column in columns if _class_of(column)]
    drawn = [column for column in of_classes or columns[:1] if column in history]
    return [
        go.Scatter(
            name=name,
            legendgroup=name,
            showlegend=column == drawn[0],
            x=history["epoch"],
            y=history[column],
            mode="lines",
            zorder=-1,
            opacity=0.5,
            line={"width": 1, "dash": dash, "color": COLOURS.get(_class_of(column), GREY)},
            hoverinfo="skip" if of_classes else None,  # else the words of one epoch would fill the picture
            hovertemplate=None if of_classes else "%{y:.3g}",
        )
        for column in drawn
    ]


def _class_of(column: str) -> str:
    """`val_recall_Sad` → `Sad`; empty for a column of all classes."""
    label = column.removeprefix("val_").removeprefix("recall_")
    return label if label in COLOURS else ""


def _titled(title: str, n: float) -> str:
    return f"{title} ({n:,} faces)"
