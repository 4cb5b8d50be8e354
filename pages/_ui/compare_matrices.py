"""Compare, view Matrices: side by side on one scale, or minus the reference, and the faces that changed."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from fer_core.evaluation.differences import changed_faces
from fer_core.evaluation.figures import CONFUSION_VALUES
from fer_core.evaluation.matrix_html import differences, matrices
from fer_core.evaluation.metrics import confusion_frame
from fer_core.evaluation.report import Report
from fer_core.store import SavedModel
from pages._ui import compare_faces, faces, pickers

_STYLE = """
.matrices { display: flex; flex-wrap: wrap; gap: 1.5rem; padding: 3px }
table { width: 24rem; max-width: 100%; border-spacing: 1px; font-size: 0.8rem }
caption { text-align: left; font-size: 1rem; font-weight: 600; padding-bottom: 0.4rem; overflow-wrap: anywhere }
th { font-weight: 400; padding: 0 0.2rem }
th[scope=row] { text-align: right }
td { width: 14%; height: 2.6rem; text-align: center; cursor: pointer }
td:hover { outline: 1px solid var(--st-text-color) }
.chosen { outline: 3px solid #D55E00 }
"""
_SCRIPT = """
export default function ({data, parentElement, setTriggerValue}) {
    const tables = parentElement.querySelector("section")
    tables.innerHTML = data
    tables.onclick = ({target}) => {
        const cell = target.closest("td"), table = target.closest("table")
        if (!cell) return
        const true_ = cell.parentElement.cells[0], predicted = table.rows[0].cells[cell.cellIndex]
        setTriggerValue("cell", [table.dataset.model, true_.textContent, predicted.textContent])
    }
}
"""
# Plotly would draw ten of them in half a second
_show_tables = st.components.v2.component("matrices", html="<section></section>", css=_STYLE, js=_SCRIPT)


def show(report: Report, models: Sequence[SavedModel]) -> None:
    left, right = st.columns(2)
    with left:
        shown = pickers.choice("Matrices", ("each model", "difference"), "matrices")
    with right:
        value = pickers.confusion_value()
    place = st.container()
    st.markdown("**The faces whose prediction changed.** Click on a cell, or choose it here.")
    others = [name for name in report.models if name != report.reference]
    name = pickers.named(f"From {report.reference} to", others, others[0], "against")
    chosen = pickers.cell(confusion_frame(report.models[report.reference]))
    with place:
        _show_matrices(report, shown, value, chosen)
    _show_changed(report, models[0], name, *chosen)


def _show_matrices(report: Report, shown: str, value: str, chosen: tuple[str, str]) -> None:
    unit, _ = CONFUSION_VALUES[value]
    told = f"Cells: {unit}. Rows: labelled, columns: predicted. n = {report.n:,} faces."
    if shown == "difference":
        tables = differences(report.models, report.reference, value, chosen)
        said = (
            f"Blue: more often than {report.reference} does, orange: less often. Normalised first, then subtracted; "
            f"all on one scale, centred at 0, shares in points. {told}"
        )
    else:
        tables, said = matrices(report.models, value, chosen), f"All on one scale. {told}"
    _show_tables(key="matrix_tables", data=tables, on_cell_change=partial(_choose_cell, report.reference))
    st.caption(said)


def _show_changed(report: Report, model: SavedModel, name: str, true: str, predicted: str) -> None:
    """The faces whose prediction changed, into the chosen cell and out of it."""
    changed = changed_faces(report.models[name], report.models[report.reference], true, predicted)
    gained = int(changed["gained"].sum())
    st.markdown(
        f"Of the faces labelled **{true}**, {gained:,} are predicted as **{predicted}** by {name} only, and "
        f"{len(changed) - gained:,} by {report.reference} only: together {2 * gained - len(changed):+,}."
    )
    captions = [f"{face.by_reference}  \nto {face.by_model}  \n{face.row}" for face in changed.itertuples()]
    compare_faces.show(model, changed["row"].to_numpy(), captions)
    if captions:
        st.caption(f"Below each face what {report.reference} predicts, to what {name} changes it, and its row.")


def _choose_cell(reference: str) -> None:
    """A click on a matrix chooses what the boxes below hold."""
    name, st.session_state["true"], st.session_state["predicted"] = st.session_state["matrix_tables"].cell
    if name != reference:
        st.session_state["against"] = name
    faces.first_page()
