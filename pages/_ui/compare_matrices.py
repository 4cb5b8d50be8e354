"""Compare, view Matrices: side by side on one scale, or minus the reference, and the faces that changed."""

from collections.abc import Mapping, Sequence
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from fer_core.evaluation.differences import changed_faces
from fer_core.evaluation.figures import CONFUSION_VALUES
from fer_core.evaluation.metrics import confusion_frame
from fer_core.evaluation.report import Report
from fer_core.store import SavedModel
from pages._ui import cached, charts, compare_faces, pickers

_SIZE = 400
"""Width and height of a matrix, in pixels."""


def show(report: Report, models: Sequence[SavedModel]) -> None:
    left, right = st.columns(2)
    with left:
        shown = pickers.choice("Matrices", ("each model", "difference"), "matrices")
    with right:
        value = pickers.confusion_value()
    unit, _ = CONFUSION_VALUES[value]
    told = f"Cells: {unit}. Rows: labelled, columns: predicted. n = {report.n:,} faces."
    if shown == "difference":
        _draw(cached.differences(tuple(models), report.split, report.part, value), report)
        st.caption(
            f"Blue: more often than {report.reference} does, orange: less often. Normalised first, then subtracted; "
            f"all on one scale, centred at 0, shares in points. {told}"
        )
    else:
        _draw(cached.matrices(tuple(models), report.split, report.part, value), report)
        st.caption(f"All on one scale. {told}")
    st.fragment(_show_changed)(report, models[0])  # the boxes below draw no matrix again


def _draw(figures: Mapping[str, go.Figure], report: Report) -> None:
    with st.container(horizontal=True):
        for name, figure in figures.items():
            key = f"matrix_{name}"
            chosen = partial(_choose_cell, key, name if name != report.reference else None)
            charts.show(figure, key, width=_SIZE, height=_SIZE, on_select=chosen, selection_mode="points")


def _show_changed(report: Report, model: SavedModel) -> None:
    """The faces whose prediction changed, into the chosen cell and out of it."""
    st.markdown("**The faces whose prediction changed.** Click on a cell, or choose it here.")
    others = [name for name in report.models if name != report.reference]
    name = st.selectbox(f"From {report.reference} to", others, key="against", bind="query-params")
    reference = report.models[report.reference]
    true, predicted = pickers.cell(confusion_frame(reference))
    changed = changed_faces(report.models[name], reference, true, predicted)
    gained = int(changed["gained"].sum())
    st.markdown(
        f"Of the faces labelled **{true}**, {gained:,} are predicted as **{predicted}** by {name} only, and "
        f"{len(changed) - gained:,} by {report.reference} only: together {2 * gained - len(changed):+,}."
    )
    captions = [f"{face.by_reference}  \nto {face.by_model}  \n{face.row}" for face in changed.itertuples()]
    compare_faces.show(model, changed["row"].to_numpy(), captions)


def _choose_cell(key: str, name: str | None) -> None:
    """A click on a matrix chooses what the boxes below hold; `name` of the model that it belongs to."""
    if points := st.session_state[key].selection.points:
        st.session_state["true"], st.session_state["predicted"] = points[0]["customdata"]
        if name:
            st.session_state["against"] = name
