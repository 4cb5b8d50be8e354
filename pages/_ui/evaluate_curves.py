"""Evaluate, view ROC and PR: each class against the rest at every threshold."""

import streamlit as st

from fer_core.evaluation.curves import one_vs_rest, operating_points
from fer_core.evaluation.curves_figures import precision_recall_lines, roc_lines
from fer_core.evaluation.predictions import Predictions
from fer_core.store import SavedModel
from pages._ui import charts, evaluate_reference, words


def show(model: SavedModel, predictions: Predictions) -> None:
    """Both pictures beside each other, with what the model and the annotators really answer, and the areas."""
    curves = one_vs_rest(predictions)
    others = evaluate_reference.references(model, predictions)
    answering = {model.id: predictions}
    if evaluate_reference.ANNOTATORS in others:
        answering[evaluate_reference.ANNOTATORS] = others[evaluate_reference.ANNOTATORS]
    points = {name: operating_points(who) for name, who in answering.items()}
    left, right = st.columns(2)
    with left:
        charts.show(roc_lines(curves, points), "roc", height=560)
    with right:
        charts.show(precision_recall_lines(curves, points), "precision_recall", height=560)
    st.caption(
        "Each curve varies the probability from which a face counts as the class. A mark: the most probable class is "
        f"the answer, of {' and of '.join(answering)}. Dotted: what a guess would reach. In the legend the area below "
        "the curve."
    )
    st.dataframe(words.areas(curves.areas), hide_index=True, key="areas", alt="Areas below the curves of each class")
    st.caption(
        f"n = {len(predictions):,} faces. Area below ROC: of a face of the class and another, how often the former has "
        "the higher probability. Brackets hold 95 % intervals (DeLong's; for average precision Wilson's)."
    )
