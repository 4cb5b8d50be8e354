"""The picture of a ranking of labels: what annotators say along it."""

import pandas as pd
import plotly.graph_objects as go

from fer_core.labels import GREY

_LINE, _BAND = "#0072B2", "rgba(0, 114, 178, 0.25)"


def contradiction_line(frame: pd.DataFrame) -> go.Figure:
    """Draw `doubt.contradiction`: the share that annotators contradict of the first faces, beside that of all."""
    x, all_faces = frame["first"], frame.iloc[-1]
    band = {"mode": "lines", "line_width": 0, "hoverinfo": "skip", "showlegend": False, "x": x}
    figure = go.Figure(
        [
            go.Scatter(y=frame["low"], **band),
            go.Scatter(y=frame["high"], fill="tonexty", fillcolor=_BAND, **band),
            go.Scatter(
                x=x,
                y=frame["share"],
                name="the most doubtful faces",
                mode="lines",
                line_color=_LINE,
                customdata=frame[["n", "low", "high"]],
                hovertemplate="first %{x:,}: %{y:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})<br>"
                "n = %{customdata[0]:,} with votes<extra></extra>",
            ),
            go.Scatter(
                x=[x.iloc[0], x.iloc[-1]],
                y=[all_faces["share"]] * 2,
                name="all faces",
                mode="lines",
                line={"color": GREY, "dash": "dash"},
                hovertemplate="all faces: %{y:.1%}<extra></extra>",
            ),
        ]
    )
    figure.update_layout(title=f"Contradicted labels ({all_faces['n']:,.0f} faces)")
    figure.update_xaxes(title="first so many faces of the ranking", type="log", tickformat=",d", dtick=1)
    return figure.update_yaxes(title="share contradicted<br>(band: 95 % interval)", range=[0, 1], tickformat=".0%")
