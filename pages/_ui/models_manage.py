"""One saved model renamed, tagged, made the default, deleted."""

import streamlit as st

from fer_core import upkeep
from fer_core.errors import ModelError
from fer_core.store import SavedModel, list_models
from pages._ui import errors, frame, words


def show(model: SavedModel) -> None:
    if model.problem:
        told = f"It is damaged: {words.literal(model.problem)}. It can be renamed or deleted."
        st.warning(told, icon=":material/broken_image:")
    if model.busy:
        st.info("A run is at work on it: stop it on the page Train, then it can be changed.", icon=":material/info:")
    show_name(model)
    if not model.problem:
        show_tags(model)
    if model.trained:
        show_default(model)
    if st.button("Delete", f"delete-{model.id}", icon=":material/delete:", disabled=model.busy):
        confirm_delete(model)


def show_name(model: SavedModel) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", model.id, key=f"name-{model.id}", max_chars=64, width=320, disabled=model.busy)
        asked = st.button("Rename", f"rename-{model.id}", icon=":material/edit:", disabled=model.busy)
    if asked:
        with errors.box():
            renamed = upkeep.rename(model, name.strip())
            done(f"{model.id} is called {renamed.id} now.", renamed.id)


def show_tags(model: SavedModel) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tags = st.multiselect(
            "Tags of this model",
            list(model.tags),
            list(model.tags),
            key=f"tags-{model.id}",
            accept_new_options=True,
            placeholder="Type a tag",
            width=320,
            disabled=model.busy,
        )
        asked = st.button("Save tags", f"tag-{model.id}", icon=":material/sell:", disabled=model.busy)
    if asked:
        with errors.box():
            upkeep.set_tags(model, tags)
            done(f"Saved the tags of {model.id}.", model.id)


def show_default(model: SavedModel) -> None:
    if upkeep.read_default() == model.id:
        if st.button("Let Predict choose again", f"clear-{model.id}", icon=":material/star_half:"):
            upkeep.clear_default()
            done("Predict opens the best six-class model again.", model.id)
    elif st.button("Make it the default of Predict", f"default-{model.id}", icon=":material/star:"):
        upkeep.set_default(model)
        done(f"Predict opens {model.id} first.", model.id)


@st.dialog("Delete this model?", icon=":material/delete:")
def confirm_delete(model: SavedModel) -> None:
    st.markdown(f"**{model.id}** and all its files will be gone.")
    if upkeep.in_git(model):
        st.info(
            f"It is committed: `git restore {model.folder.parent.name}/{model.id}` brings it back.",
            icon=":material/history:",
        )
    with st.container(horizontal=True):
        deleted = st.button(
            "Delete it",
            f"yes-{model.id}",
            type="primary",
            icon=":material/delete:",
            on_click=_delete,
            args=(model,),
        )
        if st.button("Keep it", f"no-{model.id}") or deleted:
            st.rerun()


def _delete(model: SavedModel) -> None:
    try:
        upkeep.delete(model)
    except ModelError as error:
        errors.keep("delete", error)
    else:
        frame.tell_next(f"Deleted {model.id}.")
        st.session_state["turn_to_model"] = next((other.id for other in list_models()), None)


def done(message: str, model_id: str) -> None:
    """Run the page again, which says `message` and turns to that model."""
    frame.tell_next(message)
    st.session_state["turn_to_model"] = model_id
    st.rerun()
