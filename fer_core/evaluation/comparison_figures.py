"""Pictures of several models: of the frames in `comparison` and `agreement`.

Background and text are left to the theme; the colours of expressions are `labels.COLOURS`.
"""

import pandas as pd
import plotly.graph_objects as go

from fer_core.evaluation.figures import error_bars
from fer_core.labels import COLOURS, GREY


def difference_intervals(tests: pd.DataFrame, reference: str, n: int) -> go.Figure:
    """Draw the macro-recall differences of `comparison.paired_tests`, with their intervals, around a line at 0."""
    points = go.Scatter(
        x=100 * tests["difference"],
        y=tests["model"],
        mode="markers",
        marker_size=10,
        error_x=error_bars(*(100 * tests[column] for column in ("difference", "low", "high"))),
        hovertemplate="%{y}: %{x:+.1f} points<extra></extra>",
    )
    figure = go.Figure(points).add_vline(0, line_dash="dot", line_color=GREY)
    figure.update_layout(title=f"Macro recall compared with {reference} ({n:,} faces)")
    figure.update_xaxes(title="points of macro recall, 95 % interval<br>right of 0 is better", zeroline=False)
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
    figure.update_layout(title=f"How many models are right ({counts['n'].sum():,} faces)", barmode="stack")
    figure.update_xaxes(title="models that predict the labelled expression", type="category")
    return figure.update_yaxes(title="faces")


def _models(n: int) -> str:
    return "none" if n == 0 else str(n)
