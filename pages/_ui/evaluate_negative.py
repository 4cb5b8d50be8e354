"""Evaluate, view Negative: how many faces of a negative expression are called a positive one."""

import pandas as pd
import streamlit as st

from fer_core.evaluation.curves_figures import called_positive_bars
from fer_core.evaluation.negative import NEGATIVE, POSITIVE, called_positive, sides
from fer_core.evaluation.predictions import PARTS, Predictions
from fer_core.store import SavedModel
from pages._ui import charts, evaluate_labels, words

_TOLD = (("Sad", "Happy"), ("Sad", POSITIVE), (NEGATIVE, "Happy"), (NEGATIVE, POSITIVE))


def show(model: SavedModel, predictions: Predictions) -> None:
    """The four numbers that the study asked for on both parts, a picture of the chosen part, all numbers."""
    if not all(sides(predictions.labels)):
        st.info(f"{model.id} doesn't tell negative expressions from positive ones.", icon=":material/info:")
        return
    split = st.session_state["split"]
    parts = {part: called_positive(evaluate_labels.scored(model).select(split, part)) for part in PARTS}
    st.markdown(
        "The study found its real problem here: Sad faces that are missed. Angry, Fear and Sad are its *negative* "
        "expressions; Happy, Surprise and Neutral its *positive* ones."
    )
    for part, frame in parts.items():
        st.markdown(f"**{part.capitalize()}**")
        with st.container(horizontal=True):
            for labelled, called in _TOLD:
                _tell(frame, labelled, called)
    charts.show(called_positive_bars(called_positive(predictions)), "called_positive", height=480)
    table = words.called_positive(parts)
    st.dataframe(
        table, hide_index=True, key="negative_table", alt="Negative expressions called positive, raw and honest"
    )
    st.caption(f"On the {split} split; brackets hold Wilson's 95 % interval. {words.HONEST}")
    if {"Sad", "Happy"} <= set(predictions.labels):
        label = "Show the Sad faces that are called Happy"
        if st.button(label, "sad_as_happy", icon=":material/grid_view:", on_click=_show_the_faces):
            st.rerun()  # all of the page: the tabs stand outside this view, which runs by itself


def _tell(frame: pd.DataFrame, labelled: str, called: str) -> None:
    """One of the numbers, where the model knows these classes."""
    for row in frame[(frame["labelled"] == labelled) & (frame["called"] == called)].itertuples():
        st.metric(
            f"{labelled} called {called}",
            words.percent(row.share),
            f"{words.bounds(row.low, row.high)}, {row.n_called:,} of n = {row.n:,}",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )


def _show_the_faces() -> None:
    st.session_state.update(view="Confusion", true="Sad", predicted="Happy", faces_page=1)
