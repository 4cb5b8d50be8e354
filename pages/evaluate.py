"""One model: confusion matrix and the faces behind it, recall and precision, learning curves."""

import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.evaluation.figures import class_score_bars, confusion_heatmap
from fer_core.evaluation.metrics import cell_faces, class_scores, confusion_frame, summary
from fer_core.evaluation.predictions import PARTS, Predictions
from fer_core.store import SavedModel
from pages._ui import cached, charts, errors, faces, frame, pickers, words

FACES = 24
"""Faces of a cell that are shown."""


def show_headline(predictions: Predictions, split: str) -> None:
    parts = {part: summary(predictions.select(split, part)) for part in PARTS}
    with st.container(horizontal=True):
        for metric in ("macro_recall", "accuracy"):
            for part, scores in parts.items():
                value, low, high = (getattr(scores, metric + end) for end in ("", "_low", "_high"))
                st.metric(
                    f"{words.name(metric)}, {part}",
                    words.percent(value),
                    f"{words.bounds(low, high)}, n = {scores.n:,}",
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                )
    st.caption(f"On the {split} split, below each score its 95 % interval. {words.HONEST}")


def show_confusion(model: SavedModel, predictions: Predictions) -> None:
    value = pickers.confusion_value()
    cells = confusion_frame(predictions)
    charts.show(
        confusion_heatmap(cells, value, f"Confusion of {model.id}"),
        "confusion",
        height=480,
        on_select=_choose_cell,
        selection_mode="points",
    )
    st.markdown("**The faces behind a cell.** Click on one, or choose it here; the most certain come first.")
    true, predicted = pickers.cell(cells)
    behind = cell_faces(predictions, true, predicted)
    st.markdown(f"{len(behind):,} faces labelled **{true}** were predicted as **{predicted}**.")
    with errors.box():
        show_faces(model, cached.dataset(frame.chosen_source()), behind.head(FACES))


def show_faces(model: SavedModel, dataset: FaceDataset, behind: pd.DataFrame) -> None:
    evaluated_on = model.record["dataset"]
    if dataset.fingerprint != evaluated_on["fingerprint"]:
        st.info(f"To see them choose the dataset that this model was evaluated on: `{evaluated_on['source']}`.")
        return
    captions = [f"{words.percent(p)}  \n{row}" for row, p in behind.itertuples(index=False)]
    faces.wall(dataset, behind["row"].to_numpy(), captions)


def show_classes(model: SavedModel, predictions: Predictions) -> None:
    metric = pickers.choice("Score", ("recall", "precision"), "score")
    scores = class_scores(predictions)
    charts.show(class_score_bars(scores, metric), "classes")
    st.dataframe(words.class_scores(scores), hide_index=True, key="class_table", alt=f"Scores of {model.id}")


def show_learning(model: SavedModel, *_) -> None:
    if parts := model.record.get("parts"):
        names = ", ".join(part["id"] for part in parts)
        st.info(f"It was not trained itself: it combines {names}, which have curves of their own.")
    else:
        charts.learning(model)


def _choose_cell() -> None:
    """A click on the matrix chooses what the two boxes below it hold."""
    if points := st.session_state["confusion"].selection.points:
        st.session_state["true"], st.session_state["predicted"] = points[0]["customdata"]


frame.start(__file__, "Evaluate", "Where one model is right, where it fails, and which faces those are.")
if model := pickers.model(pickers.known_models()):
    if model.trained:
        predictions = cached.predictions(model)
        split, part = pickers.split_and_part()
        show_headline(predictions, split)
        pickers.views(
            {"Confusion": show_confusion, "Classes": show_classes, "Learning": show_learning},
            model,
            predictions.select(split, part),
        )
    else:
        st.info(f"{model.id} is {model.status}: there are no predictions yet, but its curves.", icon=":material/info:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        show_learning(model)
