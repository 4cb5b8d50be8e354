"""What stands around every page: the deep-link guard, the title, what the dataset has to say."""

import streamlit as st

from fer_core.data import NAMED, FaceDataset, default_source
from fer_core.data.class_names import ClassNamesError, read_names
from fer_core.errors import DatasetError, FerError
from fer_core.paths import existing
from fer_core.store import SavedModel
from pages._ui import cached, class_names, words


def start(file: str, title: str, purpose: str) -> None:
    """First line of each page: `start(__file__, "Explore", "What the faces look like.")`."""
    _guard(file)
    if st.session_state.get("page_shown", file) != file:
        st.session_state.pop("faces_page", None)  # of a list on another page
    st.session_state["page_shown"] = file
    if message := st.session_state.pop("told_next", None):
        st.toast(message, icon=":material/check:", duration="long")
    st.title(title, anchor=False)
    st.markdown(f":gray[{purpose}]")


def tell_next(message: str) -> None:
    """Say that something is done when the page runs next; in a corner, seen from wherever its reader is."""
    st.session_state["told_next"] = message


def dataset() -> FaceDataset:
    """The dataset chosen in the sidebar; says on the page if its faces are drawn, and what reading it noted."""
    source = chosen_source()
    path = existing(source)
    try:
        chosen = cached.dataset(source)
    except ClassNamesError:  # a question, which `errors.box` asks
        raise
    except DatasetError:
        if path and (mapped := read_names(path)):  # by which all may be left out
            class_names.offer(path, mapped)
        raise
    if chosen.drawn:
        st.info(
            "These faces are **drawn by a program**. They show how everything works; no score on them says "
            "anything about photographs. Choose another dataset in the sidebar.",
            icon=":material/draw:",
        )
    show_notes(chosen)
    if path and (mapped := read_names(path)):
        class_names.offer(path, mapped)
    return chosen


def show_notes(dataset: FaceDataset) -> None:
    """What reading it noted."""
    for note in dataset.notes:
        st.caption(f"Note on the data: {words.literal(note)}")


def dataset_of(model: SavedModel) -> FaceDataset | None:
    """The dataset that `model` was evaluated on, if it is the chosen one; `ask_dataset_of` tells why it is None."""
    return _found(model)[0]


def _found(model: SavedModel) -> tuple[FaceDataset | None, str]:
    """`dataset_of` it, and why the chosen one can't be read."""
    try:
        chosen = cached.dataset(chosen_source())
    except ClassNamesError:  # a question, which `errors.box` asks
        raise
    except FerError as error:
        return None, str(error)
    return (chosen if chosen.fingerprint == model.record["dataset"]["fingerprint"] else None), ""


NEEDS_NONE = " All numbers here come from the saved predictions and need no dataset."


def ask_dataset_of(model: SavedModel, rest: str = NEEDS_NONE) -> FaceDataset | None:
    """`dataset_of` it; where that is another, words that say how to choose it, and the `rest`."""
    found, problem = _found(model)
    if problem:
        st.warning(words.literal(problem), icon=":material/error:")
    if found is None:
        source = model.record["dataset"]["source"]
        how = "Type it" if source in NAMED else "Put it into the folder `data`, or type its path"
        st.info(
            f"To see the faces choose the dataset that this model was evaluated on: {words.code(source)}. {how} into "
            f"the box *Dataset* in the sidebar.{rest}",
            icon=":material/hide_image:",
        )
    return found


def chosen_source() -> str:
    """The source chosen in the sidebar."""
    return st.session_state["source"] or default_source()


def follow_deep_link() -> None:
    """Go where a deep link pointed that the guard had to turn away; called by the router after `st.navigation`."""
    if asked := st.session_state.pop("asked_for", None):
        page, parameters = asked
        st.switch_page(page, query_params=parameters)
    st.session_state["routed"] = True


def _guard(file: str) -> None:
    """Send a page that runs without the router through it.

    Until `st.navigation` has run once in a server, Streamlit takes `pages/` for a flat app of its own and opens a
    deep link without `streamlit_app.py`.
    """
    if not st.session_state.pop("routed", False):
        parameters = {key: st.query_params.get_all(key) for key in st.query_params}
        st.session_state["asked_for"] = file, parameters
        st.switch_page("streamlit_app.py", query_params=parameters)
