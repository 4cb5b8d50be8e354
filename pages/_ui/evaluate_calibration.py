"""Evaluate, view Calibration: whether the model is right as often as it says, before and after a temperature."""

import streamlit as st

from fer_core.evaluation.calibration import (
    CALIBRATED,
    NETWORK,
    calibration_scores,
    fit_temperature,
    reliability_frame,
    votes_distance,
    with_temperature,
)
from fer_core.evaluation.calibration_figures import reliability_diagram
from fer_core.evaluation.decision import recalibrated
from fer_core.evaluation.elsewhere import own
from fer_core.evaluation.predictions import Predictions
from fer_core.store import SavedModel
from pages._ui import cached, charts, decisions, errors, frame, words


def show(model: SavedModel, predictions: Predictions) -> None:
    """Diagram, scores and distance to the votes; the temperature can be saved for Predict."""
    fitted_on = cached.predictions(own(model)).select("validation", "honest")
    if not len(fitted_on) or not len(predictions):
        st.info("Calibration needs faces of the validation split, and of the chosen one.", icon=":material/info:")
        return
    temperature = fit_temperature(fitted_on)
    whose = " of the dataset that it was saved with" if model.elsewhere else ""
    st.markdown(
        f"**Temperature {temperature:.3f}**, fitted on the {len(fitted_on):,} honest validation faces{whose}: "
        f"{_meaning(temperature)} The network's scores are divided by it before they become probabilities, which draws "
        "these together above 1 and apart below; it never changes which expression is the most probable."
    )
    charts.show(_diagram(predictions, temperature), "reliability", height=560)
    scores = calibration_scores(predictions, temperature)
    st.dataframe(words.calibration(scores), hide_index=True, key="calibration_table", alt="Calibration of the model")
    st.caption(
        f"On the {st.session_state['split']} split, {st.session_state['part']}: n = {len(predictions):,} faces. The "
        "calibration error is the mean gap between confidence and accuracy over 15 bins (ECE). No model shows 0: a "
        "perfectly calibrated one shows as much as the next column says, in 95 % of cases. Negative log-likelihood: "
        "how little probability the model gives to the label, lower is better; the change is on the same faces. "
        "Points in the diagram and brackets have 95 % intervals."
    )
    if scores["change_low"].iloc[-1] <= 0 <= scores["change_high"].iloc[-1]:
        st.caption("The temperature makes no difference to the log-likelihood that these faces could show.")
    if st.session_state["split"] == "validation" and not model.elsewhere:
        st.warning("The temperature was fitted on these faces: the test split tells what it is worth.")
    _show_votes(model, predictions, temperature)
    now = decisions.saved(model)
    use, stop = (recalibrated(now, value, fitted_on) for value in (temperature, 1.0))
    decisions.offer(model, use, stop, now, "temperature")
    if now.point:
        st.caption("The threshold of the operating point is fitted anew when the temperature changes.")


def _meaning(temperature: float) -> str:
    if abs(temperature - 1) < 0.05:
        return "close to 1, so there the network's own probabilities are about right."
    return (
        "above 1: there the network is surer than it is right."
        if temperature > 1
        else "below 1: there it is less sure than it is right."
    )


def _diagram(predictions: Predictions, temperature: float):
    given = {NETWORK: predictions.y_prob, CALIBRATED: with_temperature(predictions.y_prob, temperature)}
    return reliability_diagram({name: reliability_frame(predictions.y_true, y_prob) for name, y_prob in given.items()})


def _show_votes(model: SavedModel, predictions: Predictions, temperature: float) -> None:
    if model.record["dataset"].get("drawn"):  # nobody annotated those
        return
    st.markdown(
        "**Distance to the annotators.** Ten people often differ about a face; does the model differ like them?"
    )
    dataset = None
    with errors.box():
        dataset = frame.dataset_of(model)
    if dataset is None or dataset.votes is None:
        source = model.record["dataset"]["source"]
        st.caption(
            f"It stands here where the dataset that this model was evaluated on, {words.code(source)}, is chosen in "
            "the sidebar and FER+'s `fer2013new.csv` lies beside it."
        )
        return
    distances = votes_distance(predictions, dataset.votes, temperature)
    st.dataframe(words.votes_distance(distances), hide_index=True, key="votes_table", alt="Distance to the annotators")
    st.caption(
        f"n = {distances['n'].iloc[0]:,} faces with a vote for one of the model's classes. The part of the votes that "
        "would have to go to another class (total variation), averaged over the faces, with its 95 % interval; "
        "the change is on the same faces. *Label* is the dataset's own, as if it were sure."
    )
