"""Pictures of expressions over time. They only draw frames of `inference.timeline` and `inference.summary`."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer_core.evaluation.figures import error_bars
from fer_core.labels import COLOURS

KINDS = ("Area", "Lines")
HEIGHT = 190
"""Pixels of one face's part."""
_GREY = "#B0B0B0"  # unsure
_EDGE = 1e-6  # seconds between a value and the edge of its step: two points at one place aren't stacked


def timeline_figure(frame: pd.DataFrame, kind: str, step: float, axis: str = "seconds") -> go.Figure:
    """Draw `inference.timeline.timeline_frame`, a part each face: probabilities stacked to 1 (`Area`), or as `Lines`.

    Each value stands for the `step` around it; where there is none, nothing is drawn.
    """
    faces = frame["face"].unique().tolist()
    titles = [f"Face {face} (n = {_seen(frame, face):,})" for face in faces]
    figure = make_subplots(
        len(faces), 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=min(0.35 / len(faces), 0.14)
    )
    draw = _area if kind == "Area" else _line
    for row, face in enumerate(faces, 1):
        of_face = frame[frame["face"] == face]
        for label in of_face["label"].unique():
            trace = draw(of_face[of_face["label"] == label], label, step, row)
            figure.add_trace(trace.update(showlegend=row == 1, legendgroup=label), row, 1)
    figure.update_yaxes(range=[0, 1], tickformat=".0%", fixedrange=True)
    figure.update_xaxes(title=axis, row=len(faces), col=1)
    many = "" if len(faces) == 1 else f", {len(faces)} faces"
    return figure.update_layout(
        title=f"Probability of each expression ({frame['seconds'].nunique():,} {_noun(axis)}{many})",
        height=110 + HEIGHT * len(faces) + 60,
        hovermode="x unified" if kind == "Lines" else "closest",
    )


def mark(figure: go.Figure, at: float, ink: str) -> go.Figure:
    """`figure` with a line at the moment that is looked at."""
    return figure.add_vline(at, line={"color": ink, "width": 1.5, "dash": "dot"})


def shares_figure(shares: pd.DataFrame) -> go.Figure:
    """Draw `inference.summary.shares_frame`: bars of each expression's share with its interval, by recording."""
    figure = go.Figure()
    for recording, of_one in shares.groupby("recording", sort=False):
        figure.add_bar(
            name=str(recording),
            x=of_one["label"],
            y=of_one["share"],
            error_y=error_bars(of_one["share"], of_one["low"], of_one["high"]),
            customdata=of_one[["n"]],
            hovertemplate=f"{recording}, %{{x}}: %{{y:.1%}} of %{{customdata[0]:,}} faces seen<extra></extra>",
        )
    figure.update_layout(title="Share of the faces seen with each label, by recording", barmode="group")
    return figure.update_yaxes(title="share of the faces seen", tickformat=".2~%", rangemode="tozero")


def _area(values: pd.DataFrame, label: str, step: float, row: int) -> go.Scatter:
    """Steps down to 0 at the edges of a gap, where nothing would be stacked otherwise."""
    x, y, words = [], [], []
    for start, end in _runs(values["probability"].notna().to_numpy()):
        seconds = values["seconds"].to_numpy()[start:end]
        shares = values["probability"].to_numpy()[start:end]
        left, right = seconds[0] - step / 2, seconds[-1] + step / 2
        x += [left, left + _EDGE, *seconds, right - _EDGE, right]
        y += [0, shares[0], *shares, shares[-1], 0]
        words += [
            "",
            *(
                f"{label} {share:.0%} at {at:.1f}"
                for share, at in zip([shares[0], *shares, shares[-1]], [seconds[0], *seconds, seconds[-1]], strict=True)
            ),
            "",
        ]
    return go.Scatter(
        name=label,
        x=x,
        y=y,
        text=words,
        stackgroup=f"face{row}",
        mode="lines",
        line={"width": 0},
        fillcolor=COLOURS.get(label, _GREY),
        hoveron="points+fills",
        hoverinfo="text",
    )


def _line(values: pd.DataFrame, label: str, step: float, row: int) -> go.Scatter:
    lone = values["probability"].notna() & values["probability"].shift().isna() & values["probability"].shift(-1).isna()
    return go.Scatter(
        name=label,
        x=values["seconds"],
        y=values["probability"],
        mode="lines+markers",
        marker={"size": np.where(lone, 4, 0)},  # a single value has no line
        line={"color": COLOURS.get(label, _GREY), "width": 1.5},
        connectgaps=False,
        hovertemplate="%{y:.0%}",
    )


def _runs(seen: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _seen(frame: pd.DataFrame, face: int) -> int:
    return int(frame.loc[frame["face"] == face].drop_duplicates("seconds")["probability"].notna().sum())


def _noun(axis: str) -> str:
    return "frames" if axis == "seconds" else "pictures"
