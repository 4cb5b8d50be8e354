"""The saved models kept in order: their cards, names and tags; files out and in."""

import re

import streamlit as st

from fer_core.evaluation.card import model_card
from fer_core.evaluation.leaderboard import default_model
from fer_core.evaluation.verification import verify
from fer_core.store import SavedModel, list_models
from fer_core.upkeep import read_default
from pages._ui import (
    cached,
    errors,
    frame,
    models_combine,
    models_export,
    models_import,
    models_manage,
    models_table,
    pickers,
    words,
)


def show_table(models: list[SavedModel]) -> None:
    """All models or those of the chosen tags; a click chooses the one below."""
    default, why = default_model(models, read_default())
    shown = models_table.with_tags(models)
    pickers.table_above(
        "model",
        [model.id for model in shown],
        models_table.table(shown, default.id if default else None),
        "saved",
        alt=f"{len(shown)} saved models, newest first",
    )
    st.caption(
        "Macro recall, the mean of the classes' recalls, on the honest part of test, with its 95 % interval. "
        f"{words.HONEST} :material/star: {why}"
    )
    for model in shown:
        if model.problem:
            st.warning(f"**{model.id}** is damaged: {words.literal(model.problem)}", icon=":material/broken_image:")


def show_check(models: list[SavedModel]) -> None:
    """The button that reads every byte of every model."""
    if st.button("Check all files", "check", icon=":material/fact_check:", help="Reads every byte, and scores again."):
        with st.spinner("Reading all files"):
            found = {model.id: verify(model) for model in models if model.answered or model.problem}
        for name, faults in found.items():
            if faults:
                errors.show(f"{name}: {'; '.join(faults)}")
        whole = [name for name, faults in found.items() if not faults]
        if whole:
            st.success(f"No fault found: {', '.join(whole)}.", icon=":material/check:")


def show_import(*, open: bool) -> None:
    with st.expander("Import a model", expanded=open, icon=":material/upload:"), errors.box():
        models_import.show()


def show_combine(models: list[SavedModel]) -> None:
    with st.expander("Combine models", icon=":material/join:"), errors.box():
        models_combine.show([model for model in models if model.trained])


def show_card(model: SavedModel) -> None:
    if not model.answered:
        told = "it has no card" if model.problem else "its card is made when it is trained"
        st.info(f"{model.id} is {model.status}: {told}.", icon=":material/info:")
        return
    card = model_card(model, cached.predictions(model))
    st.download_button(
        "Card as Markdown", card, f"{model.id}.md", "text/markdown", icon=":material/download:", on_click="ignore"
    )
    st.html("<style>[data-testid=stMarkdownContainer] table { display: block; overflow-x: auto }</style>")  # on a phone
    told, _, settings = re.sub(r"^#+", r"\g<0>##", card, flags=re.MULTILINE).partition("#### Settings\n")
    with st.container(border=True):  # and the page has its own headings above
        st.markdown(told)
        with st.expander("Settings"):  # of every training that went in: pages of them
            st.markdown(settings)


VIEWS = {"Card": show_card, "Export": models_export.show, "Manage": models_manage.show}

frame.start(__file__, "Models", "Keep saved models in order, read their cards, and carry them out and in.")
errors.say_kept("delete")
if turned := st.session_state.pop("turn_to_model", None):
    st.session_state["model"] = turned
if models := list_models():
    show_table(models)
    show_check(models)
    show_import(open=False)
    show_combine(models)
    model = pickers.any_model(models)
    with errors.box():
        pickers.views(VIEWS, model)
else:
    pickers.no_models()
    show_import(open=True)
