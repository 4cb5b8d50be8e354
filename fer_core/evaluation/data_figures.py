"""Pictures of a dataset's frames: class balance, pixel statistics, annotators' votes.

Background and text colours are left to the theme; the colours of expressions are `labels.COLOURS`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fer_core.data.changes import LABELS
from fer_core.labels import COLOURS, EMOTIONS, choose

COUNT_VALUES = {"n": ("faces", ",d", "%{y:,}"), "share": ("share of faces", ".2~%", "%{y:.1%}")}
"""Column of the counts → the axis' title, its ticks, the hover's number."""

PIXEL_VALUES = {
    "brightness": "mean grey level of a face, 0 to 255",
    "contrast": "standard deviation of a face's grey levels, 0 to 255",
    "sharpness": "variance of the Laplacian of a face's grey levels: the more, the crisper",
}

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_GREY = "#B0B0B0"  # of a vote that is no expression


def class_histogram(counts: pd.DataFrame, value: str = "n", by_split: bool = False, log: bool = False) -> go.Figure:
    """Draw `counts`, one row a Usage and emotion: `usage`, `emotion` (name), `n` faces, `share` of its Usage.

    All faces together, or `by_split` one group of bars a Usage; `value` is `n` or `share`.
    """
    unit, ticks, hover = choose("value", value, COUNT_VALUES)
    table = counts if by_split else _all_together(counts)
    sizes = table.groupby("usage", sort=False)["n"].transform("sum")
    table = table.assign(group=[f"{usage}<br>n = {n:,}" for usage, n in zip(table["usage"], sizes, strict=True)])
    x = "group" if by_split else "emotion"
    figure = go.Figure(
        [
            go.Bar(
                name=emotion,
                x=table.loc[table["emotion"] == emotion, x],
                y=table.loc[table["emotion"] == emotion, value],
                marker_color=COLOURS[emotion],
                hovertemplate=hover,
                showlegend=by_split,
            )
            for emotion in table["emotion"].unique()
        ]
    )
    figure.update_layout(title=f"Faces of each expression ({counts['n'].sum():,} faces)")
    return figure.update_yaxes(title=unit, tickformat=ticks, type="log" if log else "linear")


def leak_bars(shares: pd.DataFrame, usage: str) -> go.Figure:
    """Draw `data.statistics.leak_shares` of one Usage: the share of each emotion that are copies, exact below near."""
    table = shares[shares["usage"] == usage]
    figure = go.Figure(
        [
            go.Bar(
                name=f"{kind} copy",
                x=[f"{emotion}<br>n = {n:,}" for emotion, n in zip(table["emotion"], table["n"], strict=True)],
                y=table[kind] / table["n"],
                hovertemplate="%{y:.1%}",
            )
            for kind in ("exact", "near")
        ]
    )
    figure.update_layout(title=f"Copies of a Training face in {usage} ({table['n'].sum():,} faces)", barmode="stack")
    return figure.update_yaxes(title="share of faces", tickformat=".2~%")


def brightness_box(pixel_stats: pd.DataFrame, value: str = "brightness") -> go.Figure:
    """Draw quartiles of one of `PIXEL_VALUES` for each `emotion` (name) of `pixel_stats`, one row a face.

    Whiskers end at the 5th and 95th percentile. Only these five numbers go to the browser, not every face's.
    """
    meaning = choose("value", value, PIXEL_VALUES)
    faces = {emotion: pixel_stats.loc[pixel_stats["emotion"] == emotion, value] for emotion in EMOTIONS}
    figure = go.Figure([_box(emotion, of_one) for emotion, of_one in faces.items() if len(of_one)])
    figure.update_layout(title=f"{value.capitalize()} ({len(pixel_stats):,} faces)", showlegend=False)
    return figure.update_yaxes(title=f"{meaning}<br>(box: quartiles, whiskers: 5 to 95 %)")


def votes_bars(votes: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Draw how many annotators chose each of `names`: `votes` of shape `(len(names),)`, the first on top."""
    bars = go.Bar(
        orientation="h",
        y=list(names),
        x=votes,
        marker_color=[COLOURS.get(name, _GREY) for name in names],
        hovertemplate="%{y}: %{x}<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(title=f"What {int(np.sum(votes))} annotators see (1 face)")
    figure.update_xaxes(title="annotators", tickformat="d", dtick=1)
    return figure.update_yaxes(autorange="reversed")


def change_heatmap(moved: pd.DataFrame) -> go.Figure:
    """Draw `data.changes.changed_only`: labels before downwards, after to the right, faces in the cells."""
    order = [label for label in LABELS if label in {*moved["before"], *moved["after"]}]
    faces = moved.pivot_table("n", "before", "after", aggfunc="sum").reindex(index=order, columns=order)
    cells = go.Heatmap(
        x=order,
        y=order,
        z=faces,
        zmin=0,
        zmax=moved["n"].max(),
        texttemplate="%{z:,}",
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{y} → %{x}: %{z:,} faces<extra></extra>",
        showscale=False,  # each cell tells its value
    )
    figure = go.Figure(cells).update_layout(title=f"What changes ({moved['n'].sum():,} faces)")
    figure.update_xaxes(title="after", fixedrange=True, showgrid=False)
    return figure.update_yaxes(title="before", fixedrange=True, showgrid=False, autorange="reversed")


def class_change_bars(totals: pd.DataFrame) -> go.Figure:
    """Draw `data.changes.class_totals`: faces of each label before and after, side by side."""
    figure = go.Figure(
        [
            go.Bar(
                name=side,
                x=totals["label"],
                y=totals[side],
                marker_color=[COLOURS.get(label, _GREY) for label in totals["label"]],
                marker_pattern_shape=pattern,
                hovertemplate=f"%{{x}}, {side}: %{{y:,}}<extra></extra>",
            )
            for side, pattern in (("before", "/"), ("after", ""))
        ]
    )
    figure.update_layout(title=f"Faces of each label ({totals['before'].sum():,} faces)")
    return figure.update_yaxes(title="faces", tickformat=",d")


def _all_together(counts: pd.DataFrame) -> pd.DataFrame:
    table = counts.groupby("emotion", sort=False, as_index=False)["n"].sum()
    return table.assign(usage="All", share=table["n"] / max(table["n"].sum(), 1))


def _box(emotion: str, faces: pd.Series) -> go.Box:
    """One box from the five quantiles of `faces`."""
    quantiles = faces.quantile(_QUANTILES).to_numpy()
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    five = {name: [number] for name, number in zip(names, quantiles, strict=True)}
    return go.Box(x=[f"{emotion}<br>n = {len(faces):,}"], marker_color=COLOURS[emotion], name=emotion, **five)
