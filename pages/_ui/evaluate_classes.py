"""Evaluate, view Classes: recall, precision and F1 of each class, held against the annotators and a constant answer."""

import streamlit as st

from fer_core.evaluation.figures import class_score_bars
from fer_core.evaluation.metrics import class_scores, overall_scores
from fer_core.evaluation.predictions import Predictions
from fer_core.store import SavedModel
from pages._ui import charts, evaluate_reference, pickers, theme, words


def show(model: SavedModel, predictions: Predictions) -> None:
    """Bars of one metric with reference lines, then all numbers as two tables."""
    metric = pickers.choice("Score", words.CLASS_METRICS, "score")
    others = evaluate_reference.references(model, predictions)
    overall = {name: overall_scores(who) for name, who in {model.id: predictions, **others}.items()}
    lines = {f"{name}, mean of the classes": _macro(scores, metric) for name, scores in overall.items()}
    marks = {name: class_scores(who) for name, who in others.items() if name == evaluate_reference.ANNOTATORS}
    scores = class_scores(predictions)
    figure = class_score_bars(scores, metric, lines, marks)
    figure.update_traces(line_color=theme.ink(), marker_color=theme.ink(), selector={"type": "scatter"})
    charts.show(figure, "classes", height=480)
    st.dataframe(words.class_scores(scores), hide_index=True, key="class_table", alt=f"Scores of {model.id}")
    st.markdown("**All classes together**")
    st.dataframe(words.overall(overall), key="overall_table", alt=f"Scores of {model.id} beside its references")
    st.caption(
        f"n = {len(predictions):,} faces. Brackets hold 95 % intervals: Wilson's for one class and for accuracy, a "
        f"bootstrap over the faces for means of the classes. {words.SCORES}"
    )
    evaluate_reference.explain(model, others)


def _macro(scores, metric: str) -> float:
    return scores.set_index("metric").loc[f"macro_{metric}", "value"]
