"""The picture of `slices`: nothing is computed here; colours of background and text are the theme's."""

import math

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.figures import error_bars
from fer_core.evaluation.slices import FEW
from fer_core.labels import COLOURS, GREY


def slice_bars(frame: pd.DataFrame, score: str, attribute: str, overall: float) -> go.Figure:
    """Draw `slices.slice_scores` of `score`: a bar a slice of the `attribute`, greyed and hatched where faces are few.

    `overall`, in [0, 1], the same score of all faces, is a dashed line.
    """
    measure = {"macro_recall": "Macro recall", "accuracy": "Accuracy"}.get(score, f"Recall of {score}")
    names = [f"{name}<br>n = {n:,}" for name, n in zip(frame["slice"], frame["n"], strict=True)]
    bars = frame.assign(name=names)
    figure = go.Figure([_bars(part, bool(few), score) for few, part in bars.groupby("few")])
    if not math.isnan(overall):
        figure.add_vline(overall, line={"dash": "dash", "color": GREY}, annotation_text=f"all faces {overall:.1%}")
    title = f"{measure} by {attribute} ({frame['n'].sum():,} faces)"
    figure.update_layout(title=title, showlegend=bool(frame["few"].any()), barmode="overlay")
    figure.update_xaxes(title=f"{measure}, 95 % interval", range=[0, 1], tickformat=".0%")
    return figure.update_yaxes(
        title=attribute, type="category", categoryorder="array", categoryarray=names, autorange="reversed"
    )


def _bars(part: pd.DataFrame, few: bool, score: str) -> go.Bar:
    bars = go.Bar(
        name=f"under {FEW} faces: says little" if few else f"{FEW} faces and more",
        orientation="h",
        y=part["name"],
        x=part["value"],
        error_x=error_bars(part["value"], part["low"], part["high"]),
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    if few:
        bars.marker = {"color": GREY, "pattern": {"shape": "/"}}
    elif score in COLOURS:
        bars.marker = {"color": COLOURS[score]}
    return bars
