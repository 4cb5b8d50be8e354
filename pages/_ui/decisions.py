"""What the views Calibration and Operating point save for Predict, how it is taken back, and what is used there."""

import streamlit as st

from fer_core.errors import ModelError
from fer_core.evaluation.decision import PLAIN, Decision, calibrated, read_decision, save_decision
from fer_core.store import SavedModel
from pages._ui import cached, errors

_CALIBRATED = "calibrated"  # in the address and the session's state


def ask_calibrated(model: SavedModel) -> None:
    """Whether probabilities are to be calibrated; those of a model that a temperature was saved for are anyway."""
    st.toggle(
        "Calibrated probabilities",
        key=_CALIBRATED,
        bind="query-params",
        help="At a temperature fitted on validation faces, so that of answers given 70 % seven in ten are right. The "
        "most probable expression stays. Off: the network's own numbers, as they stand in its saved predictions. "
        "Evaluate tells more, and can save the temperature.",
    )
    if _has_temperature(model):
        st.caption(f"Those of {model.id} are in any case, by the temperature that was saved for it in Evaluate.")


def _has_temperature(model: SavedModel) -> bool:
    try:
        return read_decision(model).temperature != 1
    except ModelError:  # told where its answers are
        return False


def used(model: SavedModel) -> Decision:
    """What was saved for `model`, calibrated if the visitor asks for that; raises as `read_decision`."""
    decision = read_decision(model)
    return calibrated(decision, cached.predictions(model)) if st.session_state.get(_CALIBRATED) else decision


def saved(model: SavedModel) -> Decision:
    """What Predict uses for `model`; what it cannot use is told, and can be removed."""
    try:
        return read_decision(model)
    except ModelError as error:
        errors.show(str(error))
        if st.button("Remove it", icon=":material/delete:"):
            _save(model, PLAIN)
        return PLAIN


def offer(model: SavedModel, use: Decision, stop: Decision, now: Decision, what: str) -> None:
    """Two buttons: `use` from now on, and `stop` with it. `now` is what Predict uses, `what` the part in question."""
    if not model.trained:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Use this {what} in Predict", icon=":material/save:", type="primary", disabled=use == now):
            _save(model, use)
        if st.button("Stop using it", icon=":material/undo:", disabled=stop == now):
            _save(model, stop)
    used = (
        " ".join(now.sentences) or "The most probable expression is the answer, with the network's own probabilities."
    )
    st.caption(f"Predict now: {used}")


def _save(model: SavedModel, decision: Decision) -> None:
    with errors.box():
        save_decision(model, decision)
        st.rerun()
