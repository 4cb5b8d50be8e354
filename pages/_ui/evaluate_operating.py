"""Evaluate, view Operating point: ask for a recall of some expressions, and see what it costs."""

import pandas as pd
import streamlit as st

from fer_core.evaluation.calibration_figures import who_pays_bars
from fer_core.evaluation.decision import Decision, point_sentence
from fer_core.evaluation.elsewhere import own
from fer_core.evaluation.figures import confusion_heatmap
from fer_core.evaluation.metrics import confusion, matrix_frame
from fer_core.evaluation.operating import (
    CHOSEN,
    MOST_PROBABLE,
    OperatingPoint,
    fit_point,
    group_scores,
    rules,
    who_pays,
)
from fer_core.evaluation.predictions import Predictions
from fer_core.store import SavedModel
from pages._ui import cached, charts, decisions, evaluate_labels, pickers, words

_FIRST = ("Sad", "Negative")
_SHOWN = (("validation", "honest"), ("test", "raw"), ("test", "honest"))


def show(model: SavedModel, predictions: Predictions) -> None:
    """Threshold, scores of the group, recall of every class, matrix; the point can be saved for Predict."""
    now = decisions.saved(model)
    group, recall = _ask(model, now.point)
    everything = evaluate_labels.scored(model)
    fitted_on = cached.predictions(own(model)).select("validation", "honest")
    if not 0 < len(group) < len(model.labels):
        st.info("Choose at least one expression, and not all.", icon=":material/info:")
        return
    if not set(group) & {model.labels[index] for index in set(fitted_on.y_true)}:
        st.info("There is no validation face of these expressions to fit a threshold on.", icon=":material/info:")
        return
    y_prob = now.probabilities(fitted_on.y_prob)
    whose = " of the dataset that it was saved with" if model.elsewhere else ""
    point = fit_point(fitted_on.y_true, y_prob, model.labels, group, recall)
    st.markdown(f"**{point_sentence(point)}** Elsewhere the most probable of the other expressions.")
    scores = pd.concat([_scores(everything.select(*where), where, point, now) for where in _SHOWN])
    st.dataframe(words.group_scores(scores), hide_index=True, key="operating_table", alt="The group before and after")
    st.caption(
        f"Recall and precision of {' or '.join(group)} as one class; macro recall and accuracy are of all classes. "
        f"The threshold was fitted on the honest validation faces{whose} alone: test tells what it is worth. "
        f"Brackets hold 95 % intervals. {words.HONEST}"
    )
    _show_price(predictions, point, now)
    decisions.offer(model, Decision(now.temperature, point), Decision(now.temperature), now, "operating point")
    if model.trained:
        st.caption("With it Predict never calls a face unsure that reaches the threshold; the others it still does.")


def _ask(model: SavedModel, saved: OperatingPoint | None) -> tuple[tuple[str, ...], float]:
    """The group, in the order of the labels, and the recall that is asked for; at first those that are `saved`.

    With another model that has a point its own are shown; one without goes on with what was asked of the last.
    """
    labels = model.labels
    first = [next((label for label in _FIRST if label in labels), labels[0])]
    group, recall = (list(saved.group), round(100 * saved.recall)) if saved else (first, 70)
    turned = st.session_state.get("operating_of", model.id) != model.id
    st.session_state["operating_of"] = model.id
    asked = st.session_state.get("group")
    if (asked and not set(asked) & set(labels)) or (turned and saved):  # of a model of other classes, or its own
        st.session_state.update(group=group, asked=recall)
    pickers.into_address(group=group, asked=recall)
    left, right = st.columns(2)
    chosen = left.multiselect("Expressions not to miss", labels, key="group", bind="query-params")
    asked = right.slider("Recall asked for", 1, 99, format="%d %%", key="asked", bind="query-params")
    return tuple(label for label in labels if label in chosen), asked / 100


def _scores(predictions: Predictions, where: tuple[str, str], point: OperatingPoint, now: Decision) -> pd.DataFrame:
    answers = rules(point, now.probabilities(predictions.y_prob), predictions.labels)
    scores = group_scores(predictions.y_true, answers, predictions.labels, point.group)
    return scores.assign(faces=", ".join(where))


def _show_price(predictions: Predictions, point: OperatingPoint, now: Decision) -> None:
    y_true, labels = predictions.y_true, predictions.labels
    answers = rules(point, now.probabilities(predictions.y_prob), labels)
    price = who_pays(y_true, answers[MOST_PROBABLE], answers[CHOSEN], labels, point.group)
    st.markdown(f"**Who pays**, on the {st.session_state['split']} split, {st.session_state['part']}")
    charts.show(who_pays_bars(price, (MOST_PROBABLE, CHOSEN)), "who_pays", height=480)
    st.dataframe(words.who_pays(price), hide_index=True, key="who_pays_table", alt="Recall of each class")
    cells = matrix_frame(confusion(y_true, answers[CHOSEN], len(labels)), labels)
    with st.expander("Confusion matrix at the operating point"):
        charts.show(confusion_heatmap(cells, pickers.confusion_value(), "Confusion"), "operating_confusion", height=480)
