"""Evaluate: what a model is held against."""

from collections.abc import Mapping

import streamlit as st

from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.reference import annotators, majority_class
from fer_core.store import SavedModel
from pages._ui import errors, evaluate_labels, frame

ANNOTATORS, MAJORITY = "the annotators", "one answer"  # with a space, as no model is called


def references(model: SavedModel, predictions: Predictions) -> dict[str, Predictions]:
    """The annotators, where their votes are loaded, and who always gives the most frequent answer."""
    others = {}
    with errors.box():
        dataset = frame.dataset_of(model)
        if dataset is not None and dataset.votes is not None:
            others[ANNOTATORS] = annotators(predictions, dataset.votes)
    if len(known := evaluate_labels.scored(model).select("validation")):
        others[MAJORITY] = majority_class(predictions, known)
    return others


def explain(model: SavedModel, others: Mapping[str, Predictions]) -> None:
    """Say what the references on the page are, and how to get the annotators' where they are missing."""
    if ANNOTATORS in others:
        st.caption(
            "*The annotators*: what most of FER+'s ten annotators called each of these faces, scored against the same "
            "labels: what a human second opinion reaches. A model above them has learned how these labels were "
            "assigned, which doesn't make it better than people at recognising expressions. Ties go to the class "
            "listed first."
        )
    elif not model.record["dataset"].get("drawn"):  # nobody annotated those
        st.caption(
            "The annotators' scores stand here too where the dataset that this model was evaluated on is chosen in "
            "the sidebar and FER+'s `fer2013new.csv` lies beside it."
        )
    if MAJORITY in others:
        st.caption("*One answer*: always the class that is most frequent in the validation split.")
