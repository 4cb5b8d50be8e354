"""Several models: their matrices on one scale, their scores, and whether a difference may be chance."""

from collections.abc import Mapping

import streamlit as st

from fer_core.evaluation.comparison import (
    comparable,
    difference_sentence,
    paired_macro_recall_difference,
    scores_table,
)
from fer_core.evaluation.figures import confusion_heatmap, model_score_bars
from fer_core.evaluation.metrics import confusion_frame, summary
from fer_core.evaluation.predictions import Predictions
from pages._ui import cached, charts, frame, pickers, words


def show_scores(models: Mapping[str, Predictions]) -> None:
    charts.show(model_score_bars(scores_table(models)), "scores", height=240 + 60 * len(models))
    table = words.summaries({name: summary(predictions) for name, predictions in models.items()})
    st.dataframe(table, key="table", alt="Scores of the chosen models")
    st.caption(f"Scores with their 95 % intervals. {words.HONEST}")


def show_differences(models: Mapping[str, Predictions]) -> None:
    st.subheader("Could it be chance?", anchor=False)
    (first, of_first), *others = models.items()
    for name, predictions in others:
        if reason := comparable({first: of_first, name: predictions}):
            st.warning(f"Not compared face by face: {reason}.", icon=":material/difference:")
        else:
            difference = paired_macro_recall_difference(of_first, predictions)
            st.markdown(f"- {difference_sentence(first, name, difference, len(predictions))}")


def show_matrices(models: Mapping[str, Predictions]) -> None:
    st.subheader("Confusion matrices, on one scale", anchor=False)
    value = pickers.confusion_value()
    frames = {name: confusion_frame(predictions) for name, predictions in models.items()}
    fullest = max(max(frame[value].max() for frame in frames.values()), 1)
    with st.container(horizontal=True):
        for name, cells in frames.items():
            figure = confusion_heatmap(cells, value, name, zmax=fullest).update_traces(showscale=False, selector=0)
            charts.show(figure, f"matrix_{name}", width=400, height=400)


frame.start(__file__, "Compare", "Which of several models is better, and whether the difference may be chance.")
if chosen := pickers.models():
    split, part = pickers.split_and_part()
    models = {model.id: cached.predictions(model).select(split, part) for model in chosen}
    if len(models) > 1:
        show_scores(models)
        show_differences(models)
        show_matrices(models)
    else:
        st.info("Choose two models or more.", icon=":material/info:")
