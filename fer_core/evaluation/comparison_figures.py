"""Pictures of several models: of the frames in `differences`, `comparison` and `agreement`.

Background, text and heat colours are left to the theme; the colours of expressions are `labels.COLOURS`.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.differences import difference_frame
from fer_core.evaluation.figures import CONFUSION_VALUES, clickable, confusion_heatmap
from fer_core.evaluation.metrics import confusion_frame
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import COLOURS, choose


def matrices(models: Mapping[str, Predictions], value: str) -> dict[str, go.Figure]:
    """Confusion matrices of name → predictions, all on one scale and without one beside them, to stand together."""
    frames = {name: confusion_frame(predictions) for name, predictions in models.items()}
    end = max(max(frame[value].max() for frame in frames.values()), 1)
    figures = {name: confusion_heatmap(frame, value, name, zmax=end) for name, frame in frames.items()}
    return {name: figure.update_traces(showscale=False, selector=0) for name, figure in figures.items()}


def differences(models: Mapping[str, Predictions], reference: str, value: str) -> dict[str, go.Figure]:
    """Confusion matrices minus that of the `reference`, all on one scale centred at 0."""
    frames = {
        name: difference_frame(predictions, models[reference])
        for name, predictions in models.items()
        if name != reference
    }
    end = max((frame[value].abs().max() for frame in frames.values()), default=0) or 1
    return {name: difference_heatmap(frame, value, (name, reference), end) for name, frame in frames.items()}


def difference_heatmap(frame: pd.DataFrame, value: str, names: tuple[str, str], end: float) -> go.Figure:
    """Draw `differences.difference_frame` of two models called `names`, the first minus the second.

    Colours run from `-end` to `end`, centred at 0: give the same to matrices that stand side by side. Shares are
    written in points (hundredths). A click selects a cell as in `figures.confusion_heatmap`.
    """
    choose("value", value, CONFUSION_VALUES)
    order = frame["true"].unique().tolist()
    scale = 1 if value == "n" else 100
    heatmap = {
        "x": order,
        "y": order,
        "z": scale * frame[value].to_numpy().reshape(len(order), len(order)),
        "zmin": -scale * end,
        "zmax": scale * end,
        "texttemplate": "%{z:+d}" if value == "n" else "%{z:+.1f}",
        "autocolorscale": True,  # the theme's diverging colours, since the scale crosses 0
        "showscale": False,
    }
    faces = frame["n_model"].sum()
    said = (_change_words(cell, names) for cell in frame.itertuples())
    return clickable(heatmap, frame, said, f"{names[0]} − {names[1]} ({faces:,} faces)")


def difference_intervals(tests: pd.DataFrame, reference: str, n: int) -> go.Figure:
    """Draw the macro-recall differences of `comparison.paired_tests`, with their intervals, around a line at 0."""
    points = go.Scatter(
        x=100 * tests["difference"],
        y=tests["model"],
        mode="markers",
        marker_size=10,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": 100 * (tests["high"] - tests["difference"]),
            "arrayminus": 100 * (tests["difference"] - tests["low"]),
        },
        hovertemplate="%{y}: %{x:+.1f} points<extra></extra>",
    )
    figure = go.Figure(points).add_vline(0, line_dash="dot", line_color="#8A8A8A")
    figure.update_layout(title=f"Macro recall compared with {reference} ({n:,} faces)")
    figure.update_xaxes(title="points of macro recall, 95 % interval; right of 0 is better", zeroline=False)
    return figure.update_yaxes(type="category", autorange="reversed")


def right_bars(counts: pd.DataFrame) -> go.Figure:
    """Draw `agreement.right_counts`: faces by how many models get them right, a colour a class."""
    figure = go.Figure(
        [
            go.Bar(
                name=label,
                x=[_models(right) for right in of_class["right"]],
                y=of_class["n"],
                marker_color=COLOURS[str(label)],
                hovertemplate="%{x}: %{y:,} faces",
            )
            for label, of_class in counts.groupby("label", sort=False)
        ]
    )
    figure.update_layout(title=f"How many models are right about a face ({counts['n'].sum():,} faces)", barmode="stack")
    figure.update_xaxes(title="models that predict the labelled expression", type="category")
    return figure.update_yaxes(title="faces")


def _models(n: int) -> str:
    return "none" if n == 0 else str(n)


def _change_words(cell: Any, names: tuple[str, str]) -> str:
    model, reference = names
    return (
        f"labelled {cell.true}, predicted {cell.predicted}"
        f"<br>{model}: {cell.n_model:,} faces, {reference}: {cell.n_reference:,}"
        f"<br>{cell.gained:,} only by {model}, {cell.lost:,} only by {reference}"
    )
