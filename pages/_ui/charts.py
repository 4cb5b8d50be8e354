"""Charts as every page shows them."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fer_core.evaluation.figures import learning_curves
from fer_core.store import SavedModel
from pages._ui import theme

_SELECTING = ("select2d", "lasso2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d")


def show(figure: go.Figure, key: str, *, selecting: bool = False, **kwargs):
    """Draw `figure` over the full width in the theme's colours; its title is also what a screen reader says.

    The figure itself is changed, so it must not be one that others hold. Where points are `selecting`, its buttons are
    those of boxes, lassos and zoom too.
    """
    title = figure.layout.title.text
    height = figure.layout.height or 450
    below = -0.02 if selecting else -0.35 * 450 / height  # a map has no axis' words below it
    figure.update_layout(legend={"orientation": "h", "x": 0, "y": below, "yanchor": "top"})
    figure.update_traces(error_x_color=theme.ink(), error_y_color=theme.ink(), selector={"type": "bar"})
    buttons = [*(_SELECTING if selecting else ()), "toImage"]
    config = {"modeBarButtons": [buttons], "displaylogo": False}
    return st.plotly_chart(figure, key=key, theme="streamlit", config=config, alt=title, **kwargs)


def learning(
    model: SavedModel, history: pd.DataFrame, n: int | None = None, earlier: Mapping[str, pd.DataFrame] | None = None
) -> None:
    """The curves of a run's `history`, two beside each other; `n` faces it is validated on, as saved if not given.

    Those of `earlier` runs, name → history, stand behind.
    """
    n = n or model.scores.get("validation", {}).get("raw", {}).get("n")
    if history.empty:
        st.info(
            "The curves appear when the first epoch of this run has ended."
            if model.busy
            else "Its first epoch has not ended: there are no curves."
        )
        return
    recalls = [column for column in history if column.startswith("val_recall_")]
    curves = {
        "Loss": ["val_loss", "loss"],
        "Macro recall and accuracy": ["val_recall", "recall", "val_accuracy", "accuracy"],
        "Recall of each class": recalls,
        "Learning rate": ["learning_rate"],
    }
    faces = f" ({n:,} validation faces)" if n else ""
    saved = model.record.get("best_epoch") if model.trained else None
    columns = st.columns(2)
    for number, (title, measures) in enumerate(curves.items()):
        figure = learning_curves(history, measures, title + (faces if title != "Learning rate" else ""), earlier, saved)
        with columns[number % 2]:
            show(figure, f"curve_{title}", height=400)
    with st.expander("As a table"):
        st.dataframe(history, hide_index=True, key="history", alt=f"The epochs of {model.id}, as in its history.csv")
