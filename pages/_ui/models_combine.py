"""Several saved models as one: three specialists, the mean of answers, or the mean of weights."""

from collections.abc import Sequence

import streamlit as st

from fer_core.store import SavedModel
from fer_core.training.combine import HOW, STAGES, combine_apart
from pages._ui import frame, models_manage, pickers

WORDS = {
    "ensemble": "The mean of the answers of models with the same classes. It takes as long as all of them.",
    "soup": "The mean of the weights of models that were tuned from one start. It takes as long as one of them.",
    "two_stage": "Three specialists as one model of six classes: how likely the negative or the positive side is, "
    "times how likely the class is on that side.",
}
"""What becomes of them, by `combine.HOW`."""


def show(models: Sequence[SavedModel]) -> None:
    if len(models) < 2:
        st.info("It takes two trained models or more: train another first.", icon=":material/info:")
        return
    how = pickers.choice("How", HOW, "combine_how")
    st.caption(WORDS[how])
    parts = ask_stages(models) if how == "two_stage" else ask_alike(models)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = pickers.new_name("Name of the new model", "combine_name", f"{how} and a number")
        asked = st.button("Combine", "combine", icon=":material/join:", disabled=not parts)
    if asked:
        with st.spinner(f"Joining {len(parts)} networks and scoring them: half a minute or more"):
            made = combine_apart(how, parts, name, frame.chosen_source())
        pickers.name_taken("combine_name")
        models_manage.done(f"Combined as {made.id}.", made.id)


def ask_stages(models: Sequence[SavedModel]) -> list[str]:
    """A model of each of `STAGES`; none where there isn't one of each."""
    offered = {scheme: [model.id for model in models if model.record["scheme"] == scheme] for scheme in STAGES}
    if missing := [scheme for scheme, ids in offered.items() if not ids]:
        st.info(f"There is no model yet of {', '.join(missing)}: train one of each.", icon=":material/info:")
        return []
    with st.container(horizontal=True):
        return [st.selectbox(scheme, ids, key=f"combine_{scheme}", width=240) for scheme, ids in offered.items()]


def ask_alike(models: Sequence[SavedModel]) -> list[str]:
    """Two models or more with the classes and the dataset of the first; none while there are fewer."""
    chosen = st.session_state.get("combine_models") or []
    first = next((model for model in models if model.id in chosen[:1]), None)
    offered = [model.id for model in models if first is None or pickers.comparable(model) == pickers.comparable(first)]
    told = "Two or more of the same classes and dataset"
    parts = st.multiselect("Models", offered, key="combine_models", placeholder=told)
    return parts if len(parts) > 1 else []
