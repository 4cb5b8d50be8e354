"""Evaluate: whose labels a model is scored against, the dataset's own or those of a version of it."""

import streamlit as st

from fer_core.data.versions import Version, versions_of
from fer_core.evaluation.predictions import Predictions
from fer_core.store import SavedModel
from pages._ui import cached, faces, pickers
from pages._ui.audit_edit import OWN


def ask(model: SavedModel) -> None:
    """The choice, where a version changes faces that `model` is scored on; says what a version does."""
    names = [OWN, *(version.name for version in _versions(model))]
    pickers.say_gone_of("labels", names)
    if len(names) == 1:
        return
    name = st.selectbox("Labels", names, key="labels", bind="query-params", on_change=faces.first_page, width=320)
    if name != OWN:
        before, after = cached.predictions(model), scored(model)
        labels = before.frame.set_index("row")["label"][after.frame["row"]].to_numpy()
        st.info(
            f"Scored against the labels of version **{name}**, not the dataset's own: of {len(before):,} faces "
            f"{int((labels != after.y_true).sum()):,} have another label, {len(before) - len(after):,} are left out. "
            "What is fitted for Predict stays fitted on the dataset's own labels.",
            icon=":material/label:",
        )


def scored(model: SavedModel) -> Predictions:
    """All predictions of `model`, beside the labels that were chosen."""
    chosen = st.session_state.get("labels", OWN)
    version = next((version for version in _versions(model) if version.name == chosen), None)
    return cached.predictions(model) if version is None else cached.relabelled(model, version)


def _versions(model: SavedModel) -> list[Version]:
    """Versions of the dataset that `model` is scored on, which needn't be loaded, if they change one of its faces."""
    rows = cached.predictions(model).frame["row"].to_numpy()
    return [version for version in versions_of(model.record["dataset"]["fingerprint"]) if version.touches(rows)]
