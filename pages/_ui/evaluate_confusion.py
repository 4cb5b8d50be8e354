"""Evaluate, view Confusion: the matrix, and all faces behind one of its cells."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.copies import copies_of
from fer_core.evaluation.figures import CONFUSION_VALUES, confusion_heatmap, outline
from fer_core.evaluation.metrics import cell_faces, confusion_frame
from fer_core.evaluation.predictions import Predictions
from fer_core.store import SavedModel
from pages._ui import cached, charts, errors, faces, frame, pickers, words


def show(model: SavedModel, predictions: Predictions) -> None:
    """The matrix as a picture or a table; a click on a cell, or two boxes, choose one; all faces of the cell."""
    cells = confusion_frame(predictions)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        value, diagonal = pickers.confusion_value(), pickers.diagonal()
        shown = pickers.choice("As", ("picture", "table"), "matrix", help="Arrow keys choose a cell of the table.")
    matrix = st.container()
    st.markdown("**The faces behind a cell.** Click on one, or choose it here.")
    true, predicted = pickers.cell(cells)
    with matrix:
        if shown == "table":
            _show_table(words.confusion(cells, value, diagonal), true, predicted)
            unit, _ = CONFUSION_VALUES[value]
            st.caption(f"Cells: {unit}. Rows: labelled, columns: predicted. n = {len(predictions):,} faces.")
        else:
            title = f"Confusion of {model.id}"
            figure = outline(confusion_heatmap(cells, value, title, diagonal=diagonal), cells, true, predicted)
            charts.show(figure, "confusion", height=480, on_select=_clicked, selection_mode="points")
    _show_faces(model, predictions, true, predicted)


def _show_table(table: pd.DataFrame, true: str, predicted: str) -> None:
    labels = list(table.columns)
    chosen = [(labels.index(true), predicted)]
    if st.session_state.get("confusion_table", {}).get("selection", {}).get("cells") != chosen:
        st.session_state["confusion_table"] = {"selection": {"cells": chosen}}
    st.dataframe(
        table,
        key="confusion_table",
        on_select=partial(_chosen_in_table, labels),
        selection_mode="single-cell",
        alt="The confusion matrix: a row for each label, a column for each prediction",
    )


def _show_faces(model: SavedModel, predictions: Predictions, true: str, predicted: str) -> None:
    behind = cell_faces(predictions, true, predicted)
    st.markdown(f"Labelled **{true}**, predicted as **{predicted}**: n = {len(behind):,}, the most confident first.")
    if not len(behind):
        return
    behind = behind[faces.page_of(len(behind))]
    dataset = None
    with errors.box():
        dataset = frame.ask_dataset_of(model)
    table = pd.DataFrame({"Row": behind["row"]}).assign(**{name: behind[f"p_{name}"] for name in predictions.labels})
    if dataset is None:
        table["Copy of a training face"] = behind["leak"]
    else:
        rows = behind["row"].to_numpy()
        copies = copies_of(cached.find_copies(dataset), rows)
        copied = np.array([len(exact) + len(near) > 0 for exact, near in copies])
        faces.wall(dataset, rows, _captions(behind, dataset, true, predicted), copied)
        if copied.any():
            st.caption(":orange-badge[copy]: the same photograph stands in another row too; the table says in which.")
        if dataset.votes is not None:
            table["Votes"] = [words.votes(dataset.votes[row]) for row in rows]
        table["Copies in rows"] = [words.copied_in(exact, near) for exact, near in copies]
    faces.table(table, dataset, f"The faces labelled {true}, predicted as {predicted}: probability of each expression")


def _captions(behind: pd.DataFrame, dataset: FaceDataset, true: str, predicted: str) -> list[str]:
    """Row, what the model gives the predicted and the true class, what most annotators voted for."""
    captions = []
    for face in behind.to_dict("records"):
        lines = [str(face["row"]), *(f"{label} {face[f'p_{label}']:.0%}" for label in dict.fromkeys([predicted, true]))]
        if dataset.votes is not None:
            lines.append(words.most_voted(dataset.votes[face["row"]]))
        captions.append("  \n".join(lines))
    return captions


def _clicked() -> None:
    if points := st.session_state["confusion"].selection.points:
        _choose(*points[0]["customdata"])


def _chosen_in_table(labels: Sequence[str]) -> None:
    if chosen := st.session_state["confusion_table"].selection.cells:
        row, predicted = chosen[0]
        _choose(labels[row], predicted)


def _choose(true: str, predicted: str) -> None:
    st.session_state["true"], st.session_state["predicted"] = true, predicted
    faces.first_page()
